package history

import (
	"context"
	"time"

	"helpdesk/domain"
	"helpdesk/domain/mailbox"
	"helpdesk/projections"
)

// Mailbox returns a page of what happened to a mailbox, in the order of the log:
// [domain.ErrNotFound] when there is none of this id. Who may read it is for the caller to
// decide.
func (r *Reader) Mailbox(ctx context.Context, id mailbox.ID, p projections.Page) (projections.Slice[Entry], error) {
	events, err := r.log.Load(ctx, id.UUID)
	if err != nil {
		return projections.Slice[Entry]{}, err
	}
	if len(events) == 0 || events[0].StreamType != domain.MailboxStream {
		return projections.Slice[Entry]{}, domain.ErrNotFound
	}
	names, err := r.usernames(ctx, events)
	if err != nil {
		return projections.Slice[Entry]{}, err
	}
	t := newDescriber(domain.System(), names, nil)
	entries := make([]Entry, len(events))
	var s mailbox.State
	for i, e := range events {
		before := s
		s = mailbox.Evolve(before, e.Event)
		entry := t.entry(e)
		for _, add := range mailboxMembers {
			entry.Changes = add(before, s, entry.Changes)
		}
		entry.Summary = t.name(entry.Actor) + " " + didToMailbox(e.Event) + "."
		entries[i] = entry
	}
	return pageOfEntries(entries, p), nil
}

// didToMailbox returns what happened, without who did it.
func didToMailbox(e domain.Event) string {
	switch d := e.(type) {
	case mailbox.Added:
		return "added the mailbox " + d.Name
	case mailbox.Changed:
		return "changed the mailbox " + d.Name
	case mailbox.PasswordSet:
		return "set the password of the mailbox"
	case mailbox.Archived:
		return "archived the mailbox"
	case mailbox.Restored:
		return "took the mailbox into use again"
	}
	return "did " + e.EventType()
}

// mailboxMembers are the members of a mailbox that a history shows.
var mailboxMembers = []func(before, after mailbox.State, all []Change) []Change{
	mailboxMember("name", func(s mailbox.State) string { return s.Name }),
	mailboxMember("address", func(s mailbox.State) string { return s.Address }),
	mailboxMember("default_priority", func(s mailbox.State) string { return s.DefaultPriority }),
	mailboxMember("strangers", func(s mailbox.State) mailbox.Strangers { return s.Strangers }),
	mailboxMember("reopen_days", func(s mailbox.State) int { return s.ReopenDays }),
	func(before, after mailbox.State, all []Change) []Change {
		return changed(all, "import_before", instant(before.ImportBefore), instant(after.ImportBefore))
	},
	mailboxMember("acknowledge", func(s mailbox.State) bool { return !s.NoAcknowledgement }),
	func(before, after mailbox.State, all []Change) []Change {
		return changed(all, "imap", fetchedFrom(before), fetchedFrom(after))
	},
	mailboxMember("is_active", func(s mailbox.State) bool { return s.Active }),
}

// mailboxMember returns what adds the change of a member, if it is another.
func mailboxMember[V comparable](field string, of func(mailbox.State) V) func(before, after mailbox.State, all []Change) []Change {
	value := func(s mailbox.State) *V {
		if !s.Exists {
			return nil
		}
		return new(of(s))
	}
	return func(before, after mailbox.State, all []Change) []Change {
		return changed(all, field, value(before), value(after))
	}
}

// fetchedFrom returns where the messages of a mailbox are fetched from, as a history shows
// it; nil for nowhere.
func fetchedFrom(s mailbox.State) *string {
	if s.IMAP == (mailbox.IMAP{}) {
		return nil
	}
	return new(s.IMAP.URL + ", " + s.IMAP.After)
}

// instant returns an instant as a history shows it; nil for the zero Time.
func instant(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	return new(at.UTC().Format(time.RFC3339Nano))
}
