package contract

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestWhatTheDocumentDoesNotForeseeIsAnError(t *testing.T) {
	document, err := Golden()
	if err != nil {
		t.Fatal(err)
	}
	const problem = `{"type": "/problems/x", "title": "X", "status": 404, "code": "x", "instance": "/requests/x"}`
	json, refusal := []string{"Content-Type", "application/json"}, []string{"Content-Type", "application/problem+json"}
	cases := []struct {
		name, call string
		status     int
		header     []string
		body       string
		want       string // part of the error, "" for none
	}{
		{"as it should be", "GET /healthz", 200, json, `{"status": "ok"}`, ""},
		{"with a slash at the end", "GET /healthz/?x=y", 200, json, `{"status": "ok"}`, ""},
		{"asked for by HEAD", "HEAD /healthz", 200, json, "", ""},
		{"a refusal", "GET /api/tickets/7/", 404, refusal, problem, ""},
		{"without a body", "POST /api/logout/", 204, nil, "", ""},
		{"the same to whoever has it", "GET /api/tickets/7/", 304, []string{"Etag", `"1"`}, "", ""},
		{"an address that is none", "GET /api/tickets/7/none/", 404, refusal, problem, ""},
		{"a page", "GET /swagger/", 200, []string{"Content-Type", "text/html"}, "<!doctype html>", ""},
		{"another status", "GET /healthz", 202, json, `{"status": "ok"}`, "status 202"},
		{"another media type", "GET /healthz", 200, []string{"Content-Type", "text/plain"}, "ok", "media type text/plain"},
		{"none at all", "GET /healthz", 200, nil, "ok", "media type"},
		{"what is not JSON", "GET /healthz", 200, json, "ok", "not JSON"},
		{"a value that is not listed", "GET /healthz", 200, json, `{"status": "fine"}`, "one of"},
		{"a member that is not named", "GET /healthz", 200, json, `{"status": "ok", "since": 1}`, "since"},
		{"a member that lacks", "GET /healthz", 200, json, `{}`, "status"},
		{"a header that is not named", "GET /healthz", 200, []string{"Content-Type", "application/json", "X-Powered-By", "gin"}, `{"status": "ok"}`, "X-Powered-By"},
		{"a body where there is none", "POST /api/logout/", 204, nil, "x", "body"},
		{"a refusal that is no problem document", "GET /api/tickets/7/", 404, json, problem, "media type"},
		{"an incomplete refusal", "GET /api/tickets/7/", 404, refusal, `{"title": "X"}`, "missing"},
		{"an address that is none, answered", "GET /api/nothing/", 200, json, `{}`, "no such operation"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := Answer{Status: c.status, Header: http.Header{}, Body: []byte(c.body)}
			a.Method, a.Path, _ = strings.Cut(c.call, " ")
			for i := 0; i < len(c.header); i += 2 {
				a.Header.Set(c.header[i], c.header[i+1])
			}
			err := document.Check(a)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

func TestEveryCallIsFound(t *testing.T) {
	document, err := Golden()
	if err != nil {
		t.Fatal(err)
	}
	if len(document.Operations) < 30 {
		t.Fatalf("%d operations", len(document.Operations))
	}
	for _, op := range document.Operations {
		path := placeholder.ReplaceAllString(op.Path, "7")
		if got := document.Find(op.Method, path); got != op {
			t.Errorf("%s %s: found %+v", op.Method, path, got)
		}
		if op.ID == "" || len(op.Responses) < 2 {
			t.Errorf("%s %s: %q with %d answers", op.Method, op.Path, op.ID, len(op.Responses))
		}
	}
	for path, id := range map[string]string{
		"/audit/tile/0/x001/067/": "auditTile",
		"/audit/tile//x/067/":     "auditTile", // a slash in what should be a level
		"/audit/tile/0/":          "",
		"/api/tickets//":          "",
		"/api/tickets/7//":        "",
	} {
		t.Run(path, func(t *testing.T) {
			got := ""
			if op := document.Find("GET", path); op != nil {
				got = op.ID
			}
			if got != id {
				t.Errorf("found %q, want %q", got, id)
			}
		})
	}
}
