// Package archtest keeps the shape of the house: who may import whom, and what
// no file may hold. Each broken rule is one sentence.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "helpdesk"

// rule is what the packages at or below a path may import. The standard
// library is free to all but the pure ones. A path stands for itself and all
// below it, with a "=" at its end for itself alone.
type rule struct {
	// of is the path. With "/*" at its end it stands for each folder below the
	// path, which may not import another of them.
	of string
	// may lists packages of this project; nil: none of them.
	may []string
	// outside lists third parties; "*": any.
	outside []string
	// pure keeps out of the standard library what reaches the world.
	pure bool
}

// rules are those of STYLE.md, "Who may import whom". The most specific path
// counts. A package that is named in no rule may not exist.
var rules = []rule{
	{of: "domain", pure: true, outside: []string{"github.com/google/uuid"}},
	{of: "domain/*", pure: true, may: []string{"domain="}, outside: []string{"github.com/google/uuid", "golang.org/x/text/unicode/norm"}},
	{of: "eventstore", may: []string{"domain=", "internal/batch"}, outside: []string{
		"github.com/google/uuid", "github.com/jackc/pgx/v5", "github.com/ThreeDotsLabs",
		"github.com/prometheus/client_golang",
	}},
	{of: "eventstore/health", may: []string{"domain=", "eventstore", "internal/pgsession"}, outside: []string{"github.com/jackc/pgx/v5"}},
	{of: "commands", may: []string{"domain", "eventstore"}, outside: []string{"github.com/google/uuid"}},
	{of: "keyring", may: []string{"eventstore"}, outside: []string{"github.com/google/uuid", "github.com/jackc/pgx/v5"}},
	{of: "projections", may: []string{"domain", "eventstore", "projections/view"}, outside: []string{"github.com/google/uuid", "github.com/jackc/pgx/v5"}},
	{of: "projections/*", may: []string{"domain", "eventstore", "projections=", "projections/terms", "projections/view", "internal/batch"}, outside: []string{"github.com/google/uuid", "github.com/jackc/pgx/v5"}},
	{of: "projections/terms", outside: []string{"github.com/kljensen/snowball/english", "golang.org/x/text/unicode/norm"}},
	{of: "projections/view", may: []string{"domain", "eventstore="}, outside: []string{"github.com/google/uuid"}},
	{of: "rebuild", may: []string{"domain", "eventstore"}, outside: []string{"github.com/google/uuid", "github.com/jackc/pgx/v5", "golang.org/x/sync"}},
	{of: "saga", may: []string{"domain", "eventstore", "commands", "internal/batch"}, outside: []string{
		"github.com/google/uuid", "github.com/jackc/pgx/v5", "github.com/ThreeDotsLabs",
		"github.com/prometheus/client_golang", "golang.org/x/sync",
	}},
	{of: "mail", may: []string{"domain"}, outside: []string{"github.com/emersion/go-message", "github.com/google/uuid", "github.com/wneessen/go-mail", "golang.org/x/net/idna"}},
	{of: "auth", may: []string{"domain", "eventstore", "internal/batch"}, outside: []string{
		"github.com/google/uuid", "github.com/jackc/pgx/v5", "github.com/alexedwards/argon2id", "go.mau.fi/util/confusable", "golang.org/x/crypto", "golang.org/x/sync",
	}},
	{of: "idempotency", may: []string{"eventstore"}, outside: []string{"github.com/google/uuid", "github.com/jackc/pgx/v5"}},
	{of: "attachments", may: []string{"domain", "eventstore", "projections=", "attachments/blobs", "attachments/thumbnails"}, outside: []string{
		"github.com/google/uuid", "github.com/jackc/pgx/v5", "github.com/gabriel-vasile/mimetype",
	}},
	{of: "attachments/clamd"},
	{of: "attachments/thumbnails", outside: []string{"github.com/bep/imagemeta", "golang.org/x/image", "golang.org/x/sync/semaphore"}},
	{of: "inbound", may: []string{"domain", "eventstore", "commands", "attachments=", "auth", "mail", "inbound/eml"}, outside: []string{"github.com/google/uuid", "github.com/jackc/pgx/v5"}},
	{of: "inbound/eml", outside: []string{"github.com/jhillyerd/enmime/v2", "github.com/k3a/html2text", "github.com/emersion/go-msgauth/authres"}},
	{of: "inbound/imap", may: []string{"domain", "commands", "inbound="}, outside: []string{"github.com/emersion/go-imap/v2", "github.com/emersion/go-imap/v2/imapclient", "github.com/jackc/pgx/v5"}},
	{of: "inbound/lmtp", may: []string{"domain", "commands"}, outside: []string{"github.com/emersion/go-smtp"}},
	{of: "attachments/blobs", outside: []string{"github.com/google/uuid", "github.com/jackc/pgx/v5", "github.com/minio/sio"}},
	{of: "quota", may: []string{"eventstore", "internal/batch"}, outside: []string{"github.com/google/uuid", "github.com/jackc/pgx/v5"}},
	{of: "workspace", may: []string{"domain", "eventstore"}, outside: []string{"github.com/google/uuid", "github.com/jackc/pgx/v5"}},
	{of: "audit", may: []string{"domain", "eventstore"}, outside: []string{
		"github.com/google/uuid", "github.com/jackc/pgx/v5", "github.com/transparency-dev", "golang.org/x/mod/sumdb/note",
	}},
	{of: "httpapi", may: screens(append(wireParts, "rebuild", "audit", "idempotency")...), outside: []string{
		"github.com/google/uuid", "github.com/gin-gonic/gin", "github.com/swaggest", "github.com/prometheus/client_golang",
	}},
	{of: "httpapi/*", may: screens(append(wireParts, "rebuild", "audit", "idempotency", "httpapi=", "attachments")...), outside: []string{
		"github.com/google/uuid", "github.com/gin-gonic/gin", "github.com/swaggest/openapi-go", "github.com/swaggo/files", "github.com/transparency-dev/tessera/api/layout",
	}},
	{of: "httpapi/apitest", may: screens("httpapi=", "httpapi/problem", "test/contract"), outside: []string{"github.com/google/uuid"}},
	{of: "httpapi/bind", may: screens(wireParts...), outside: []string{
		"github.com/google/uuid", "github.com/gin-gonic/gin", "github.com/swaggest", "github.com/santhosh-tekuri/jsonschema",
	}},
	{of: "httpapi/encoder", outside: []string{"github.com/google/uuid"}},
	{of: "httpapi/problem", may: screens(wireParts...), outside: []string{
		"github.com/google/uuid", "github.com/gin-gonic/gin", "github.com/swaggest", "github.com/santhosh-tekuri/jsonschema",
	}},
	{of: "httpapi/spec", may: screens(wireParts...), outside: []string{
		"github.com/google/uuid", "github.com/gin-gonic/gin", "github.com/swaggest", "github.com/santhosh-tekuri/jsonschema",
	}},
	{of: "httpapi/wire", may: screens(wireParts...), outside: []string{
		"github.com/google/uuid", "github.com/gin-gonic/gin", "github.com/swaggest", "github.com/santhosh-tekuri/jsonschema",
	}},
	{of: "edge", may: []string{"domain", "projections"}, outside: []string{"github.com/google/uuid", "golang.org/x/time", "golang.org/x/sync"}},
	{of: "web", may: screens("rebuild", "workspace"), outside: []string{"github.com/google/uuid", "github.com/gin-gonic/gin", "github.com/a-h/templ"}},
	{of: "web/*", may: screens("rebuild", "workspace", "web="), outside: []string{"github.com/google/uuid", "github.com/gin-gonic/gin", "github.com/a-h/templ"}},
	{of: "demo", may: []string{"domain", "commands"}, outside: []string{"github.com/google/uuid"}},
	{of: "migrations", may: []string{"internal/pgsession"}, outside: []string{"github.com/jackc/pgx/v5", "github.com/pressly/goose/v3"}},
	{of: "internal/batch"},
	{of: "internal/pgid", outside: []string{"github.com/google/uuid", "github.com/jackc/pgx/v5"}},
	{of: "internal/pgsession", outside: []string{"github.com/jackc/pgx/v5"}},
	{of: "internal/localpg", outside: []string{"*"}},
	{of: "cmd", may: []string{"*"}, outside: []string{"*"}},
	{of: "bench", may: []string{"*"}, outside: []string{"*"}},
	{of: "test", may: []string{"*"}, outside: []string{"*"}},
}

// wireParts are the kernel of the API beside its table of routes: how requests are
// read, and what answers look like.
var wireParts = []string{"httpapi/bind", "httpapi/encoder", "httpapi/problem", "httpapi/spec", "httpapi/wire"}

// screens are what the API and the site are made of, and more.
func screens(more ...string) []string {
	return append([]string{"commands", "projections", "auth", "domain", "edge"}, more...)
}

// impure are packages of the standard library that a rule of the domain has no
// use for: what they answer is not the same every time.
var impure = []string{
	"context", "crypto/rand", "database/sql", "io", "log", "math/rand", "net=", "net/http", "os", "runtime", "sync", "syscall", "testing",
}

// only lists third parties that are kept to one place.
var only = map[string][]string{
	"github.com/gin-gonic/gin":             {"httpapi", "web", "cmd", "test/floor"},
	"github.com/swaggest/openapi-go":       {"httpapi"},
	"github.com/kelseyhightower/envconfig": {"cmd"},
	"github.com/transparency-dev":          {"audit", "httpapi", "test"},
	"github.com/ThreeDotsLabs":             {"eventstore", "saga", "cmd", "test"},
	"github.com/jackc/pgx/v5":              {"eventstore", "projections", "rebuild", "saga", "auth", "audit", "idempotency", "keyring", "quota", "workspace", "attachments", "inbound", "migrations", "internal/localpg", "internal/pgid", "internal/pgsession", "cmd", "test", "bench"},
}

// pkg is what go list tells of a package.
type pkg struct {
	ImportPath string
	Name       string
	Dir        string
	Imports    []string // not those of tests
	GoFiles    []string
}

// path returns the package's path within the project.
func (p pkg) path() string { return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/") }

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Name,Dir,Imports,GoFiles", "./...")
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// within reports whether path is at or below one of the places. A place that
// ends in "=" stands for itself alone.
func within(path string, places []string) bool {
	return slices.ContainsFunc(places, func(place string) bool {
		if exact, ok := strings.CutSuffix(place, "="); ok {
			return path == exact
		}
		return place == "*" || path == place || strings.HasPrefix(path, place+"/")
	})
}

// ruleFor returns the most specific rule for a package of this project, whose
// path is then that of the package's own room.
func ruleFor(path string) (found rule, ok bool) {
	for _, r := range rules {
		if room, each := strings.CutSuffix(r.of, "*"); each {
			folder, below := strings.CutPrefix(path, room)
			if !below {
				continue
			}
			folder, _, _ = strings.Cut(folder, "/")
			r.of = room + folder
		}
		if within(path, []string{r.of}) && len(r.of) >= len(found.of) {
			found, ok = r, true
		}
	}
	return found, ok
}

// violations returns a sentence for each rule the import breaks.
func violations(from, to string) (sentences []string) {
	r, ok := ruleFor(from)
	if !ok {
		return []string{from + " has no rule: say in test/archtest what it may import"}
	}
	inside, ours := strings.CutPrefix(to, module+"/")
	standard := !ours && !strings.Contains(strings.SplitN(to, "/", 2)[0], ".")
	switch {
	case ours && !within(inside, r.may) && !own(r, inside):
		sentences = append(sentences, from+" imports "+inside+", and may import of this project only: "+listed(r.may))
	case standard && r.pure && within(to, impure):
		sentences = append(sentences, from+" imports "+to+", and has to stay free of clocks, chance and I/O")
	case !ours && !standard && !within(to, r.outside):
		sentences = append(sentences, from+" imports "+to+", and may import of others only: "+listed(r.outside))
	}
	for place, homes := range only {
		if within(to, []string{place}) && !within(from, homes) {
			sentences = append(sentences, from+" imports "+to+", which belongs in "+listed(homes)+" alone")
		}
	}
	return sentences
}

// own reports whether a package is of the rule's own room, as a kernel is not of
// a folder's, nor a folder of the kernel's.
func own(r rule, inside string) bool {
	of, _ := ruleFor(inside)
	return !r.pure && of.of == r.of
}

func listed(places []string) string {
	if len(places) == 0 {
		return "nothing"
	}
	return strings.ReplaceAll(strings.Join(places, ", "), "=", "")
}

func TestWhoImportsWhom(t *testing.T) {
	t.Parallel()
	all := packages(t)
	if len(all) < 8 {
		t.Fatalf("go list found %d packages: this looks at the wrong place", len(all))
	}
	for _, p := range all {
		for _, to := range p.Imports {
			for _, sentence := range violations(p.path(), to) {
				t.Error(sentence)
			}
		}
	}
}

func TestTheRulesOfImportsBite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"domain/ticket", "helpdesk/domain", true},
		{"domain/ticket", "helpdesk/domain/user", false},
		{"domain/ticket", "context", false},
		{"domain/ticket", "math/rand/v2", false},
		{"domain/ticket", "time", true},
		{"domain", "helpdesk/domain/ticket", false},
		{"eventstore", "helpdesk/domain/ticket", false},
		{"eventstore", "helpdesk/commands", false},
		{"eventstore", "github.com/gin-gonic/gin", false},
		{"commands", "helpdesk/eventstore", true},
		{"commands", "github.com/jackc/pgx/v5", false},
		{"commands", "github.com/ThreeDotsLabs/watermill/message", false},
		{"commands", "helpdesk/auth", false},
		{"projections", "helpdesk/commands", false},
		{"projections", "github.com/ThreeDotsLabs/watermill", false},
		{"projections", "github.com/jackc/pgx/v5/pgxpool", true},
		{"httpapi", "github.com/jackc/pgx/v5", false},
		{"httpapi", "helpdesk/eventstore", false},
		{"httpapi", "helpdesk/web", false},
		{"httpapi", "helpdesk/projections", true},
		{"web", "helpdesk/httpapi", false},
		{"audit", "helpdesk/eventstore", true},
		{"audit", "helpdesk/mail", false},
		{"projections", "helpdesk/audit", false},
		{"mail", "helpdesk/commands", false},
		{"cmd/helpdesk", "helpdesk/httpapi", true},
		{"common", "strings", false},
		{"eventstore/follow", "helpdesk/eventstore", true},
		{"projections", "helpdesk/projections/tickets", false},
		{"projections/tickets", "helpdesk/projections", true},
		{"projections/tickets", "helpdesk/projections/comments", false},
		{"projections/view", "helpdesk/projections", false},
		{"httpapi", "helpdesk/httpapi/tickets", false},
		{"httpapi/tickets", "helpdesk/httpapi", true},
		{"httpapi/tickets", "helpdesk/httpapi/comments", false},
		{"httpapi/tickets", "helpdesk/projections/tickets", true},
		{"web/tickets", "helpdesk/web", true},
		{"web/tickets", "helpdesk/web/people", false},
		{"web/tickets", "helpdesk/httpapi/tickets", false},
	} {
		if got := violations(c.from, c.to); (len(got) == 0) != c.want {
			t.Errorf("%s → %s allowed: got %v, want %v: %v", c.from, c.to, len(got) == 0, c.want, got)
		}
	}
}

// room returns the part of the house that a package is of: its first folder.
func room(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

func TestNoRoomImportsItselfByOthers(t *testing.T) {
	t.Parallel()
	imports := map[string]map[string]bool{}
	for _, p := range packages(t) {
		from := room(p.path())
		if from == "cmd" || from == "test" {
			continue // nobody imports them
		}
		for _, to := range p.Imports {
			if inside, ours := strings.CutPrefix(to, module+"/"); ours && room(inside) != from {
				if imports[from] == nil {
					imports[from] = map[string]bool{}
				}
				imports[from][room(inside)] = true
			}
		}
	}
	for _, from := range slices.Sorted(maps.Keys(imports)) {
		if way := wayBack(imports, from, []string{from}); way != nil {
			t.Errorf("rooms import each other in a circle: %s", strings.Join(way, " → "))
		}
	}
}

// wayBack returns a way of imports that leads from the end of way to its start,
// nil where there is none.
func wayBack(imports map[string]map[string]bool, start string, way []string) []string {
	for _, next := range slices.Sorted(maps.Keys(imports[way[len(way)-1]])) {
		if next == start {
			return append(way, next)
		}
		if slices.Contains(way, next) {
			continue
		}
		if found := wayBack(imports, start, append(slices.Clone(way), next)); found != nil {
			return found
		}
	}
	return nil
}

func TestTheCircleOfRoomsIsFound(t *testing.T) {
	t.Parallel()
	imports := map[string]map[string]bool{"a": {"b": true, "c": true}, "b": {"c": true}, "c": {"d": true}, "d": {"b": true}}
	if way := wayBack(imports, "b", []string{"b"}); !slices.Equal(way, []string{"b", "c", "d", "b"}) {
		t.Errorf("from b: got %v", way)
	}
	if way := wayBack(imports, "a", []string{"a"}); way != nil {
		t.Errorf("nobody imports a: got %v", way)
	}
}
