package httpapi_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/wire"
)

// sorted puts a header's list in order.
func sorted(list string) string {
	parts := strings.Split(list, ", ")
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func TestAWriteAnswersWhatItWrote(t *testing.T) {
	d := newFakes()
	w := request{
		name: "alice", method: http.MethodPatch, path: "/api/tickets/7", body: `{"title":" Fire <now> "}`,
		head: []string{"X-Request-Id: r-1"},
	}.send(newAPI(t, d, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d\n%s", w.Code, w.Body)
	}
	want := map[string]string{
		"Etag": `"2"`, "Event-Position": "42", "X-Request-Id": "r-1", "Content-Type": "application/json",
		"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff", "Preference-Applied": "",
	}
	for name, value := range want {
		if got := w.Header().Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	got := decoded[map[string]any](t, w)
	if got["title"] != "Fire <now>" || got["created_at"] != "2026-01-31T12:00:00.120000Z" || got["assigned_to"] != nil {
		t.Errorf("answered %s", w.Body)
	}
	if d.requests[0].CorrelationID != "r-1" || d.requests[0].ID != uuid.Nil {
		t.Errorf("request %+v", d.requests[0])
	}
}

func TestAWriteAnswersTheWholeResource(t *testing.T) {
	cases := []struct {
		name, head, applied string
		change              func(*fakes)
	}{
		{"when nobody wants to wait", "Prefer: return=minimal, Respond-Async; wait=1", "respond-async", func(*fakes) {}},
		{"while the read side is behind", "Accept: */*", "", func(d *fakes) { d.fresh = errBehind }},
		{"while the read side fails", "Accept: */*", "", func(d *fakes) { d.readErr = errors.New("down") }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newFakes()
			c.change(d)
			w := request{
				name: "alice", method: http.MethodPost, path: "/api/tickets/",
				body: `{"title":"a","description":"b"}`, head: []string{c.head},
			}.send(newAPI(t, d, nil))
			got := decoded[wire.Ticket](t, w)
			want := wire.Ticket{
				ID: got.ID, Number: 8, Title: "a", Description: "b", Priority: ticket.Low, Status: ticket.StatusOpen,
				CreatedBy: wire.Person{ID: aliceID.UUID, Username: "alice"}, CreatedAt: wire.At(noon), UpdatedAt: wire.At(noon), Version: 1,
			}
			if diff := cmp.Diff(want, got); w.Code != http.StatusCreated || diff != "" {
				t.Errorf("status %d (-want +got):\n%s", w.Code, diff)
			}
			if w.Header().Get("Location") != "/api/tickets/"+got.ID.String()+"/" || w.Header().Get("ETag") != `"1"` || w.Header().Get("Event-Position") != "40" {
				t.Errorf("headers %v", w.Header())
			}
			if w.Header().Get("Preference-Applied") != c.applied {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

func TestAWriteIsASuccessWhereNamesCannotBeRead(t *testing.T) {
	d := newFakes()
	d.nameless = errors.New("down")
	w := request{name: "admin", method: http.MethodPost, path: "/api/tickets/7/close/"}.send(newAPI(t, d, nil))
	if got := decoded[wire.Ticket](t, w); w.Code != http.StatusOK || got.Status != ticket.StatusClosed || got.CreatedBy.ID != aliceID.UUID {
		t.Errorf("status %d %s", w.Code, w.Body)
	}
}

func TestIfMatch(t *testing.T) {
	cases := []struct {
		value    string
		status   int
		versions []int // tried
	}{
		{`"1"`, 200, []int{1}},
		{`*`, 200, []int{0}},
		{`"9"`, 412, []int{9}},
		{`"9", "1"`, 200, []int{9, 1}},
		{`W/"1"`, 200, []int{1}},
		{`W/"9"`, 412, []int{9}},
		{`"01"`, 412, []int{commands.NoVersion}},
		{`"a,b", "1"`, 200, []int{commands.NoVersion, 1}},
		{`"99999999999999999999"`, 412, []int{commands.NoVersion}},
		{`1`, 400, nil},
		{`"1`, 400, nil},
		{`"1" "2"`, 400, nil},
		{`*, "1"`, 400, nil},
		{strings.TrimSuffix(strings.Repeat(`"1",`, httpapi.MaxETags+1), ","), 400, nil},
	}
	for _, c := range cases {
		d := newFakes()
		w := request{
			name: "alice", method: http.MethodPost, path: "/api/tickets/7/close/", head: []string{"If-Match: " + c.value},
		}.send(newAPI(t, d, nil))
		var tried []int
		for _, r := range d.requests {
			tried = append(tried, r.IfMatch)
		}
		if diff := cmp.Diff(c.versions, tried); w.Code != c.status || diff != "" {
			t.Errorf("%s: status %d, want %d; versions (-want +got):\n%s", c.value, w.Code, c.status, diff)
		}
	}
}

func TestIfNoneMatch(t *testing.T) {
	for value, want := range map[string]int{`"1"`: 304, `W/"1"`: 304, `"0", "1"`: 304, `*`: 304, `"2"`: 200, `1`: 400} {
		t.Run(value, func(t *testing.T) {
			w := request{name: "alice", method: http.MethodGet, path: "/api/tickets/7/", head: []string{"If-None-Match: " + value}}.send(newAPI(t, newFakes(), nil))
			if w.Code != want {
				t.Errorf("status %d, want %d", w.Code, want)
			}
			if want == 304 && (w.Body.Len() > 0 || w.Header().Get("ETag") != `"1"`) {
				t.Errorf("ETag %q, body %q", w.Header().Get("ETag"), w.Body)
			}
		})
	}
}

func TestMinEventPosition(t *testing.T) {
	for value, want := range map[string]int{"5": 200, "0": 400, "-1": 400, "five": 400, "": 200} {
		t.Run(value, func(t *testing.T) {
			d := newFakes()
			w := request{name: "alice", method: http.MethodGet, path: "/api/tickets/7/", head: []string{"Min-Event-Position: " + value}}.send(newAPI(t, d, nil))
			if w.Code != want {
				t.Errorf("status %d, want %d", w.Code, want)
			}
			if value == "5" && (len(d.waited) == 0 || d.waited[0] != 5) {
				t.Errorf("waited for %v, want 5 first", d.waited)
			}
		})
	}
}

func TestACommandsIDComesFromCallerMethodPathAndKey(t *testing.T) {
	id := func(name, path, key string) uuid.UUID {
		d := newFakes()
		request{name: name, method: http.MethodPost, path: path, head: []string{"Idempotency-Key: " + key}}.send(newAPI(t, d, nil))
		return d.requests[0].ID
	}
	first := id("alice", "/api/tickets/7/close/", "k")
	if again := id("alice", "/api/tickets/7/close", "k"); again != first || first == uuid.Nil {
		t.Errorf("%s and %s for one call", first, again)
	}
	for _, other := range []uuid.UUID{
		id("admin", "/api/tickets/7/close/", "k"), id("alice", "/api/tickets/7/reopen/", "k"), id("alice", "/api/tickets/7/close/", "l"),
	} {
		if other == first {
			t.Errorf("one id for two calls: %s", other)
		}
	}
}

// Whether somebody exists may show to nobody who may not see people.
func TestNamingSomebodyTellsNoMoreThanItMay(t *testing.T) {
	cases := []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"alice", "PATCH", "/api/tickets/7/", `{"assigned_to":"ghost"}`, 403, "forbidden"},
		{"alice", "PATCH", "/api/tickets/7/", `{"assigned_to":"agent"}`, 403, "forbidden"},
		{"alice", "POST", "/api/tickets/", `{"title":"a","description":"b","created_by":"ghost"}`, 403, "forbidden"},
		{"alice", "POST", "/api/tickets/", `{"title":"a","description":"b","created_by":"agent"}`, 403, "forbidden"},
		{"agent", "PATCH", "/api/tickets/7/", `{"assigned_to":"ghost"}`, 404, "not_found"},
		{"agent", "POST", "/api/tickets/7/assign/", `{"assigned_to":"agent"}`, 404, "not_found"},
		{"agent", "POST", "/api/comments/", `{"ticket":7,"text":"x"}`, 422, "unknown_reference"},
		{"agent", "POST", "/api/comments/", `{"ticket":8,"text":"x"}`, 422, "unknown_reference"},
		{"admin", "PATCH", "/api/tickets/7/", `{"assigned_to":"ghost"}`, 422, "unknown_reference"},
		{"admin", "PATCH", "/api/tickets/8/", `{"assigned_to":"ghost"}`, 404, "not_found"},
		{"admin", "POST", "/api/tickets/7/assign/", `{"assigned_to":"alice"}`, 422, "assignee_not_active_staff"},
		{"admin", "POST", "/api/tickets/7/assign/", `{"assigned_to":"` + agentID.String() + `"}`, 200, ""},
		{"admin", "POST", "/api/tickets/7/assign/", `{"assigned_to":null}`, 200, ""},
		{"admin", "POST", "/api/tickets/", `{"title":"a","description":"b","created_by":"ghost"}`, 422, "unknown_reference"},
		{"admin", "POST", "/api/tickets/", `{"title":"a","description":"b","created_by":"alice"}`, 201, ""},
		{"alice", "POST", "/api/comments/", `{"ticket":7,"text":"x","internal":true}`, 403, "forbidden"},
	}
	for _, c := range cases {
		t.Run(c.method+" "+c.path+" "+c.body+" by "+c.name, func(t *testing.T) {
			w := request{name: c.name, method: c.method, path: c.path, body: c.body}.send(newAPI(t, newFakes(), nil))
			var got struct{ Code string }
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != c.status || got.Code != c.code {
				t.Errorf("%s %s %s by %s: status %d, want %d\n%s", c.method, c.path, c.body, c.name, w.Code, c.status, w.Body)
			}
		})
	}
}

func TestWhoGivesATicketOutOfSightStillSeesWhatTheyMadeOfIt(t *testing.T) {
	d := newFakes()
	api := newAPI(t, d, nil)
	request{name: "admin", method: "POST", path: "/api/tickets/7/assign/", body: `{"assigned_to":"agent"}`}.send(api)
	w := request{name: "agent", method: "POST", path: "/api/tickets/7/assign/", body: `{"assigned_to":null}`}.send(api)
	if got := decoded[wire.Ticket](t, w); w.Code != http.StatusOK || got.Version != 3 {
		t.Errorf("status %d\n%s", w.Code, w.Body)
	}
	if _, err := d.Ticket(t.Context(), domain.Actor{Kind: domain.ActorUser, ID: agentID, Role: domain.RoleAgent}, ticket.Ref{ID: ticketID}); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("the agent still sees it: %v", err)
	}
}

func TestOfACommentOnlyTheTextChanges(t *testing.T) {
	cases := []struct {
		name, method, body string
		status             int
		code               string
		events             int
	}{
		{"alice", "PUT", `{"text":"new"}`, 200, "", 1},
		{"alice", "PUT", `{"text":"new","ticket":7,"internal":false}`, 200, "", 1},
		{"alice", "PUT", `{}`, 400, problem.CodeInvalid, 0},
		{"alice", "PATCH", `{"text":"old"}`, 200, "", 0},
		{"alice", "PATCH", `{}`, 200, "", 0},
		{"alice", "PATCH", `{"text":"new","ticket":8}`, 422, "not_changeable", 0},
		{"alice", "PATCH", `{"text":"new","internal":true}`, 403, "forbidden", 0},
		{"admin", "PATCH", `{"text":"new","internal":true}`, 422, "not_changeable", 0},
		{"agent", "PATCH", `{}`, 403, "forbidden", 0},
		{"agent", "PATCH", `{"internal":true}`, 403, "forbidden", 0},
		{"agent", "DELETE", ``, 403, "forbidden", 0},
		{"alice", "DELETE", ``, 204, "", 1},
	}
	id := ticket.CommentID{UUID: uuid.New()}
	for _, c := range cases {
		t.Run(c.method+" "+c.body+" by "+c.name, func(t *testing.T) {
			d := newFakes()
			d.history = append(d.history, ticket.Assigned{AssignedTo: agentID},
				ticket.CommentAdded{CommentID: id, Author: aliceID, Text: "old", AddedAt: noon})
			before := len(d.history)
			w := request{name: c.name, method: c.method, path: "/api/comments/" + id.String() + "/", body: c.body}.send(newAPI(t, d, nil))
			if w.Code != c.status || len(d.history)-before != c.events {
				t.Errorf("%s %s by %s: status %d, want %d; %d events, want %d\n%s", c.method, c.body, c.name, w.Code, c.status, len(d.history)-before, c.events, w.Body)
			}
			if c.status >= 400 && decoded[problem.Problem](t, w).Code != c.code {
				t.Errorf("%s %s by %s: answered %s", c.method, c.body, c.name, w.Body)
			}
			if c.status < 300 && w.Header().Get("Event-Position") == "" {
				t.Errorf("%s %s by %s: no Event-Position", c.method, c.body, c.name)
			}
		})
	}
}

// A body that lacks a comment must not be kept under the ETag that has it.
func TestATicketsCommentsAreAsNewAsTheTicket(t *testing.T) {
	d := newFakes()
	w := request{name: "alice", method: "GET", path: "/api/tickets/7/"}.send(newAPI(t, d, nil))
	if diff := cmp.Diff([]int64{0, 40}, d.waited); w.Code != http.StatusOK || diff != "" {
		t.Errorf("status %d, waited for (-want +got):\n%s", w.Code, diff)
	}
}

func TestAReadThatWouldBeOldIsRefused(t *testing.T) {
	d := newFakes()
	d.fresh = errBehind
	if w := (request{name: "alice", method: "GET", path: "/api/tickets/7/"}).send(newAPI(t, d, nil)); w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", w.Code)
	}
}
