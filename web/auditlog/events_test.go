package auditlog

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/eventstore"
	"helpdesk/projections/feed"
	"helpdesk/projections/view"
	"helpdesk/web/webtest"
)

func logged(position int64, data string) feed.LoggedEvent {
	name := "admin"
	return feed.LoggedEvent{
		Shown: eventstore.Shown{Recorded: eventstore.Recorded{Position: position, Type: "ticket.opened", StreamID: webtest.TicketID.UUID, Data: json.RawMessage(data), RecordedAt: webtest.Noon, OccurredAt: webtest.Noon}},
		Actor: view.Actor{Kind: domain.ActorUser, Username: &name},
	}
}

func TestTheLogIsReadFromItsEnd(t *testing.T) {
	t.Parallel()
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"there are no events": func(_ *testing.T, s *site) { s.Get("auditor", "/admin/audit/").Holds(200, "No results") },
		"the newest come first, and older ones follow": func(t *testing.T, s *site) {
			for at := int64(eventsPage + 3); at > 0; at-- {
				s.log = append(s.log, logged(at, `{"title":"<i>"}`))
			}
			s.log[0].Unreadable = errors.New("altered")
			a := s.Get("auditor", "/admin/audit/?type=ticket.opened")
			a.Holds(200, "{\n  &#34;title&#34;: &#34;&lt;i&gt;&#34;\n}", "cannot be read", `<option value="ticket.opened" selected>`, `<optgroup label="user">`, `rel="next"`)
			s.Get("auditor", a.Next()).Holds(200, "Newest")
			if diff := cmp.Diff(feed.EventQuery{Upto: 3, Types: []string{"ticket.opened"}, Last: true}, s.asked); diff != "" {
				t.Errorf("older events (-want +got):\n%s", diff)
			}
		},
	})
}

func TestTheLogOfOneThing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of   string
		want uuid.UUID
	}{
		"of everything": {"", uuid.Nil}, "a number with its sign": {"%237", webtest.TicketID.UUID}, "a number": {"7", webtest.TicketID.UUID},
		"a username": {"agent", webtest.Account("agent").ID.UUID}, "an id": {webtest.TicketID.String(), webtest.TicketID.UUID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.Get("admin", "/admin/audit/?of="+c.of).Holds(200)
			if s.asked.Stream != c.want || s.asked.Upto != 40 {
				t.Errorf("of %q is asked for as %+v", c.of, s.asked)
			}
		})
	}
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"somebody there is not": func(_ *testing.T, s *site) { s.Get("admin", "/admin/audit/?of=nemo").Holds(200, "No results") },
		"a ticket there is not": func(_ *testing.T, s *site) { s.Get("admin", "/admin/audit/?of=8").Holds(200, "No results") },
	})
}

func TestUnknownFiltersOfTheLogAreRefused(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"?type=ticket.sung", "?before=0", "?before=x", "?of=%00"} {
		t.Run(query, func(t *testing.T) { open(t).Get("admin", "/admin/audit/"+query).Holds(400) })
	}
}

func TestALongLogIsSievedInParts(t *testing.T) {
	t.Parallel()
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"by the types of events": func(t *testing.T, s *site) {
			s.head = 3*sievedMost + 7
			at := "/admin/audit/?type=ticket.opened"
			for i, after := range []int64{2*sievedMost + 7, sievedMost + 7, 7, 0} {
				a := s.Get("admin", at)
				if s.asked.After != after {
					t.Errorf("part %d is after %d, want %d", i, s.asked.After, after)
				}
				if after == 0 {
					a.Holds(200, "No results")
					break
				}
				a.Holds(200, "in this part of the log")
				at = a.Next()
			}
		},
		"but not a stream, which has an index": func(t *testing.T, s *site) {
			s.head = 3*sievedMost + 7
			s.Get("admin", "/admin/audit/?type=ticket.opened&of=7").Holds(200)
			if s.asked.After != 0 || s.asked.Stream != webtest.TicketID.UUID {
				t.Errorf("asked for as %+v", s.asked)
			}
		},
	})
}
