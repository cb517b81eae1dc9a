package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/test/program"
)

// nobodys is an id that nothing has.
const nobodys = "01900000-0000-7000-8000-0000000000ff"

// bad is a request that is refused.
type bad struct {
	name         string
	who          *program.Person // nil: alice, who opened the ticket
	method, path string
	body         any
	header       []string
	status       int
	code         string // "" for 400 is invalid_request
	pointers     []string
}

// shop is a program with a ticket of alice's to try things on.
type shop struct {
	*program.Helpdesk
	alice, bob, agent *program.Person
	ticket            program.Ticket // of alice, open and unassigned
	closed            program.Ticket // of alice
	bobs              program.Ticket // of bob, out of alice's sight
	comment           program.Comment
	last              int64 // head of the log
}

func openShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{Helpdesk: program.Open(t)}
	s.alice, s.bob, s.agent = s.Join(t, "alice", "user"), s.Join(t, "bob", "user"), s.Join(t, "amy", "agent")
	s.ticket, s.closed, s.bobs = s.alice.Opens(t, "A printer"), s.alice.Opens(t, "A lamp"), s.bob.Opens(t, "A door")
	s.comment = s.alice.Comments(t, s.ticket, "It hums.", false)
	s.closed = s.Admin.Does(t, s.closed, "close")
	s.last = logHead(t, s.Helpdesk)
	return s
}

// TestBadInput sends what API.md refuses and looks at the problem document; and
// that nothing was written.
func TestBadInput(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	cases := slices.Concat(s.notJSON(), s.fieldsOutOfShape(), s.badText(), s.badParameters(),
		s.badNames(), s.badHeaders(), s.badAccounts(), s.brokenRules())
	steady := strings.NewReplacer(s.ticket.ID, "{ticket}", s.closed.ID, "{closed}", s.bobs.ID, "{bobs}", s.comment.ID, "{comment}") // the same in every run
	for _, c := range cases {
		t.Run(steady.Replace(c.name), func(t *testing.T) { s.refuses(t, c) })
	}
}

func (s *shop) refuses(t *testing.T, c bad) {
	if c.who == nil {
		c.who = s.alice
	}
	if c.code == "" && c.status == http.StatusBadRequest {
		c.code = "invalid_request"
	}
	p := refused(t, c.who.Sends(t, c.method, c.path, c.body, c.header...), c.status)
	if p.Code != c.code {
		t.Errorf("code: got %q, want %q", p.Code, c.code)
	}
	slices.Sort(c.pointers)
	if diff := cmp.Diff(c.pointers, p.pointers()); diff != "" {
		t.Errorf("errors[].pointer (-want +got):\n%s", diff)
	}
	before := s.last
	if p.Code == "invalid_credentials" {
		before++ // a sign-in that fails is recorded
	}
	if s.last = logHead(t, s.Helpdesk); s.last != before+1 {
		t.Errorf("a refusal wrote %d events", s.last-before-1)
	}
}

const (
	tickets  = "/api/tickets/"
	comments = "/api/comments/"
)

// notJSON is bodies that never become a value.
func (s *shop) notJSON() []bad {
	const malformed = "malformed_json"
	post := func(name, body, code string) bad {
		return bad{name: name, method: "POST", path: tickets, body: body, status: 400, code: code}
	}
	media := func(name, mediaType string) bad {
		return bad{name: name, method: "POST", path: tickets, body: program.Opening("x"),
			header: []string{"Content-Type", mediaType}, status: 415, code: "unsupported_media_type"}
	}
	large := `{"title": "x", "description": "` + strings.Repeat("x", 2<<20) + `"}`
	return []bad{
		post("text that is not JSON", "title=x", malformed),
		post("half an object", `{"title": "x"`, malformed),
		post("an object and more", `{"title": "x", "description": "y"} {}`, malformed),
		post("an object and a bracket", `{"title": "x", "description": "y"}]`, malformed),
		post("white space alone", "   ", malformed),
		post("a NUL byte", "{\"title\": \"x\x00\", \"description\": \"y\"}", malformed),
		post("a NUL byte after the object", "{\"title\": \"x\", \"description\": \"y\"}\x00", malformed),
		post("a line break within a string", "{\"title\": \"x\ny\", \"description\": \"y\"}", malformed),
		post("a byte order mark", "\ufeff{}", malformed),
		post("single quotes", `{'title': 'x'}`, malformed),
		post("a comma too many", `{"title": "x",}`, malformed),
		post("brackets without an end", strings.Repeat("[", 100_000), malformed),
		post("brackets a thousand deep", `{"title": `+strings.Repeat("[", 1000)+strings.Repeat("]", 1000)+`}`, malformed),
		post("bytes that are not UTF-8", "{\"title\": \"\xff\xfe\", \"description\": \"y\"}", "invalid_utf8"),
		post("UTF-8 that ends early", "{\"title\": \"x\xe2\x82\", \"description\": \"y\"}", "invalid_utf8"),
		post("half a surrogate pair", `{"title": "\ud800", "description": "y"}`, "invalid_utf8"),
		media("a form", "application/x-www-form-urlencoded"),
		media("plain text", "text/plain"),
		media("XML", "application/xml"),
		media("JSON in Latin-1", "application/json; charset=iso-8859-1"),
		media("no media type", ""),
		media("nonsense for a media type", ";;;"),
		{name: "two MiB", method: "POST", path: tickets, body: large, status: 413, code: "body_too_large"},
		{name: "two MiB that waits to be asked for", method: "POST", path: tickets, body: large,
			header: []string{"Expect", "100-continue"}, status: 413, code: "body_too_large"},
		{name: "one byte above a MiB, in chunks", method: "POST", path: tickets, body: strings.NewReader(strings.Repeat(" ", 1<<20+1)),
			status: 413, code: "body_too_large"},
	}
}

// fieldsOutOfShape is members that are missing, unknown or of another type.
func (s *shop) fieldsOutOfShape() []bad {
	var all []bad
	post := func(name, path string, body any, pointers ...string) {
		all = append(all, bad{name: name, method: "POST", path: path, body: body, status: 400, pointers: pointers})
	}
	change := func(name, method string, body any, pointers ...string) {
		all = append(all, bad{name: name, method: method, path: s.ticket.Path(), body: body, status: 400, pointers: pointers})
	}
	full := program.Opening("x")
	post("no body", tickets, nil, "/description", "/title")
	post("an empty body", tickets, "", "/description", "/title")
	post("an empty object", tickets, object{}, "/description", "/title")
	post("an array", tickets, []any{}, "")
	post("null", tickets, "null", "")
	post("an unknown member", tickets, full.With(object{"colour": "red"}), "/colour")
	post("a member of another case", tickets, full.With(object{"Priority": "high"}), "/Priority")
	post("a member that is read only", tickets, full.With(object{"number": 7}), "/number")
	post("a member with a name to escape", tickets, full.With(object{"a/b~c": 1}), "/a~1b~0c")
	post("a member given twice", tickets, `{"title": "x", "title": "y", "description": "z"}`, "/title")
	post("several faults at once", tickets, object{"title": 1, "priority": "urgent", "colour": "red"},
		"/colour", "/description", "/priority", "/title")
	for member, values := range map[string][]any{
		"title": {1, 1.5, true, nil, []any{"x"}, object{"x": 1}}, "description": {1, nil, []any{}},
		"priority": {1, nil, "urgent", "High", "", []any{"high"}}, "created_by": {1, true, ""},
	} {
		for _, value := range values {
			body := full.With(object{member: value})
			post("opening with "+asJSON(body), tickets, body, "/"+member)
		}
	}
	for member, values := range map[string][]any{
		"title": {1, nil, ""}, "status": {1, nil, "done", "Open", "in_progress"}, "priority": {nil, 3},
		"assigned_to": {1, true, "", object{"id": "x"}}, "created_by": {"bob"}, "version": {1},
	} {
		for _, value := range values {
			body := object{member: value}
			change("changing to "+asJSON(body), "PATCH", body, "/"+member)
		}
	}
	change("putting without the status", "PUT", full.With(object{"priority": "low"}), "/status")
	change("putting nothing", "PUT", object{}, "/description", "/priority", "/status", "/title")
	post("assigning without saying to whom", s.ticket.Path("assign"), object{}, "/assigned_to")
	post("assigning to a number", s.ticket.Path("assign"), object{"assigned_to": 1}, "/assigned_to")
	post("a reason that is a number", s.ticket.Path("close"), object{"reason": 1}, "/reason")
	post("a verb with an unknown member", s.ticket.Path("close"), object{"status": "closed"}, "/status")
	post("a comment without anything", comments, object{}, "/text", "/ticket")
	post("a comment on half a ticket", comments, object{"ticket": 1.5, "text": "x"}, "/ticket")
	post("a comment on true", comments, object{"ticket": true, "text": "x"}, "/ticket")
	post("a comment on null", comments, object{"ticket": nil, "text": "x"}, "/ticket")
	post("a comment whose text is a number", comments, object{"ticket": 1, "text": 1}, "/text")
	post("a comment that is internal in words", comments, object{"ticket": 1, "text": "x", "internal": "yes"}, "/internal")
	return all
}

// asJSON writes a value into the name of a case.
func asJSON(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // only literals come here
	}
	return string(data)
}
