package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
)

func TestBodiesOutOfShapeAreRefusedByName(t *testing.T) {
	long := strings.Repeat("é", 201)
	cases := []struct {
		name, path, body string
		head             []string
		status           int
		code             string
		faults           []string
	}{
		{name: "nothing at all lacks what is required", body: "", status: 400, code: problem.CodeInvalid, faults: []string{"/description required", "/title required"}},
		{name: "an unknown member", body: `{"title":"a","description":"b","colour":"red"}`, status: 400, code: problem.CodeInvalid, faults: []string{"/colour unknown"}},
		{name: "names are compared exactly", body: `{"Title":"a","description":"b"}`, status: 400, code: problem.CodeInvalid, faults: []string{"/Title unknown", "/title required"}},
		{name: "the id of the path is no member", body: `{"ID":"x"}`, path: "/api/tickets/7/close/", status: 400, code: problem.CodeInvalid, faults: []string{"/ID unknown"}},
		{name: "a pointer is escaped", body: `{"title":"a","description":"b","a/b~c":1}`, status: 400, code: problem.CodeInvalid, faults: []string{"/a~1b~0c unknown"}},
		{name: "a wrong type", body: `{"title":7,"description":"b"}`, status: 400, code: problem.CodeInvalid, faults: []string{"/title type"}},
		{name: "null is no text", body: `{"title":"a","description":null}`, status: 400, code: problem.CodeInvalid, faults: []string{"/description type"}},
		{name: "null is no priority", body: `{"title":"a","description":"b","priority":null}`, status: 400, code: problem.CodeInvalid, faults: []string{"/priority type"}},
		{name: "white space alone is no title", body: `{"title":" \t ","description":"b"}`, status: 400, code: problem.CodeInvalid, faults: []string{"/title required"}},
		{name: "length counts characters", body: `{"title":"` + long + `","description":"b"}`, status: 400, code: problem.CodeInvalid, faults: []string{"/title max_length"}},
		{name: "an enum", body: `{"title":"a","description":"b","priority":"urgent"}`, status: 400, code: problem.CodeInvalid, faults: []string{"/priority enum"}},
		{name: "an enum is not trimmed", body: `{"title":"a","description":"b","priority":" low"}`, status: 400, code: problem.CodeInvalid, faults: []string{"/priority enum"}},
		{name: "NUL", body: `{"title":"a\u0000b","description":"b"}`, status: 400, code: problem.CodeInvalid, faults: []string{"/title control_character"}},
		{name: "NUL in a name", body: `{"title":"a","description":"b","created_by":"a\u0000"}`, status: 400, code: problem.CodeInvalid, faults: []string{"/created_by control_character"}},
		{name: "a line break in a title is the rules' to refuse", body: `{"title":"a\nb","description":"b"}`, status: 400, code: problem.CodeInvalid, faults: []string{"/title control_character"}},
		{name: "half a surrogate pair", body: `{"title":"\ud800","description":"b"}`, status: 400, code: "invalid_utf8"},
		{name: "the other half", body: `{"title":"\udc00\ud800","description":"b"}`, status: 400, code: "invalid_utf8"},
		{name: "an escaped backslash before u", body: `{"title":"\\ud800","description":"b"}`, status: 201},
		{name: "a whole pair", body: `{"title":"\ud83d\ude00","description":"b"}`, status: 201},
		{name: "invalid UTF-8", body: "{\"title\":\"\xff\",\"description\":\"b\"}", status: 400, code: "invalid_utf8"},
		{name: "not JSON", body: `{"title":`, status: 400, code: "malformed_json"},
		{name: "trailing data", body: `{"title":"a","description":"b"} x`, status: 400, code: "malformed_json"},
		{name: "two values", body: `{"title":"a","description":"b"}{}`, status: 400, code: "malformed_json"},
		{name: "not an object", body: `[]`, status: 400, code: problem.CodeInvalid, faults: []string{" type"}},
		{name: "a member twice", body: `{"title":"a","title":"b","description":"b"}`, status: 400, code: problem.CodeInvalid, faults: []string{"/title duplicate_member"}},
		{name: "deep nesting", body: strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), status: 400, code: "malformed_json"},
		{name: "a number without end", body: `{"title":1e999999999,"description":"b"}`, status: 400, code: problem.CodeInvalid, faults: []string{"/title number_range"}},
		{name: "too large", body: `{"title":"` + strings.Repeat("a", int(bind.Proven.Bytes)) + `"}`, status: 413, code: "body_too_large"},
		{name: "another media type", body: `a=b`, head: []string{"Content-Type: application/x-www-form-urlencoded"}, status: 415, code: "unsupported_media_type"},
		{name: "another charset", body: `{}`, head: []string{"Content-Type: application/json; charset=latin1"}, status: 415, code: "unsupported_media_type"},
		{name: "a content coding", body: `{}`, head: []string{"Content-Encoding: gzip"}, status: 415, code: "unsupported_media_type"},
		{name: "UTF-8 said aloud", body: `{"title":"a","description":"b"}`, head: []string{`Content-Type: application/json; charset="UTF-8"`}, status: 201},
		{name: "an unknown parameter of a write", path: "/api/tickets/?dry=1", body: `{"title":"a","description":"b"}`, status: 400, code: problem.CodeInvalid, faults: []string{"?dry unknown"}},
		{name: "a key with spaces", body: `{"title":"a","description":"b"}`, head: []string{"Idempotency-Key: a b"}, status: 400, code: problem.CodeInvalid, faults: []string{"?Idempotency-Key header"}},
		{name: "no assignee at all", path: "/api/tickets/7/assign/", body: `{}`, status: 400, code: problem.CodeInvalid, faults: []string{"/assigned_to required"}},
		{name: "an assignee that is a number", path: "/api/tickets/7/assign/", body: `{"assigned_to":7}`, status: 400, code: problem.CodeInvalid, faults: []string{"/assigned_to type"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := c.path
			if path == "" {
				path = "/api/tickets/"
			}
			api := newAPI(t, newFakes(), nil)
			w := request{name: "alice", method: http.MethodPost, path: path, body: c.body, head: c.head}.send(api)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d\n%s", w.Code, c.status, w.Body)
			}
			if c.status < 300 {
				return
			}
			got := decoded[problem.Problem](t, w)
			if got.Code != c.code {
				t.Errorf("code %q, want %q", got.Code, c.code)
			}
			if diff := cmp.Diff(c.faults, faults(got)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParametersOutOfShapeAreRefusedByName(t *testing.T) {
	cases := []struct {
		path   string
		faults []string
	}{
		{"/api/tickets/?page_size=0", []string{"?page_size minimum"}},
		{"/api/tickets/?page_size=101", []string{"?page_size maximum"}},
		{"/api/tickets/?page_size=ten", []string{"?page_size type"}},
		{"/api/tickets/?page_size=1&page_size=2", []string{"?page_size repeated"}},
		{"/api/tickets/?page_size=99999999999999999999", []string{"?page_size type"}},
		{"/api/tickets/?count=yes", []string{"?count type"}},
		{"/api/tickets/?status=open,lost", []string{"?status enum"}},
		{"/api/tickets/?status=", []string{"?status enum"}},
		{"/api/tickets/?priority=low&priority=urgent", []string{"?priority enum"}},
		{"/api/tickets/?ordering=title", []string{"?ordering enum"}},
		{"/api/tickets/?created_after=yesterday", []string{"?created_after format"}},
		{"/api/tickets/?created_after=2026-01-01", []string{"?created_after format"}},
		{"/api/tickets/?title=%00", []string{"?title control_character"}},
		{"/api/tickets/?title=%ff", []string{"?title control_character"}},
		{"/api/tickets/?cursor=abc", []string{"?cursor cursor"}},
		{"/api/tickets/?search=printer", []string{"?search unknown"}},
		{"/api/tickets/?a/b=1&colour=red", []string{"?a/b unknown", "?colour unknown"}},
		{"/api/tickets/?assigned_to=ghost", []string{"?assigned_to unknown"}},
		{"/api/tickets/7/?colour=2", []string{"?colour unknown"}},
		{"/api/comments/?ticket=seven", []string{"?ticket format"}},
		{"/api/report/?days=367", []string{"?days maximum"}},
		{"/api/report/?as_of=2026-01-31T12:00:01Z", []string{"?as_of future"}},
		{"/api/users/?role=boss", []string{"?role enum"}},
	}
	api := newAPI(t, newFakes(), nil)
	for _, c := range cases {
		t.Run(c.path, func(t *testing.T) {
			w := request{name: "admin", method: http.MethodGet, path: c.path}.send(api)
			got := decoded[problem.Problem](t, w)
			if w.Code != http.StatusBadRequest || got.Code != problem.CodeInvalid {
				t.Errorf("status %d, code %q, want 400, %q", w.Code, got.Code, problem.CodeInvalid)
			}
			if diff := cmp.Diff(c.faults, faults(got)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMalformedQueryIsRefused(t *testing.T) {
	w := request{name: "admin", method: http.MethodGet, path: "/api/tickets/?title=%zz"}.send(newAPI(t, newFakes(), nil))
	if got := decoded[problem.Problem](t, w); w.Code != http.StatusBadRequest || got.Code != "malformed_query" {
		t.Errorf("status %d, code %q", w.Code, got.Code)
	}
}

func TestTicketNamesInBodies(t *testing.T) {
	for body, want := range map[string]int{
		`{"ticket":7,"text":"x"}`:                                      201,
		`{"ticket":"7","text":"x"}`:                                    201,
		`{"ticket":"01900000-0000-7000-8000-0000000000f1","text":"x"}`: 201,
		`{"ticket":8,"text":"x"}`:                                      422,
		`{"ticket":-1,"text":"x"}`:                                     422,
		`{"ticket":99999999999999999999,"text":"x"}`:                   422,
		`{"ticket":"seven","text":"x"}`:                                422,
		`{"ticket":"0190000000007000800000000000f1f1","text":"x"}`:     422,
		`{"ticket":7.5,"text":"x"}`:                                    400,
		`{"ticket":true,"text":"x"}`:                                   400,
		`{"ticket":null,"text":"x"}`:                                   400,
		`{"ticket":"","text":"x"}`:                                     400,
	} {
		t.Run(body, func(t *testing.T) {
			d := newFakes()
			d.fresh = errBehind // which the answer needs not
			w := request{name: "alice", method: http.MethodPost, path: "/api/comments/", body: body}.send(newAPI(t, d, nil))
			if w.Code != want {
				t.Errorf("status %d, want %d\n%s", w.Code, want, w.Body)
			}
		})
	}
}
