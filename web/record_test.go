package web

import (
	"slices"
	"testing"

	"helpdesk/commands"
)

func TestAccessIsRecordedBeforeThePage(t *testing.T) {
	id := func(name string) string { return account(name).ID.String() }
	for name, c := range map[string]struct {
		as, path string
		fields   []string // of a form; nil: a page
		status   int
		want     string // "": nothing
	}{
		"an auditor looks":       {"auditor", ticketPage, nil, 200, id("auditor") + " access.record_read"},
		"others look":            {"admin", ticketPage, nil, 200, ""},
		"a sign-in":              {"", "/admin/sign-in/", []string{"username", "user", "password", "right"}, 303, id("user") + " access.signed_in"},
		"a wrong password":       {"", "/admin/sign-in/", []string{"username", "user", "password", "wrong"}, 401, id("user") + " access.sign_in_failed"},
		"a name that nobody has": {"", "/admin/sign-in/", []string{"username", "secret", "password", "x"}, 401, "nobody access.unknown_sign_in_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			call := func(d *desk) int {
				s := newSite(t, d)
				if c.fields == nil {
					return get(s, c.as, c.path).Code
				}
				return post(s, c.as, c.path, c.fields...).Code
			}
			d := newDesk()
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			if got := call(d); got != c.status || !slices.Equal(d.recorded, want) {
				t.Errorf("%d, recorded %q; want %d, %q", got, d.recorded, c.status, want)
			}
			d = newDesk()
			if d.deaf = commands.ErrBusy; c.want == "" {
				return
			}
			if got := call(d); got != 503 {
				t.Errorf("unrecorded: %d, want 503", got)
			}
		})
	}
}
