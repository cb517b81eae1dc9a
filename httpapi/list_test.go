package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain/ticket"
	"helpdesk/edge"
	"helpdesk/httpapi"
	"helpdesk/httpapi/wire"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

func TestAFilterSaysWhatTheReadSideIsAsked(t *testing.T) {
	at := time.Date(2026, 1, 1, 8, 0, 0, 500_000_000, time.UTC)
	cases := []struct {
		query string
		want  projections.TicketFilter
	}{
		{"", projections.TicketFilter{OrderBy: projections.ByCreated, Descending: true}},
		{"ordering=priority", projections.TicketFilter{OrderBy: projections.ByPriority}},
		{"ordering=-number&title=Prin%25", projections.TicketFilter{OrderBy: projections.ByNumber, Descending: true, Title: "Prin%"}},
		{"status=open,closed&status=escalated&priority=high", projections.TicketFilter{
			OrderBy: projections.ByCreated, Descending: true, Priorities: []ticket.Priority{ticket.High},
			Statuses: []ticket.Status{ticket.StatusOpen, ticket.StatusClosed, ticket.StatusEscalated},
		}},
		{"assigned_to=none&created_by=me", projections.TicketFilter{
			OrderBy: projections.ByCreated, Descending: true, Unassigned: true, CreatedBy: &adminID,
		}},
		{"assigned_to=agent&created_by=" + aliceID.String(), projections.TicketFilter{
			OrderBy: projections.ByCreated, Descending: true, AssignedTo: &agentID, CreatedBy: &aliceID,
		}},
		{"created_after=2026-01-01T08:00:00.5Z&updated_before=2026-01-01T10:00:00.5+02:00", projections.TicketFilter{
			OrderBy: projections.ByCreated, Descending: true, CreatedAfter: &at, UpdatedBefore: &at,
		}},
	}
	for _, c := range cases {
		d := newFakes()
		w := request{name: "admin", method: http.MethodGet, path: "/api/tickets/?" + c.query}.send(newAPI(t, d, nil))
		if w.Code != http.StatusOK {
			t.Fatalf("%s: status %d\n%s", c.query, w.Code, w.Body)
		}
		if diff := cmp.Diff(c.want, d.filter); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", c.query, diff)
		}
		if w.Body.String() != `{"next":null,"previous":null,"results":[]}`+"\n" {
			t.Errorf("%s: answered %s", c.query, w.Body)
		}
	}
}

func TestAPlainUserCannotTellAnUnknownNameFromOneWithoutTickets(t *testing.T) {
	d := newFakes()
	w := request{name: "alice", method: http.MethodGet, path: "/api/tickets/?assigned_to=ghost"}.send(newAPI(t, d, nil))
	if w.Code != http.StatusOK || d.filter.AssignedTo == nil {
		t.Errorf("status %d, filter %+v", w.Code, d.filter)
	}
}

func TestPagesLinkToTheirNeighbours(t *testing.T) {
	place := projections.Cursor{Key: "2026-01-31 12:00:00+00", ID: ticketID.UUID}
	d := newFakes()
	n := int64(12)
	d.slice = projections.Slice[view.Ticket]{Items: []view.Ticket{{Status: ticket.StatusOpen, Priority: ticket.Low}}, Next: &place, Count: &n}
	api := newAPI(t, d, nil)
	first := "/api/tickets?status=open&page_size=1&count=true"
	w := request{name: "admin", method: http.MethodGet, path: first}.send(api)
	got := decoded[httpapi.List[wire.Ticket]](t, w)
	if got.Next == nil || got.Previous != nil || got.Count == nil || *got.Count != 12 || d.page.Size != 1 || !d.page.Count {
		t.Fatalf("answered %s", w.Body)
	}
	if link := w.Header().Get("Link"); link != "<"+*got.Next+`>; rel="next"` {
		t.Errorf("Link %q", link)
	}
	const base = "/api/tickets/?" // whatever the request calls us
	if !strings.HasPrefix(*got.Next, base) {
		t.Fatalf("next %q", *got.Next)
	}
	public := newAPI(t, d, func(_ *Deps, c *httpapi.Config) {
		var err error
		if c.Front, err = edge.NewFront(edge.Config{PublicURL: "https://desk.example.org/it/"}); err != nil {
			t.Fatal(err)
		}
	})
	const where = "https://desk.example.org/it/api/tickets/?"
	if told := decoded[httpapi.List[wire.Ticket]](t, request{name: "admin", method: http.MethodGet, path: first}.send(public)); !strings.HasPrefix(*told.Next, where) {
		t.Errorf("next %q, want it at the configured address", *told.Next)
	}
	if w = (request{name: "admin", method: http.MethodGet, path: *got.Next}).send(api); w.Code != http.StatusOK {
		t.Fatalf("status %d\n%s", w.Code, w.Body)
	}
	if diff := cmp.Diff(&place, d.page.Cursor); diff != "" {
		t.Errorf("cursor (-want +got):\n%s", diff)
	}
	for name, r := range map[string]request{
		"another filter": {name: "admin", path: strings.Replace(*got.Next, "status=open", "status=closed", 1)},
		"another viewer": {name: "agent", path: *got.Next},
		"another list":   {name: "admin", path: strings.Replace(*got.Next, "/api/tickets/?", "/api/users/?", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			r.method = http.MethodGet
			if w := r.send(api); w.Code != http.StatusBadRequest {
				t.Errorf("status %d", w.Code)
			}
		})
	}
}

func TestLinksBeginWithThePublicAddress(t *testing.T) {
	d := newFakes()
	d.slice.Previous = &projections.Cursor{Key: "1", Back: true}
	api := newAPI(t, d, func(_ *Deps, c *httpapi.Config) { c.PublicURL = "https://desk.example/help/" })
	w := request{name: "admin", method: http.MethodGet, path: "/api/tickets/"}.send(api)
	got := decoded[httpapi.List[wire.Ticket]](t, w)
	if got.Previous == nil || !strings.HasPrefix(*got.Previous, "https://desk.example/help/api/tickets/?cursor=") {
		t.Errorf("answered %s", w.Body)
	}
	if !strings.HasSuffix(w.Header().Get("Link"), `>; rel="prev"`) {
		t.Errorf("Link %q", w.Header().Get("Link"))
	}
}

func TestASearchIsOrderedByRankUnlessAskedOtherwise(t *testing.T) {
	for query, want := range map[string]projections.TicketFilter{
		"q=red+hat":                 {Search: "red hat", OrderBy: projections.ByRank},
		"q=red&ordering=number":     {Search: "red", OrderBy: projections.ByNumber},
		"q=red&ordering=-priority":  {Search: "red", OrderBy: projections.ByPriority, Descending: true},
		"q=red&status=open&title=x": {Search: "red", Title: "x", Statuses: []ticket.Status{ticket.StatusOpen}, OrderBy: projections.ByRank},
		"q=":                        {OrderBy: projections.ByCreated, Descending: true},
	} {
		t.Run(query, func(t *testing.T) {
			d := newFakes()
			request{name: "alice", method: "GET", path: "/api/tickets/?" + query}.send(newAPI(t, d, nil))
			if diff := cmp.Diff(want, d.filter); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
