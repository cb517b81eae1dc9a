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

// Writes are decided by the log: what was written since every projection is held can be
// written to, by any name.
func TestWritesNeedNoProjection(t *testing.T) {
	t.Parallel()
	h := program.Open(t)
	bob := h.Join(t, "bob", "user")
	before := bob.Opens(t, "Before")
	said := bob.Comments(t, before, "First.", false)
	h.Runs(t, "", "projections", "pause", "ticket_list", "comment_list", "user_list", "ticket_history", "ticket_words", "ticket_facts", "email_ledger")
	after := bob.Opens(t, "After")
	path := "/api/tickets/" + strconv.FormatInt(after.Number, 10) + "/"
	bob.Must(t, http.StatusOK, "PATCH", path, object{"priority": "high"})
	bob.Must(t, http.StatusOK, "PUT", path, program.Opening("After all").With(object{"priority": "low", "status": "open"}))
	a := bob.Must(t, http.StatusCreated, "POST", comments, object{"ticket": after.Number, "text": "By number."})
	late := program.Read[program.Comment](t, a)
	if got := program.Read[program.Comment](t, bob.Must(t, http.StatusOK, "PATCH", late.Path(), object{"text": "Edited."})); got.Text != "Edited." || got.ID != late.ID {
		t.Errorf("the comment is answered as %+v", got)
	}
	bob.Must(t, http.StatusOK, "PUT", said.Path(), object{"text": "First of all."})
	h.Admin.Must(t, http.StatusOK, "POST", late.Path()+"redact/", object{"reason": "a number"})
	bob.Must(t, http.StatusNoContent, "DELETE", late.Path(), nil)
	bob.Must(t, http.StatusNotFound, "PATCH", late.Path(), object{"text": "Gone."})
	bob.Must(t, http.StatusNotFound, "PATCH", "/api/tickets/4711/", object{"priority": "low"})
	h.Admin.Must(t, http.StatusOK, "POST", path+"resolve/", object{})

	h.Client(t).Must(t, http.StatusCreated, "POST", "/api/register/", program.Registration("zoe"))
	zoe := h.SignIn(t, "zoe")
	if hers := zoe.Opens(t, "Hers"); hers.CreatedBy.Username != "zoe" {
		t.Errorf("opened by %+v", hers.CreatedBy)
	}
	h.Runs(t, "", "projections", "resume", "ticket_list", "comment_list", "user_list", "ticket_history", "ticket_words", "ticket_facts", "email_ledger")
	if got := bob.Sees(t, after); got.Title != "After all" || got.Status != "resolved" || got.CommentCount != 0 {
		t.Errorf("after they are resumed: %+v", got)
	}
}
