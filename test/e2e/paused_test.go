package e2e

import (
	"net/http"
	"strconv"
	"testing"

	"helpdesk/test/program"
)

// What is not found in a projection that an operator holds may be newer than that: it
// is not known not to be there.
func TestWhatAPausedProjectionCannotKnow(t *testing.T) {
	t.Parallel()
	h := program.Open(t)
	root := h.Admin
	before := root.Opens(t, "Before")
	h.Runs(t, "", "projections", "pause", "ticket_list")
	after := root.Opens(t, "After")
	byNumber := func(method, verb string, body any) int {
		a, err := root.Do(t.Context(), method, "/api/tickets/"+strconv.FormatInt(after.Number, 10)+"/"+verb, body)
		if err != nil {
			t.Fatal(err)
		}
		return a.Status
	}
	if got := byNumber(http.MethodGet, "", nil); got != http.StatusServiceUnavailable {
		t.Errorf("a read answers %d, want 503", got)
	}
	if got := byNumber(http.MethodPost, "resolve/", program.Object{}); got != http.StatusServiceUnavailable {
		t.Errorf("a write by number answers %d, want 503", got)
	}
	if a := root.Sends(t, http.MethodGet, before.Path(), nil); a.Status != http.StatusOK || a.Header.Get("Projection-Position") == "" {
		t.Errorf("an older ticket: %d, Projection-Position %q", a.Status, a.Header.Get("Projection-Position"))
	}
	h.Runs(t, "", "projections", "pause", "comment_list")
	root.Comments(t, before, "Not shown yet.", false)
	if a := root.Sends(t, http.MethodGet, before.Path(), nil); a.Header.Get("ETag") != "" {
		t.Errorf("a ticket that lacks a comment has the ETag %s, under which a client would keep it", a.Header.Get("ETag"))
	}
	h.Runs(t, "", "projections", "resume", "comment_list")
	if a := root.Sends(t, http.MethodPatch, after.Path(), program.Object{"priority": "high"}); a.Status != http.StatusOK {
		t.Errorf("a write by id answers %d", a.Status)
	}
	h.Runs(t, "", "projections", "resume", "ticket_list")
	if got := byNumber(http.MethodGet, "", nil); got != http.StatusOK {
		t.Errorf("after it is resumed a read answers %d", got)
	}
}
