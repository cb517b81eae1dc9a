package httpapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/tickets"
	"helpdesk/httpapi/wire"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/projections/view"
)

// attic stands in for the past: ticket 7 was opened at eleven and retitled at
// half past, and nothing is known of what comes after noon.
type attic struct {
	moments []history.Moment // asked for
	filter  projections.TicketFilter
	page    projections.Page
	of      *ticket.Ref
}

var (
	eleven   = time.Date(2026, 1, 31, 11, 0, 0, 0, time.UTC)
	halfPast = eleven.Add(30 * time.Minute)
)

func (a *attic) at(ref ticket.Ref, m history.Moment) (history.PastTicket, error) {
	a.moments = append(a.moments, m)
	t := history.PastTicket{Ticket: view.Ticket{
		ID: ticketID.UUID, Number: 7, Title: "Printer", Priority: "low", Status: "open", CreatedAt: eleven, UpdatedAt: eleven, Version: 1,
	}, RecordedAt: eleven}
	switch {
	case m.Instant.After(noon):
		return t, history.ErrFuture
	case ref.Number != 7, m.Version == 0 && m.Instant.Before(eleven), m.Version > 2:
		return t, domain.ErrNotFound
	case m.Version == 2 || (m.Version == 0 && !m.Instant.Before(halfPast)):
		t.Title, t.Version, t.RecordedAt = "Copier", 2, halfPast
		t.Comments = []view.Comment{{ID: uuid.UUID{1}, Ticket: t.ID, TicketNumber: 7, Text: "Oh.", CreatedAt: halfPast}}
	}
	return t, nil
}

func (a *attic) Ticket(_ context.Context, _ domain.Actor, ref ticket.Ref, m history.Moment) (history.PastTicket, error) {
	return a.at(ref, m)
}

func (a *attic) Tickets(_ context.Context, _ domain.Actor, at time.Time, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	a.filter, a.page = f, p
	t, err := a.at(ticket.Ref{Number: 7}, history.Moment{Instant: at})
	page := projections.Slice[view.Ticket]{Items: []view.Ticket{t.Ticket}}
	if p.Cursor == nil {
		page.Next = &projections.Cursor{Key: "k"}
	}
	return page, err
}

func (a *attic) Comments(_ context.Context, _ domain.Actor, at time.Time, of *ticket.Ref, p projections.Page) (projections.Slice[view.Comment], error) {
	a.of = of
	t, err := a.at(ticket.Ref{Number: 7}, history.Moment{Instant: at})
	return projections.Slice[view.Comment]{Items: t.Comments}, err
}

func (a *attic) Diff(_ context.Context, _ domain.Actor, ref ticket.Ref, from, to history.Moment, _ *projections.Cursor) (history.Difference, error) {
	before, err := a.at(ref, from)
	if err != nil {
		return history.Difference{}, err
	}
	after, err := a.at(ref, to)
	return history.Difference{
		From:    history.VersionAt{Version: before.Version, RecordedAt: before.RecordedAt},
		To:      history.VersionAt{Version: after.Version, RecordedAt: after.RecordedAt},
		Changes: []history.Change{{Field: "title", Before: before.Title, After: after.Title}},
	}, err
}

func newPastAPI(t *testing.T) (*httpapi.API, *attic) {
	a := &attic{}
	return newAPI(t, newFakes(), func(d *Deps, _ *httpapi.Config) { d.Past = a }), a
}

func TestATicketOfThePast(t *testing.T) {
	t.Parallel()
	api, _ := newPastAPI(t)
	for query, want := range map[string]struct{ title, memento string }{
		"as_of=2026-01-31T11:00:00Z":      {"Printer", "Sat, 31 Jan 2026 11:00:00 GMT"},
		"as_of=2026-01-31T12:15:00+01:00": {"Printer", "Sat, 31 Jan 2026 11:15:00 GMT"},
		"as_of=2026-01-31T12:00:00Z":      {"Copier", "Sat, 31 Jan 2026 12:00:00 GMT"},
		"version=1":                       {"Printer", "Sat, 31 Jan 2026 11:00:00 GMT"},
		"version=2":                       {"Copier", "Sat, 31 Jan 2026 11:30:00 GMT"},
	} {
		t.Run(query, func(t *testing.T) {
			w := request{name: "alice", method: "GET", path: "/api/tickets/7/?" + query, head: []string{`If-None-Match: *`}}.send(api)
			got := decoded[wire.TicketWithComments](t, w)
			if w.Code != http.StatusOK || got.Title != want.title || len(got.Comments) != got.Version-1 {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if got := w.Header().Get("Memento-Datetime"); got != want.memento {
				t.Errorf("Memento-Datetime: got %q, want %q", got, want.memento)
			}
			if got, want := w.Header().Get("Link"), `</api/tickets/7/>; rel="original"`; got != want {
				t.Errorf("Link: got %q, want %q", got, want)
			}
			if got := w.Header().Get("ETag"); got != "" {
				t.Errorf("the past has ETag %s", got)
			}
		})
	}
}

func TestRefusalsOfThePast(t *testing.T) {
	t.Parallel()
	api, _ := newPastAPI(t)
	for path, want := range map[string]string{
		"/api/tickets/7/?version=0":                                              "?version minimum",
		"/api/tickets/7/?version=x":                                              "?version type",
		"/api/tickets/7/?as_of=yesterday":                                        "?as_of format",
		"/api/tickets/7/?as_of=2026-01-31T12:00:01Z":                             "?as_of future",
		"/api/tickets/7/?version=1&as_of=2026-01-31T11:00:00Z":                   "?version excluded",
		"/api/tickets/7/?version=3":                                              "not_found",
		"/api/tickets/7/?as_of=2026-01-31T10:59:59Z":                             "not_found",
		"/api/tickets/8/?version=1":                                              "not_found",
		"/api/tickets/x/?version=1":                                              "not_found",
		"/api/tickets/?as_of=2026-01-31T12:00:01Z":                               "?as_of future",
		"/api/tickets/?as_of=2026-01-31T12:00:00Z&q=printer":                     "?q excluded",
		"/api/comments/?as_of=2026-01-31T12:00:01Z":                              "?as_of future",
		"/api/comments/?as_of=2026-01-31T12:00:00Z&ticket=x":                     "?ticket format",
		"/api/tickets/7/diff/?from=1&to=3":                                       "not_found",
		"/api/tickets/7/diff/?from=1":                                            "?to required",
		"/api/tickets/7/diff/?from=0&to=1":                                       "?from format",
		"/api/tickets/7/diff/?from=1&to=soon":                                    "?to format",
		"/api/tickets/7/diff/?from=1&to=2026-01-31T12:00:00Z":                    "?to mixed",
		"/api/tickets/7/diff/?from=2026-01-31T12:00:00Z&to=1":                    "?to mixed",
		"/api/tickets/x/diff/?from=1&to=2":                                       "not_found",
		"/api/tickets/7/diff/?from=2026-01-31T11:00:00Z&to=2100-01-01T00:00:00Z": "?to future",
		"/api/tickets/7/diff/?from=2100-01-01T00:00:00Z&to=2026-01-31T11:00:00Z": "?from future",
	} {
		t.Run(path, func(t *testing.T) {
			w := request{name: "alice", method: "GET", path: path}.send(api)
			p := decoded[problem.Problem](t, w)
			got := strings.Join(faults(p), ", ")
			if got == "" {
				got = p.Code
			}
			if got != want {
				t.Errorf("got %d %s, want %s", w.Code, got, want)
			}
			if memento := w.Header().Get("Memento-Datetime"); memento != "" {
				t.Errorf("a refusal has Memento-Datetime %s", memento)
			}
		})
	}
}

func TestListsOfThePastKeepTheirFiltersAndPages(t *testing.T) {
	t.Parallel()
	api, past := newPastAPI(t)
	w := request{name: "alice", method: "GET", path: "/api/tickets/?as_of=2026-01-31T12:00:00Z&status=open&ordering=priority&page_size=3&count=true"}.send(api)
	got := decoded[httpapi.List[wire.Ticket]](t, w)
	if w.Code != http.StatusOK || len(got.Results) != 1 || got.Results[0].Title != "Copier" || got.Next == nil || !strings.Contains(*got.Next, "as_of=") {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	if past.filter.OrderBy != projections.ByPriority || len(past.filter.Statuses) != 1 || past.page.Size != 3 || !past.page.Count {
		t.Errorf("asked for %+v, %+v", past.filter, past.page)
	}
	if got, want := w.Header().Get("Memento-Datetime"), "Sat, 31 Jan 2026 12:00:00 GMT"; got != want {
		t.Errorf("Memento-Datetime: got %q, want %q", got, want)
	}
	links := strings.Join(w.Header().Values("Link"), "\n")
	if !strings.Contains(links, `rel="next"`) || !strings.Contains(links, `</api/tickets/?count=true&ordering=priority&page_size=3&status=open>; rel="original"`) {
		t.Errorf("links: %s", links)
	}
	address := *got.Next
	if w := (request{name: "alice", method: "GET", path: address}).send(api); w.Code != http.StatusOK || past.page.Cursor == nil || past.page.Cursor.Key != "k" {
		t.Errorf("the next page: got %d %s at %+v", w.Code, w.Body, past.page.Cursor)
	}
	of := strings.Replace(address, "as_of=2026-01-31T12%3A00%3A00Z", "as_of=2026-01-31T11%3A00%3A00Z", 1)
	if w := (request{name: "alice", method: "GET", path: of}).send(api); w.Code != http.StatusBadRequest {
		t.Errorf("a cursor of another instant: got %d", w.Code)
	}
	w = request{name: "alice", method: "GET", path: "/api/tickets/?as_of=2026-01-31T11:00:00Z", head: []string{"Accept: text/csv"}}.send(api)
	if w.Code != http.StatusOK || strings.Count(w.Body.String(), ",7,Printer,") != 2 || w.Header().Get("Memento-Datetime") == "" {
		t.Errorf("as CSV: got %d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestCommentsOfThePast(t *testing.T) {
	t.Parallel()
	api, past := newPastAPI(t)
	w := request{name: "alice", method: "GET", path: "/api/comments/?ticket=7&as_of=2026-01-31T11:45:00Z"}.send(api)
	if got := decoded[httpapi.List[wire.Comment]](t, w); len(got.Results) != 1 || past.of == nil || past.of.Number != 7 || w.Header().Get("Memento-Datetime") == "" {
		t.Errorf("comments of 7: got %d %s of %+v", w.Code, w.Body, past.of)
	}
	w = request{name: "alice", method: "GET", path: "/api/comments/?as_of=2026-01-31T11:45:00Z"}.send(api)
	if w.Code != http.StatusOK || past.of != nil {
		t.Errorf("all comments: got %d %s of %+v", w.Code, w.Body, past.of)
	}
}

func TestADiffNamesBothVersions(t *testing.T) {
	t.Parallel()
	api, _ := newPastAPI(t)
	want := tickets.TicketDiff{
		From: tickets.TicketVersion{Version: 1, RecordedAt: wire.At(eleven)}, To: tickets.TicketVersion{Version: 2, RecordedAt: wire.At(halfPast)},
		Changes: []wire.FieldChange{{Field: "title", Before: "Printer", After: "Copier"}},
	}
	for _, query := range []string{"from=1&to=2", "from=2026-01-31T11:00:00Z&to=2026-01-31T13:00:00+01:00", "from=2026-01-31T11:00:00Z&to=2026-01-31T13:00:00%2B01:00"} {
		w := request{name: "alice", method: "GET", path: "/api/tickets/7/diff/?" + query}.send(api)
		if diff := cmp.Diff(want, decoded[tickets.TicketDiff](t, w)); diff != "" {
			t.Errorf("%s: %d (-want +got):\n%s", query, w.Code, diff)
		}
	}
}

func (a *attic) TicketOf(context.Context, ticket.CommentID) (ticket.ID, error) { return ticketID, nil }

func (a *attic) Comment(context.Context, domain.Actor, ticket.CommentID) (view.Comment, error) {
	return view.Comment{}, domain.ErrNotFound
}
