package history

import (
	"slices"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
)

// brief reports whether there are events without their texts.
func brief(events []eventstore.Envelope) bool {
	return slices.ContainsFunc(events, func(e eventstore.Envelope) bool { return e.Brief })
}

// places returns where in the events of a ticket those are that gave texts last among the
// first n: and among all, for who reads only texts that stand now.
func places(viewer domain.Actor, events []eventstore.Envelope, n int, of ...ticket.Subject) []int {
	last := ticket.LastGiving(eventstore.Said(events[:n]), of...)
	if ticket.SeesWithdrawn(viewer) {
		return last
	}
	return append(last, ticket.LastGiving(eventstore.Said(events), of...)...)
}

// textsOn returns where in the events of a ticket the texts are that entries show: those
// that an event of them gave or took away, and what was before.
func textsOn(page []Entry, viewer domain.Actor, events []eventstore.Envelope) (all []int) {
	shown := make(map[int64]bool, len(page))
	for _, e := range page {
		shown[e.Position] = true
	}
	last := map[ticket.Subject]int{} // where the text was given that stands
	seen := map[ticket.Subject]bool{}
	for i, e := range events {
		of, gives := subjectsOf(e.Event)
		if shown[e.Position] {
			all = append(all, i)
		}
		for _, subject := range of {
			before, was := last[subject]
			if shown[e.Position] {
				seen[subject] = true
				if was {
					all = append(all, before)
				}
			}
			if gives {
				last[subject] = i
			}
		}
	}
	if !ticket.SeesWithdrawn(viewer) {
		for subject := range seen {
			if i, given := last[subject]; given {
				all = append(all, i)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// subjectsOf returns which texts an event gives, or takes away.
func subjectsOf(e domain.Event) (of []ticket.Subject, gives bool) {
	switch e := e.(type) {
	case ticket.Opened:
		return ticket.Texts(), true
	case ticket.CommentRemoved:
		return []ticket.Subject{{Field: ticket.FieldComment, CommentID: e.CommentID}}, false
	}
	if given, _, ok := ticket.Gives(e, ""); ok {
		return []ticket.Subject{given}, true
	}
	return nil, false
}

// inFull returns a page with its entries as they are among all.
func inFull(page projections.Slice[Entry], all []Entry) projections.Slice[Entry] {
	at := make(map[int64]int, len(all))
	for i, e := range all {
		at[e.Position] = i
	}
	for i, e := range page.Items {
		page.Items[i] = all[at[e.Position]]
	}
	return page
}

// entryBytes is about what an entry takes beside its texts.
const entryBytes = 400

// bytes returns about how long an entry is.
func (e Entry) bytes() int {
	size := entryBytes + len(e.Summary)
	for _, c := range e.Changes {
		size += textBytes(c.Before) + textBytes(c.After)
	}
	return size
}

func textBytes(value any) int {
	text, _ := value.(string)
	return len(text)
}
