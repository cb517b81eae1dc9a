package clients

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"helpdesk/test/contract"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestGoClient makes the client from the document, builds drive with it and
// lets that see a ticket through.
func TestGoClient(t *testing.T) {
	t.Parallel()
	root, err := contract.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	client, overlay, drive := filepath.Join(dir, "desk.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "drive")
	run(t, root, "go", "tool", "oapi-codegen", "-generate", "types,client", "-package", "desk", "-o", client, "httpapi/testdata/openapi.json")
	replace := map[string]any{"Replace": map[string]string{filepath.Join(root, "test", "clients", "desk", "desk.go"): client}}
	text, err := json.Marshal(replace)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, text, 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, root, "go", "build", "-tags", "generated", "-overlay", overlay, "-o", drive, "./test/clients/drive")
	run(t, root, drive, program.Open(t).URL, program.Secret)
}

// run runs a command in dir and fails the test with what it printed.
func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// TestTheProgramServesTheGoldenDocument holds what clients are made from
// against what the program says of itself.
func TestTheProgramServesTheGoldenDocument(t *testing.T) {
	t.Parallel()
	want, err := contract.GoldenText()
	if err != nil {
		t.Fatal(err)
	}
	got := program.Open(t).Client(t).Must(t, http.StatusOK, "GET", "/openapi.json", nil).Body
	if string(got) != string(want) {
		t.Error("the program serves another document than httpapi/testdata/openapi.json")
	}
}
