package history

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/email"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/projections"
)

// User returns a page of what happened to a user's account, and of how they came in
// and, of an auditor, what they read, in the order of the log: [domain.ErrNotFound]
// when there is no such user. Who may read it is for the caller to decide. Of
// somebody who was erased it says what happened and nothing of who they were.
//
// The account's own events are folded, all of them. Of the records of access,
// which may be a million, those of the page are read.
func (r *Reader) User(ctx context.Context, id user.ID, p projections.Page) (projections.Slice[Entry], error) {
	if err := projections.Fresh(ctx, projections.UserList); err != nil {
		return projections.Slice[Entry]{}, err
	}
	all, username, err := r.user(ctx, id)
	if err != nil {
		return projections.Slice[Entry]{}, err
	}
	which := eventstore.Selection{Stream: access.Stream(id), Upto: math.MaxInt64}
	if c := p.Cursor; c != nil {
		at, _ := strconv.ParseInt(c.Key, 10, 64) // we made it
		if which.Last = c.Back; c.Back {
			which.Upto = at - 1
		} else {
			which.After = at
		}
	}
	recorded, err := r.log.Select(ctx, which, p.Size+1)
	if err != nil {
		return projections.Slice[Entry]{}, err
	}
	events, err := r.log.Codec().Open(ctx, recorded...)
	if err != nil {
		return projections.Slice[Entry]{}, err
	}
	names, err := r.usernames(ctx, events)
	if err != nil {
		return projections.Slice[Entry]{}, err
	}
	account := len(all)
	all = append(all, describeAccess(newDescriber(domain.System(), names, nil), username, events)...)
	slices.SortFunc(all, func(a, b Entry) int { return cmp.Compare(a.Position, b.Position) })
	slice := pageOfEntries(all, p)
	if slice.Count != nil {
		records, err := r.log.Version(ctx, which.Stream)
		if err != nil {
			return projections.Slice[Entry]{}, err
		}
		*slice.Count = int64(account + records)
	}
	return slice, nil
}

// user returns what happened to a user's account, and their username.
func (r *Reader) user(ctx context.Context, id user.ID) (all []Entry, username string, err error) {
	events, err := r.log.Load(ctx, id.UUID)
	if err != nil {
		return nil, "", err
	}
	if len(events) == 0 || events[0].StreamType != domain.UserStream {
		return nil, "", domain.ErrNotFound
	}
	names, err := r.usernames(ctx, events)
	if err != nil {
		return nil, "", err
	}
	t := userDescriber{describer: newDescriber(domain.System(), names, nil)}
	all = t.describe(events)
	return all, t.user.Username, nil
}

// describeAccess turns the records of access of somebody into entries.
func describeAccess(t *describer, username string, events []eventstore.Envelope) []Entry {
	entries := make([]Entry, len(events))
	for i, e := range events {
		entry := t.entry(e)
		who := t.name(entry.Actor)
		switch d := e.Event.(type) {
		case access.SignedIn:
			entry.Summary = who + " signed in" + whence(d.Address, d.UserAgent)
		case access.SignInFailed:
			entry.Summary = "Somebody tried in vain to sign in as " + username + whence(d.Address, d.UserAgent)
		case access.TokenUsed:
			entry.Summary = who + " used their API token " + d.TokenID.String() + whence(d.Address, d.UserAgent)
		case access.RecordRead:
			what := d.Path
			if d.Query != "" {
				what += "?" + d.Query
			}
			entry.Summary = who + " read " + d.Method + " " + what + whence(d.Address, d.UserAgent)
		default:
			entry.Summary = who + " did " + e.Type + "."
		}
		entries[i] = entry
	}
	return entries
}

// whence ends a sentence with where a request came from.
func whence(address, userAgent string) string {
	if userAgent == "" {
		return " from " + address + "."
	}
	return " from " + address + " with " + userAgent + "."
}

// userDescriber turns the events of a user into entries.
type userDescriber struct {
	*describer
	user user.State
}

func (t *userDescriber) describe(events []eventstore.Envelope) []Entry {
	entries := make([]Entry, len(events))
	for i, e := range events {
		before := t.user
		t.user = user.Evolve(before, e.Event)
		t.positions[e.EventID] = e.Position
		entry := t.entry(e)
		entry.Changes = t.changes(before, t.user)
		entry.Summary = t.name(entry.Actor) + " " + t.did(entry.Actor.ID != nil && *entry.Actor.ID == e.StreamID, e.Event) + "."
		entries[i] = entry
	}
	t.addEffects(entries)
	return entries
}

// did returns what happened, without who did it; self is whether they did it to
// themselves.
func (t *userDescriber) did(self bool, e domain.Event) string {
	of := func(what string) string {
		if self {
			return "their " + what
		}
		return fmt.Sprintf("the %s of %s", what, t.user.Username)
	}
	whom := t.user.Username
	if self {
		whom = "themselves"
	}
	switch d := e.(type) {
	case user.Registered:
		if self {
			return "registered"
		}
		return fmt.Sprintf("registered %s as %s", t.user.Username, d.Role)
	case user.ProfileChanged:
		return "changed " + of("profile")
	case user.RoleChanged:
		return fmt.Sprintf("changed %s to %s", of("role"), d.Role)
	case user.PasswordChanged:
		return "changed " + of("password")
	case user.PasswordLinkMade:
		return "made a link that sets " + of("password")
	case user.FileRefused:
		return fmt.Sprintf("brought %s, in which malware was found (%s): it was not kept", d.Filename, d.Malware)
	case user.AddressBounced:
		return fmt.Sprintf("sends no emails to %s any more: one came back: %s", t.user.Username, email.Reported(d.Status, d.Diagnostic))
	case user.AddressCleared:
		return "had emails sent again to " + whom
	case user.Deactivated:
		return "deactivated " + whom
	case user.Reactivated:
		return "reactivated " + whom
	case user.NotificationsChanged:
		return "changed " + of("notifications")
	case user.Erased:
		return "erased this person"
	case user.TextsErased:
		return fmt.Sprintf("had %d places forget this person's texts", len(d.Streams))
	}
	return "did " + e.EventType()
}

// userMembers are the members of a user that a history shows, each with how it is
// compared.
var userMembers = []func(before, after user.State, all []Change) []Change{
	userMember("username", func(s user.State) string { return s.Username }),
	userMember("email", func(s user.State) string { return s.Email }),
	userMember("first_name", func(s user.State) string { return s.FirstName }),
	userMember("last_name", func(s user.State) string { return s.LastName }),
	userMember("role", func(s user.State) domain.Role { return s.Role }),
	userMember("is_active", func(s user.State) bool { return s.Active }),
	userMember("erased", func(s user.State) bool { return s.Erased }),
	userMember("notifications.escalated", func(s user.State) bool { return s.Notifications.Escalated }),
	userMember("notifications.assigned", func(s user.State) bool { return s.Notifications.Assigned }),
	userMember("notifications.commented", func(s user.State) bool { return s.Notifications.Commented }),
	userMember("notifications.resolved", func(s user.State) bool { return s.Notifications.Resolved }),
}

// userMember returns what adds the change of a member, if it is another.
func userMember[V comparable](field string, of func(user.State) V) func(before, after user.State, all []Change) []Change {
	value := func(s user.State) *V {
		if !s.Exists {
			return nil
		}
		return new(of(s))
	}
	return func(before, after user.State, all []Change) []Change {
		return changed(all, field, value(before), value(after))
	}
}

// changes returns the members of a user that are others after an event.
func (t *userDescriber) changes(before, after user.State) (all []Change) {
	for _, add := range userMembers {
		all = add(before, after, all)
	}
	return all
}
