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
	d := newDesk()
	s := newSite(t, d)
	webtest.Holds(t, webtest.Get(s, "auditor", "/admin/audit/"), 200, "No results")
	for at := int64(eventsPage + 3); at > 0; at-- {
		d.log = append(d.log, logged(at, `{"title":"<i>"}`))
	}
	d.log[0].Unreadable = errors.New("altered")
	w := webtest.Get(s, "auditor", "/admin/audit/?type=ticket.opened")
	webtest.Holds(t, w, 200, "{\n  &#34;title&#34;: &#34;&lt;i&gt;&#34;\n}", "cannot be read", `<option value="ticket.opened" selected>`, `<optgroup label="user">`, `rel="next"`)
	webtest.Holds(t, webtest.Get(s, "auditor", webtest.Href(t, w.Body.String(), `rel="next" href="`)), 200, "Newest")
	if diff := cmp.Diff(feed.EventQuery{Upto: 3, Types: []string{"ticket.opened"}, Last: true}, d.asked); diff != "" {
		t.Errorf("older events (-want +got):\n%s", diff)
	}
	for of, want := range map[string]uuid.UUID{
		"": uuid.Nil, "%237": webtest.TicketID.UUID, "7": webtest.TicketID.UUID, "agent": webtest.Account("agent").ID.UUID, webtest.TicketID.String(): webtest.TicketID.UUID,
	} {
		webtest.Holds(t, webtest.Get(s, "admin", "/admin/audit/?of="+of), 200)
		if d.asked.Stream != want || d.asked.Upto != 40 {
			t.Errorf("of %q is asked for as %+v", of, d.asked)
		}
	}
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/audit/?of=nemo"), 200, "No results")
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/audit/?of=8"), 200, "No results")
	for _, query := range []string{"?type=ticket.sung", "?before=0", "?before=x", "?of=%00"} {
		webtest.Holds(t, webtest.Get(s, "admin", "/admin/audit/"+query), 400)
	}
}

func TestALongLogIsSievedInParts(t *testing.T) {
	t.Parallel()
	d := newDesk()
	d.head = 3*sievedMost + 7
	s := newSite(t, d)
	at := "/admin/audit/?type=ticket.opened"
	for i, after := range []int64{2*sievedMost + 7, sievedMost + 7, 7, 0} {
		w := webtest.Get(s, "admin", at)
		if d.asked.After != after {
			t.Errorf("part %d is after %d, want %d", i, d.asked.After, after)
		}
		if after == 0 {
			webtest.Holds(t, w, 200, "No results")
			break
		}
		webtest.Holds(t, w, 200, "in this part of the log")
		at = webtest.Href(t, w.Body.String(), `rel="next" href="`)
	}
	webtest.Get(s, "admin", "/admin/audit/?type=ticket.opened&of=7")
	if d.asked.After != 0 {
		t.Errorf("a stream, which has an index, is sieved after %d", d.asked.After)
	}
}
