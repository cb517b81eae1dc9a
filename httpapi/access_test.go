package httpapi_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/commands"
)

func TestAccessIsRecordedBeforeTheAnswer(t *testing.T) {
	const from = "192.0.2.1 UserAgent:lynx"
	for name, c := range map[string]struct {
		request
		status int
		want   string // "": nothing
	}{
		"a sign-in":                         {request{"", "POST", "/api/login/", `{"username":"alice","password":"right"}`, nil}, 200, "alice: alice: access.signed_in {Address:" + from + "}"},
		"a wrong password":                  {request{"", "POST", "/api/login/", `{"username":"alice","password":"wrong"}`, nil}, 401, "alice: nobody: access.sign_in_failed {Address:" + from + "}"},
		"a name that nobody has":            {request{"", "POST", "/api/login/", `{"username":"my-password","password":"wrong"}`, nil}, 401, "nobody: nobody: access.unknown_sign_in_failed {Network:192.0.2.0/24}"},
		"somebody else's session beside it": {request{"admin", "POST", "/api/login/", `{"username":"alice","password":"wrong"}`, nil}, 401, "alice: nobody: access.sign_in_failed {Address:" + from + "}"},
		"an auditor reads": {request{"audit", "GET", "/api/tickets/7/?", "", nil}, 200,
			"audit: audit: access.record_read {Method:GET Path:/api/tickets/7 Query: Address:" + from + "}"},
		"an auditor filters": {request{"audit", "HEAD", "/api/tickets/?status=open", "", nil}, 200,
			"audit: audit: access.record_read {Method:HEAD Path:/api/tickets Query:status=open Address:" + from + "}"},
		"an auditor looks for what is not": {request{"audit", "GET", "/api/tickets/8/", "", nil}, 404,
			"audit: audit: access.record_read {Method:GET Path:/api/tickets/8 Query: Address:" + from + "}"},
		"an auditor asks what cannot be":     {request{"audit", "GET", "/api/tickets/?nonsense=1", "", nil}, 400, ""},
		"an auditor's try to write":          {request{"audit", "DELETE", "/api/tickets/7/", "", nil}, 403, ""},
		"others read":                        {request{"admin", "GET", "/api/tickets/7/", "", nil}, 200, ""},
		"nobody in particular reads":         {request{"", "GET", "/api/tickets/7/", "", nil}, 401, ""},
		"a registration that is not allowed": {request{"", "POST", "/api/register/", `{}`, nil}, 400, ""},
		"an admin's token": {request{"", "GET", "/api/tickets/7/", "", []string{"Authorization: Bearer hd_admin"}}, 200,
			"admin: admin: access.token_used {TokenID:" + tokenID(1).String() + " Address:" + from + "}"},
		"an admin's token where it may not": {request{"", "POST", "/api/logout/", "", []string{"Authorization: Bearer hd_admin"}}, 403,
			"admin: admin: access.token_used {TokenID:" + tokenID(1).String() + " Address:" + from + "}"},
		"another's token": {request{"", "GET", "/api/tickets/7/", "", []string{"Authorization: Bearer hd_alice"}}, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			c.head = append(c.head, "User-Agent: lynx")
			d := newFakes()
			if w := c.send(newAPI(t, d, nil)); w.Code != c.status {
				t.Errorf("got %d %s, want %d", w.Code, w.Body, c.status)
			}
			if diff := cmp.Diff(want, d.accesses); diff != "" {
				t.Errorf("recorded (-want +got):\n%s", diff)
			}
			if c.want == "" {
				return
			}
			d = newFakes() // which cannot record
			d.deaf = commands.ErrBusy
			w := c.send(newAPI(t, d, nil))
			if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("Set-Cookie") != "" || strings.Contains(w.Body.String(), "Printer") {
				t.Errorf("unrecorded: %d %v %s", w.Code, w.Header(), w.Body)
			}
			if strings.HasPrefix(c.want, "alice: alice") && cmp.Diff([]string{"new-alice"}, d.ended) != "" {
				t.Errorf("of a sign-in that is not recorded the session stays: ended %v", d.ended)
			}
		})
	}
}
