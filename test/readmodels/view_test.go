package readmodels

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/projections/view"
	"helpdesk/test/kit"
)

// TestWhatEventsShowIsWhatProjectionsShow has the answer of a write, which is made
// of events alone, be what is read afterwards.
func TestWhatEventsShowIsWhatProjectionsShow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	streams := map[uuid.UUID][]eventstore.Envelope{}
	for _, e := range w.log {
		streams[e.StreamID] = append(streams[e.StreamID], e)
	}
	for id, events := range streams {
		switch events[0].StreamType {
		case domain.TicketStream:
			w.checkViewsOfTicket(t, id, events)
		case domain.UserStream:
			want, err := w.User(kit.Context(t), user.ID{UUID: id})
			got, ok := view.UserOf(events)
			if diff := gocmp.Diff(want, got); diff != "" || err != nil || !ok {
				t.Errorf("user %s (-projected +of events): %v, %t\n%s", id, err, ok, diff)
			}
		}
	}
}

func (w world) checkViewsOfTicket(t *testing.T, id uuid.UUID, events []eventstore.Envelope) {
	t.Helper()
	names := view.Names{}
	for _, person := range view.PeopleIn(events) {
		names[person] = w.person(person).Username
	}
	for _, name := range []string{"rob", "zoe", "ann"} {
		viewer := everybody[name]
		got, ok := view.TicketOf(viewer, events, names)
		if !ok {
			t.Errorf("ticket %s, which was opened once, is not shown", id)
		}
		want, err := w.Ticket(kit.Context(t), viewer, ticket.Ref{ID: ticket.ID{UUID: id}})
		if err != nil { // not for this viewer
			continue
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("ticket %s for %s (-projected +of events):\n%s", id, name, diff)
		}
		comments, err := w.AllComments(kit.Context(t), viewer, ticket.ID{UUID: id})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range comments {
			got, ok := view.CommentOf(events, ticket.CommentID{UUID: want.ID}, names)
			if diff := gocmp.Diff(want, got); diff != "" || !ok {
				t.Errorf("comment %s (-projected +of events): %t\n%s", want.ID, ok, diff)
			}
		}
	}
}
