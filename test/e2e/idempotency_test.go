package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/test/program"
)

// firstAnswer is what a repeat has in common with the first answer.
func firstAnswer(a program.Answer) map[string]string {
	common := map[string]string{"status": http.StatusText(a.Status), "body": string(a.Body)}
	for _, name := range []string{"Content-Type", "Location", "ETag", "Event-Position"} {
		common[name] = a.Header.Get(name)
	}
	return common
}

func isReplay(a program.Answer) bool { return a.Header.Get("Idempotency-Replayed") == "true" }

// TestIdempotencyKeys repeats requests.
func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	amy := d.Join(t, "amy", "agent").WantsNoEmails(t)
	v := d.Admin.WantsNoEmails(t).Opens(t, "x")
	d.Admin.Assigns(t, v, "amy")
	started := d.Admin.Does(t, d.Admin.Opens(t, "y"), "start")
	taken := object{"username": "AMY", "email": "other@example.com", "password": program.Secret}
	for _, c := range []struct {
		name, method, path string
		body, other        object
		first              int
		header             []string
	}{
		{"opening", "POST", tickets, program.Opening("Once"), program.Opening("Twice"), 201, nil},
		{"commenting", "POST", comments, object{"ticket": v.ID, "text": "Once."}, object{"ticket": v.ID, "text": "Twice."}, 201, nil},
		{"changing", "PATCH", v.Path(), object{"title": "Once"}, object{"title": "Twice"}, 200, nil},
		{"a verb", "POST", v.Path("start"), object{}, object{"reason": "x"}, 200, nil},
		{"what a rule refuses", "POST", started.Path("reopen"), object{}, object{"reason": "x"}, 422, nil},
		{"a stale version", "PATCH", v.Path(), object{"title": "Never"}, object{"title": "Nor"}, 412, []string{"If-Match", `"1"`}},
		{"a name that is taken", "POST", "/api/register/", taken, taken.With(object{"username": "x"}), 409, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := append([]string{"Idempotency-Key", strings.ReplaceAll(c.name, " ", "-")}, c.header...)
			first := d.Admin.Must(t, c.first, c.method, c.path, c.body, header...)
			if isReplay(first) {
				t.Error("the first is a replay")
			}
			before := logHead(t, d)
			again := d.Admin.Sends(t, c.method, c.path, c.body, header...)
			if diff := cmp.Diff(firstAnswer(first), firstAnswer(again)); diff != "" || !isReplay(again) {
				t.Errorf("the repeat, a replay: %v (-first +repeat):\n%s", isReplay(again), diff)
			}
			if got := refused(t, d.Admin.Sends(t, c.method, c.path, c.other, header...), 422).Code; got != "idempotency_key_reused" {
				t.Errorf("another body: got %q", got)
			}
			if after := logHead(t, d); after != before+1 {
				t.Errorf("the repeats wrote %d events", after-before-1)
			}
			if c.first == 201 { // another caller's key is another key
				if isReplay(amy.Must(t, c.first, c.method, c.path, c.body, header...)) {
					t.Error("somebody else's answer was replayed")
				}
			}
		})
	}
	t.Run("what is not stored", func(t *testing.T) { unstored(t, d, v) })
}

// unstored repeats what was refused for reasons that pass: the key is free
// again, for another body too.
func unstored(t *testing.T, d *program.Helpdesk, v program.Ticket) {
	ann := d.Join(t, "ann", "user")
	key := []string{"Idempotency-Key", "key-2"}
	refused(t, ann.Sends(t, "POST", tickets, object{"title": "x"}, key...), 400)
	first := ann.Must(t, 201, "POST", tickets, program.Opening("After all"), key...)
	if isReplay(first) {
		t.Error("400 was stored")
	}
	mine := program.Read[program.Ticket](t, first)
	refused(t, ann.Sends(t, "POST", mine.Path("start"), object{}, key...), 403)
	refused(t, ann.Sends(t, "PATCH", v.Path(), object{"title": "x"}, key...), 404)
	d.Admin.Must(t, 200, "PATCH", "/api/users/ann/", object{"role": "agent"})
	ann = d.SignIn(t, "ann")
	ann.Must(t, 200, "POST", mine.Path("start"), object{"reason": "Another body."}, key...)
	// A sign-in begins a session of its own each time: its token is stored nowhere.
	for range 2 {
		if a := d.Client(t).Must(t, 200, "POST", "/api/login/", program.Credentials("ann"), key...); isReplay(a) || a.Header.Get("Set-Cookie") == "" {
			t.Errorf("a sign-in was replayed: %v", a.Header)
		}
	}
}
