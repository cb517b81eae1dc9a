package walk

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"helpdesk/test/contract"
	"helpdesk/test/program"
)

// unseen is documented answers that nothing here produces, by status or by
// operation and status, each with its reason.
var unseen = map[string]string{
	"429":                  "the limits are off while others are tested; where they are tested, answers are held against the document too",
	"500":                  "it would be a bug; httpapi provokes one behind a fake",
	"readiness 503":        "the database would have to be away: test/fault",
	"deleteComment 422":    "a user's fifteen minutes would have to pass; the rules are tested with a clock of their own",
	"deleteAttachment 422": "as for comments",
	"closeTicket 422":      "every status can be closed; what is left is a key used for another body",
	"redactTicket 422":     "only a key used for another body",
	"redactComment 422":    "only a key used for another body",
	"revokeToken 422":      "only a key used for another body, and there is none to differ",
	"pauseProjection 422":  "as above",
	"resumeProjection 422": "as above",
	"patchMe 422":          "only a key used for another body",
	"patchMailbox 422":     "only a key used for another body",

	"reprocessInboundMessage 422": "only a key used for another body",
}

// unseenUnsafe is the same for calls that change something.
var unseenUnsafe = map[int]string{
	http.StatusServiceUnavailable: "the service would have to be busy, or away from its database: test/fault",
	http.StatusConflict:           "the first request with the key would have to be still under way",
}

// TestEveryDocumentedAnswerIsGiven makes every call give every answer that the
// document lists. A new call is covered by its example, if it has one; what that
// does not reach is for recipes to say, or for unseen.
func TestEveryDocumentedAnswerIsGiven(t *testing.T) {
	t.Parallel()
	d := open(t)
	used := map[string]bool{}
	for _, op := range d.Operations {
		for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
			name := fmt.Sprint(op.ID, " ", status)
			used[name] = true
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				if op.Endless() && (status < 300 || status == http.StatusTooManyRequests || status >= 500) {
					t.Skip("the usual call would not end")
				}
				a := d.provoke(t, op, status)
				if a.Status == status {
					return
				}
				reason := unseen[name] + unseen[fmt.Sprint(status)]
				if op.Method != http.MethodGet {
					reason += unseenUnsafe[status]
				}
				if reason == "" {
					t.Errorf("got %d %s", a.Status, a.Body)
				}
			})
		}
	}
	for name := range unseen {
		if strings.Contains(name, " ") && !used[name] {
			t.Errorf("%s is not in the document: take it off the list", name)
		}
	}
}

// call is a request that should get a certain answer.
type call struct {
	as     *program.Person
	path   string
	body   any
	header []string
}

// recipe makes a call that gets an answer which the usual call of the status
// does not get.
type recipe func(t *testing.T, d *api, op *contract.Operation) call

// provoke makes the call that should get the status.
func (d *api) provoke(t *testing.T, op *contract.Operation, status int) program.Answer {
	t.Helper()
	var c call
	if make, ok := recipes[fmt.Sprint(op.ID, " ", status)]; ok {
		c = make(t, d, op)
	} else {
		c = d.usual(t, op, status)
	}
	a, err := c.as.With(t).Do(t.Context(), op.Method, c.path, c.body, c.header...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// usual is the call that gets the status from most operations.
func (d *api) usual(t *testing.T, op *contract.Operation, status int) call {
	t.Helper()
	c := d.success(t, op)
	switch status {
	case http.StatusNotModified:
		c.header = []string{"If-None-Match", "*"}
	case http.StatusBadRequest:
		c.path += "?nonsense=1"
	case http.StatusUnauthorized:
		c.as = &program.Person{Client: d.Client(t)}
	case http.StatusForbidden:
		c.header = []string{"Origin", "https://evil.example"}
	case http.StatusNotFound:
		before, rest, _ := strings.Cut(op.Path, "{")
		_, after, _ := strings.Cut(rest, "}")
		c.path = before + uuid.NewString() + after
	case http.StatusConflict, http.StatusUnprocessableEntity:
		c.header = append(c.header, "Idempotency-Key", uuid.NewString())
		first, err := c.as.With(t).Do(t.Context(), op.Method, c.path, c.body, c.header...)
		if err != nil || first.Status > 299 {
			t.Fatalf("the first with the key: %v, %d %s", err, first.Status, first.Body)
		}
		if status == http.StatusUnprocessableEntity {
			c.body = d.success(t, op).body
		}
	case http.StatusPreconditionFailed:
		c.header = []string{"If-Match", `"999999"`}
	case http.StatusRequestEntityTooLarge:
		c.body = strings.Repeat(" ", 1<<20+1)
	case http.StatusUnsupportedMediaType:
		c.body, c.header = "x", []string{"Content-Type", "text/plain"}
	case http.StatusServiceUnavailable:
		if op.Method == http.MethodGet {
			c.header = []string{"Min-Event-Position", "999999999"}
		}
	}
	return c
}

// success is the call that an operation should carry out.
func (d *api) success(t *testing.T, op *contract.Operation) call {
	t.Helper()
	if make, ok := recipes[op.ID]; ok {
		return make(t, d, op)
	}
	c := call{as: d.Admin, path: d.subject(t, op)}
	if body := d.body(t, op); body != nil {
		c.body = body
	}
	return c
}
