package httpapi_test

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

	"helpdesk/httpapi"
	"helpdesk/httpapi/spec"
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
	w := request{method: http.MethodGet, path: httpapi.DocumentPath}.send(newAPI(t, newFakes(), nil))
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
			listed = append(listed, strings.ToUpper(method)+" "+httpapi.GinPath(path))
		}
	}
	api := newAPI(t, newFakes(), func(d *Deps, _ *httpapi.Config) { d.Metrics = http.NotFoundHandler() })
	var served []string
	for _, call := range httpapi.Served(api) {
		if call != "GET /metrics" { // may be at another address
			served = append(served, call)
		}
	}
	slices.Sort(listed)
	slices.Sort(served)
	if diff := cmp.Diff(served, listed); diff != "" {
		t.Errorf("(-served +listed):\n%s", diff)
	}
}

func TestEveryExampleIsOfItsSchema(t *testing.T) {
	text := described(t)
	var described struct {
		Components struct {
			Schemas map[string]struct{ Examples []any }
		}
	}
	if err := json.Unmarshal(text, &described); err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	examples := 0
	for name, schema := range described.Components.Schemas {
		for _, example := range schema.Examples {
			examples++
			if err := compiler.MustCompile("openapi.json" + spec.SchemasAt + name).Validate(example); err != nil {
				t.Errorf("the example of %s: %v", name, err)
			}
		}
	}
	if examples < 20 {
		t.Errorf("%d examples", examples)
	}
}

func TestWhoHasTheDocumentIsNotSentItAgain(t *testing.T) {
	api := newAPI(t, newFakes(), nil)
	etag := request{method: http.MethodGet, path: httpapi.DocumentPath}.send(api).Header().Get("ETag")
	w := request{method: http.MethodGet, path: httpapi.DocumentPath, head: []string{"If-None-Match: " + etag}}.send(api)
	if etag == "" || w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("ETag %q: status %d, %d bytes", etag, w.Code, w.Body.Len())
	}
	w = request{method: http.MethodGet, path: httpapi.DocumentPath, head: []string{"If-None-Match: abc"}}.send(api)
	if w.Code != http.StatusBadRequest {
		t.Errorf("a tag that is none: status %d", w.Code)
	}
}

func TestTheDocumentSaysWhereTheHelpdeskIs(t *testing.T) {
	for public, want := range map[string][]string{"": {"/"}, "https://desk.example/": {"/", "https://desk.example"}} {
		t.Run(public, func(t *testing.T) {
			api := newAPI(t, newFakes(), func(_ *Deps, c *httpapi.Config) { c.PublicURL = public })
			got := decoded[struct{ Servers []struct{ URL string } }](t, request{method: http.MethodGet, path: httpapi.DocumentPath}.send(api))
			var urls []string
			for _, s := range got.Servers {
				urls = append(urls, s.URL)
			}
			if diff := cmp.Diff(want, urls); diff != "" {
				t.Errorf("with %q (-want +got):\n%s", public, diff)
			}
		})
	}
}
