package web

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/commands"
)

func TestAccessIsOnRecord(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	post(s, "", "/admin/sign-in/", "username", "agent", "password", "right")
	post(s, "", "/admin/sign-in/", "username", "agent", "password", "wrong")
	post(s, "", "/admin/sign-in/", "username", "nemo", "password", "wrong")
	get(s, "auditor", "/admin/tickets/")
	get(s, "admin", "/admin/tickets/")
	get(s, "auditor", "/admin/sign-in/")
	want := []string{"access.signed_in agent", "access.sign_in_failed agent", "access.unknown_sign_in_failed ", "access.record_read auditor"}
	if diff := cmp.Diff(want, d.recorded); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d.recordErr = commands.ErrBusy
	holds(t, get(s, "auditor", "/admin/tickets/"), 503)
	w := post(s, "", "/admin/sign-in/", "username", "agent", "password", "right")
	holds(t, w, 503)
	if w.Header().Get("Set-Cookie") != "" || len(d.ended) != 1 {
		t.Errorf("a sign-in that is not on record: cookie %q, ended %v", w.Header().Get("Set-Cookie"), d.ended)
	}
}
