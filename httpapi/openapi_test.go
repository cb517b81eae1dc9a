package httpapi

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file, or writes it with -update.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not current; go test ./httpapi/ -run 'GoldenOne|Reference' -update writes it (-want +got):\n%s", path, diff)
	}
}

// described returns the document as it is served.
func described(t *testing.T) []byte {
	t.Helper()
	w := request{method: http.MethodGet, path: documentPath}.send(newAPI(t, newDesk(), nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d %s", w.Code, w.Body)
	}
	return w.Body.Bytes()
}

func TestTheDocumentIsTheGoldenOne(t *testing.T) {
	golden(t, "testdata/openapi.json", described(t))
}

func TestTheDocumentListsWhatIsServedAndNothingElse(t *testing.T) {
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(described(t), &document); err != nil {
		t.Fatal(err)
	}
	var listed []string
	for path, methods := range document.Paths {
		for method := range methods {
			listed = append(listed, strings.ToUpper(method)+" "+ginPath(path))
		}
	}
	api := newAPI(t, newDesk(), func(d *Deps, _ *Config) { d.Metrics = http.NotFoundHandler() })
	var served []string
	for _, r := range api.engine.Routes() {
		// HEAD goes with GET, and metrics may be at another address.
		if r.Method != http.MethodHead && !forPeople(r.Path) && r.Path != "/metrics" {
			served = append(served, r.Method+" "+r.Path)
		}
	}
	slices.Sort(listed)
	slices.Sort(served)
	if diff := cmp.Diff(served, listed); diff != "" {
		t.Errorf("(-served +listed):\n%s", diff)
	}
}

func TestEveryNoteAndExampleIsOfSomething(t *testing.T) {
	api := newAPI(t, newDesk(), nil)
	for id := range notes {
		if !slices.ContainsFunc(api.Routes(), func(r Route) bool { return r.ID == id }) {
			t.Errorf("there is a note on %s, and no such call", id)
		}
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(described(t)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	for name, text := range examples {
		schema, err := compiler.Compile("openapi.json" + schemasAt + name)
		if err != nil {
			t.Errorf("there is an example of %s, and no such schema: %v", name, err)
			continue
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("the example of %s: %v", name, err)
		}
	}
}

func TestWhoHasTheDocumentIsNotSentItAgain(t *testing.T) {
	api := newAPI(t, newDesk(), nil)
	etag := request{method: http.MethodGet, path: documentPath}.send(api).Header().Get("ETag")
	w := request{method: http.MethodGet, path: documentPath, head: []string{"If-None-Match: " + etag}}.send(api)
	if etag == "" || w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("ETag %q: status %d, %d bytes", etag, w.Code, w.Body.Len())
	}
	w = request{method: http.MethodGet, path: documentPath, head: []string{"If-None-Match: abc"}}.send(api)
	if w.Code != http.StatusBadRequest {
		t.Errorf("a tag that is none: status %d", w.Code)
	}
}

func TestTheDocumentSaysWhereTheHelpdeskIs(t *testing.T) {
	for public, want := range map[string][]string{"": {"/"}, "https://desk.example/": {"/", "https://desk.example"}} {
		api := newAPI(t, newDesk(), func(_ *Deps, c *Config) { c.PublicURL = public })
		got := decoded[struct{ Servers []struct{ URL string } }](t, request{method: http.MethodGet, path: documentPath}.send(api))
		var urls []string
		for _, s := range got.Servers {
			urls = append(urls, s.URL)
		}
		if diff := cmp.Diff(want, urls); diff != "" {
			t.Errorf("with %q (-want +got):\n%s", public, diff)
		}
	}
}
