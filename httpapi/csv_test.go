package httpapi_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// shelf is a reader of many tickets, in pages.
type shelf struct {
	Reader
	tickets []view.Ticket
	asked   []projections.Page
	failAt  int // page that cannot be read, from 1
}

func (s *shelf) Tickets(_ context.Context, _ domain.Actor, _ projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	s.asked = append(s.asked, p)
	if len(s.asked) == s.failAt {
		return projections.Slice[view.Ticket]{}, errors.New("the database is gone")
	}
	from := 0
	if p.Cursor != nil {
		fmt.Sscan(p.Cursor.Key, &from)
	}
	upto := min(from+p.Size, len(s.tickets))
	out := projections.Slice[view.Ticket]{Items: s.tickets[from:upto]}
	if upto < len(s.tickets) {
		out.Next = &projections.Cursor{Key: fmt.Sprint(upto)}
	}
	return out, nil
}

func shelved(t *testing.T, s *shelf) *httpapi.API {
	return newAPI(t, newFakes(), func(deps *Deps, _ *httpapi.Config) { deps.Read = s })
}

func TestAnExportHoldsAllPages(t *testing.T) {
	s := &shelf{}
	for i := range 2*500 + 3 {
		s.tickets = append(s.tickets, view.Ticket{
			ID: uuid.UUID{15: 1}, Number: int64(i + 1), Title: `Say "ä", twice`, Description: "one\ntwo", Priority: ticket.Low, Status: ticket.StatusOpen,
			CreatedBy: view.Person{ID: aliceID.UUID, Username: "alice"}, AssignedTo: &view.Person{ID: agentID.UUID, Username: "agent"},
			CreatedAt: noon, UpdatedAt: noon, ResolvedAt: &noon, CommentCount: 3, Version: 4,
		})
	}
	w := request{name: "alice", method: "GET", path: "/api/tickets/?page_size=1&status=open", head: []string{"Accept: text/csv"}}.send(shelved(t, s))
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/csv; charset=utf-8; header=present" || !strings.Contains(w.Header().Get("Content-Disposition"), `"tickets-2026-01-31.csv"`) {
		t.Fatalf("status %d, headers %v", w.Code, w.Header())
	}
	lines, err := csv.NewReader(w.Body).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 1+len(s.tickets) || len(s.asked) != 3 {
		t.Errorf("%d lines of %d pages", len(lines), len(s.asked))
	}
	at := "2026-01-31T12:00:00.120000Z"
	want := [][]string{strings.Split("id,number,title,description,priority,status,created_by,assigned_to,created_at,updated_at,first_response_at,resolved_at,closed_at,escalated_at,comment_count,version", ","), {
		"00000000-0000-0000-0000-000000000001", "1", `Say "ä", twice`, "one\ntwo", "low", "open", "alice", "agent",
		at, at, "", at, "", "", "3", "4",
	}}
	if diff := cmp.Diff(want, lines[:2]); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// A spreadsheet takes a file for UTF-8 by its byte order mark, and what begins like a
// formula for one.
func TestAnExportIsFitForSpreadsheets(t *testing.T) {
	s := &shelf{tickets: []view.Ticket{{Number: 1, Title: "=HYPERLINK(A1)", CreatedBy: view.Person{ID: aliceID.UUID, Username: "-ada"}}}}
	for path, mark := range map[string]string{
		"/api/tickets/": "", "/api/tickets/?bom=true": "\ufeff", "/api/tickets/?bom=false": "",
		"/api/tickets/export/": "", "/api/tickets/export/?bom=true": "\ufeff",
	} {
		s.asked = nil
		w := request{name: "alice", method: "GET", path: path, head: []string{"Accept: text/csv"}}.send(shelved(t, s))
		if got := w.Body.String(); w.Code != 200 || !strings.HasPrefix(got, mark+"id,number,") || !strings.Contains(got, ",'=HYPERLINK(A1),") || !strings.Contains(got, ",'-ada,") {
			t.Errorf("%s: %d %q", path, w.Code, got)
		}
	}
}

// The export has an address of its own, at which a browser needs no header.
func TestAnExportHasAnAddress(t *testing.T) {
	get := request{name: "alice", method: "GET", path: "/api/tickets/export/?status=open", head: []string{"Accept: text/html,*/*;q=0.8"}}
	w := get.send(shelved(t, &shelf{tickets: make([]view.Ticket, 3)}))
	if w.Code != 200 || w.Header().Get("Content-Type") != httpapi.CSVType || strings.Count(w.Body.String(), "\r\n") != 4 {
		t.Errorf("%d %v %q", w.Code, w.Header(), w.Body)
	}
}

func TestAnExportThatFailsIsNotTakenForWhole(t *testing.T) {
	s := &shelf{tickets: make([]view.Ticket, 500+1), failAt: 1}
	get := request{name: "alice", method: "GET", path: "/api/tickets/", head: []string{"Accept: text/csv"}}
	if w := get.send(shelved(t, s)); w.Code != 500 || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("before the first line: %d %s", w.Code, w.Body)
	}
	s.asked, s.failAt = nil, 2
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("later: %v, want the connection broken off", got)
		}
	}()
	get.send(shelved(t, s))
}

func TestHEADOfAnExportHasNoBody(t *testing.T) {
	s := &shelf{tickets: make([]view.Ticket, 3)}
	w := request{name: "alice", method: "HEAD", path: "/api/tickets/", head: []string{"Accept: text/csv"}}.send(shelved(t, s))
	if w.Code != 200 || w.Body.Len() != 0 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestTheClientChoosesTheMediaType(t *testing.T) {
	for accept, want := range map[string]string{
		"": "application/json", "*/*": "application/json", "application/json": "application/json", "text/html, */*;q=0.8": "application/json",
		"text/csv": httpapi.CSVType, "TEXT/CSV": httpapi.CSVType, "text/*": httpapi.CSVType, "application/json;q=0.5, text/csv": httpapi.CSVType, "application/*;q=0.2,*/*": httpapi.CSVType,
		"text/csv;q=0.5, application/json": "application/json", "text/csv;q=0, */*": "application/json", "image/png": "application/json",
		"text/csv, application/json": "application/json", ";;;": "application/json",
	} {
		t.Run(accept, func(t *testing.T) {
			w := request{name: "alice", method: "GET", path: "/api/tickets/", head: []string{"Accept: " + accept}}.send(shelved(t, &shelf{}))
			if got := w.Header().Get("Content-Type"); got != want {
				t.Errorf("Accept %q: %s, want %s", accept, got, want)
			}
			if got := strings.Join(w.Header().Values("Vary"), ", "); got != "Cookie, Authorization, Accept" {
				t.Errorf("Vary: %s", got)
			}
		})
	}
}
