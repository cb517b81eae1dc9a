package history

import (
	"context"
	"slices"
	"strconv"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Diff returns what of a ticket is another at one moment than at another, which
// may be the earlier one: from the beginning, or after a cursor. It refuses like
// [Past.Ticket].
func (p *Past) Diff(ctx context.Context, viewer domain.Actor, ref ticket.Ref, from, to Moment, after *projections.Cursor) (Difference, error) {
	if err := projections.Fresh(ctx, projections.TicketList, projections.UserList); err != nil {
		return Difference{}, err
	}
	events, err := p.events(ctx, viewer, ref, from, to)
	if err != nil {
		return Difference{}, err
	}
	from, to = from.in(events, viewer), to.in(events, viewer)
	if _, was := standAt(viewer, events, from); !was {
		return Difference{}, domain.ErrNotFound
	}
	if _, is := standAt(viewer, events, to); !is {
		return Difference{}, domain.ErrNotFound
	}
	compared, next := compare(viewer, events, from.end(events), to.end(events), after)
	of := ticket.Texts()
	for _, c := range compared {
		of = append(of, ticket.Subject{Field: ticket.FieldComment, CommentID: c})
	}
	wanted := append(places(viewer, events, from.end(events), of...), places(viewer, events, to.end(events), of...)...)
	slices.Sort(wanted)
	whole, err := p.log.InFull(ctx, events, slices.Compact(wanted))
	if err != nil {
		return Difference{}, err
	}
	whole = view.Standing(viewer, whole)
	before, _ := standAt(viewer, whole, from)
	now, _ := standAt(viewer, whole, to)
	names, err := p.names(ctx, before, now)
	if err != nil {
		return Difference{}, err
	}
	d := Difference{
		From: VersionAt{before.VersionFor(viewer), before.recordedAt},
		To:   VersionAt{now.VersionFor(viewer), now.recordedAt},
		Next: next,
	}
	if after == nil {
		d.Changes = changedMembers(before.state, now.state, newDescriber(viewer, names, nil).person)
	}
	for _, c := range compared {
		d.Changes = changed(d.Changes, "comment", textOf(before.state, c), textOf(now.state, c))
	}
	return d, nil
}

// compare returns the comments that may be others at one moment of a ticket than at
// another, as many as a page has room for, in the order in which they were first written:
// those that were added, edited or removed between them. next leads to the others.
func compare(viewer domain.Actor, events []eventstore.Envelope, from, to int, after *projections.Cursor) (some []ticket.CommentID, next *projections.Cursor) {
	before, now := ticket.Fold(eventstore.Said(events[:from])), ticket.Fold(eventstore.Said(events[:to]))
	touched := map[ticket.CommentID]bool{}
	for _, e := range events[min(from, to):max(from, to)] {
		of, _ := subjectsOf(e.Event)
		for _, subject := range of {
			touched[subject.CommentID] = true
		}
	}
	begin := int64(0)
	if after != nil {
		begin, _ = strconv.ParseInt(after.Key, 10, 64) // we made it
	}
	var positions []int64
	for _, e := range events {
		d, ok := e.Event.(ticket.CommentAdded)
		if ok && e.Position > begin && touched[d.CommentID] && (!d.Internal || ticket.SeesInternal(viewer)) {
			some, positions = append(some, d.CommentID), append(positions, e.Position)
		}
	}
	room := projections.Room(len(some), func(i int) int {
		return entryBytes + len(before.Comments[some[i]].Text) + len(now.Comments[some[i]].Text)
	})
	if room < len(some) {
		next = &projections.Cursor{Key: strconv.FormatInt(positions[room-1], 10)}
	}
	return some[:room], next
}

// textOf returns the text of a comment, nil when it is not there.
func textOf(s ticket.State, id ticket.CommentID) *string {
	if c, ok := s.Comments[id]; ok {
		return &c.Text
	}
	return nil
}
