package walk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"helpdesk/test/contract"
	"helpdesk/test/program"
)

// steps is how many requests one walk makes; rapid takes 100 walks, unless it
// is told otherwise.
const steps = 20

// walker is somebody who walks: people by role, and the names of what there is.
type walker struct {
	*api
	roles  map[string]*program.Person
	people []string
	// by what their paths begin with, by id and number
	known map[string][]string
	// those whose answers end
	operations []*contract.Operation
}

// TestRandomWalk makes requests on every operation as every role, with
// parameters and bodies that fit the document and with others. None may upset
// the program, and every answer must be as the document says.
func TestRandomWalk(t *testing.T) {
	t.Parallel()
	d := open(t)
	w := &walker{api: d, roles: map[string]*program.Person{"anyone": {Client: d.Client(t)}}, known: map[string][]string{}}
	for _, op := range d.Operations {
		if !op.Endless() {
			w.operations = append(w.operations, op)
		}
	}
	for _, role := range []string{"user", "agent", "admin", "auditor"} {
		w.people = append(w.people, "the-"+role)
		w.roles[role] = d.Join(t, "the-"+role, role)
	}
	for i, owner := range []string{"user", "agent", "admin", "user"} {
		ticket := w.roles[owner].Opens(t, "Walked by")
		w.known[tickets] = append(w.known[tickets], ticket.ID, fmt.Sprint(i+1))
		w.known[comments] = append(w.known[comments], d.Admin.Comments(t, ticket, "Me too.", false).ID)
	}
	rapid.Check(t, func(rt *rapid.T) {
		for range steps {
			if w.step(rt) {
				w.restore(t)
			}
		}
	})
}

const (
	tickets  = "/api/tickets/"
	comments = "/api/comments/"
)

// restore puts right what a step did to the walkers themselves.
func (w *walker) restore(t *testing.T) {
	for _, role := range []string{"user", "agent", "admin", "auditor"} {
		name := "the-" + role
		var me struct{ Role string }
		a, err := w.roles[role].Do(t.Context(), "GET", "/api/me/", nil)
		if err == nil && a.Status == http.StatusOK {
			a.Into(t, &me)
		}
		if me.Role == role {
			continue
		}
		w.Admin.Must(t, http.StatusOK, "PATCH", "/api/users/"+name+"/", object{"role": role, "is_active": true})
		w.roles[role].Must(t, http.StatusOK, "POST", "/api/login/", object{"username": name, "password": program.Secret})
	}
}

// step makes one request, and reports whether a walker may be another since.
func (w *walker) step(rt *rapid.T) bool {
	op := evenly(w.operations).Draw(rt, "operation")
	role := evenly([]string{"user", "agent", "admin", "auditor", "admin", "anyone"}).Draw(rt, "role")
	path, header := w.address(rt, op)
	var body any
	if op.Method != http.MethodGet {
		body = w.body(rt, op)
	}
	a, err := w.roles[role].With(rt).Do(rt.Context(), op.Method, path, body, header...)
	if err != nil {
		rt.Fatalf("%s %s: %v", op.Method, path, err)
	}
	late := a.Status == http.StatusServiceUnavailable && strings.Contains(fmt.Sprint(header), "Min-Event-Position")
	if a.Status >= http.StatusInternalServerError && !late {
		rt.Fatalf("%s %s as %s with %v %v: %d %s", op.Method, path, role, header, body, a.Status, a.Body)
	}
	if a.Status == http.StatusCreated {
		var made struct{ ID string }
		if json.Unmarshal(a.Body, &made) == nil && made.ID != "" && len(w.known[op.Path]) < 100 {
			w.known[op.Path] = append(w.known[op.Path], made.ID)
		}
	}
	account := strings.HasPrefix(op.Path, "/api/users/") || strings.HasPrefix(op.Path, "/api/me/") || op.ID == "logout"
	return account && op.Method != http.MethodGet && a.Status < 300
}

// evenly draws from a list: rapid itself prefers the beginning.
func evenly[T any](list []T) *rapid.Generator[T] {
	return rapid.Map(rapid.Uint64(), func(n uint64) T {
		return list[n*0x9E3779B97F4A7C15>>32%uint64(len(list))] // Fibonacci hashing
	})
}

// oneIn draws true once in n times.
func oneIn(rt *rapid.T, n int, label string) bool {
	return evenly(append(make([]bool, n-1), true)).Draw(rt, label)
}

// address draws the path, the query and the headers of a request.
func (w *walker) address(rt *rapid.T, op *contract.Operation) (string, []string) {
	path, query, header := op.Path, url.Values{}, []string(nil)
	for _, p := range op.Parameters {
		if p.In == "path" {
			path = strings.Replace(path, "{"+p.Name+"}", url.PathEscape(w.name(rt, op.Path)), 1)
			continue
		}
		if !p.Required && !oneIn(rt, 6, "with "+p.Name) {
			continue
		}
		value := w.parameter(rt, p)
		if p.In == "query" {
			query.Add(p.Name, value)
		} else if printable(value) {
			header = append(header, p.Name, value)
		}
	}
	if oneIn(rt, 30, "stray parameter") {
		query.Add(rapid.String().Draw(rt, "its name"), "x")
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path, header
}

// name draws what a path may name.
func (w *walker) name(rt *rapid.T, path string) string {
	if oneIn(rt, 12, "no name") {
		name := rapid.StringN(1, 40, -1).Draw(rt, "no name")
		if name == "." || name == ".." { // clients make another path of these
			return "x"
		}
		return name
	}
	if oneIn(rt, 12, "any number") {
		return fmt.Sprint(rapid.Int64().Draw(rt, "number"))
	}
	if strings.HasPrefix(path, "/api/users/") {
		return rapid.SampledFrom(w.people).Draw(rt, "person")
	}
	before, _, _ := strings.Cut(path, "{")
	if len(w.known[before]) == 0 {
		before = tickets
	}
	return rapid.SampledFrom(w.known[before]).Draw(rt, "known")
}

// parameter draws the text of a parameter.
func (w *walker) parameter(rt *rapid.T, p contract.Parameter) string {
	if p.In == "header" && p.Name == "Min-Event-Position" {
		return rapid.SampledFrom([]string{"1", "5", "0", "-1", "x", "1e3", "", "99999999999999999999"}).Draw(rt, p.Name)
	}
	if p.In == "header" && strings.HasPrefix(p.Name, "If-") {
		return rapid.SampledFrom([]string{"*", `"1"`, `"2"`, `W/"1"`, `"1", "2"`, `"0"`, "1", `"`, ""}).Draw(rt, p.Name)
	}
	value := w.value(rt, p.Schema, p.Name)
	if all, ok := value.([]any); ok {
		var parts []string
		for _, one := range all {
			parts = append(parts, fmt.Sprint(one))
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(value)
}

// printable reports whether Go's client sends the text as a header.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}
