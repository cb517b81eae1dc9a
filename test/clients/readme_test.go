package clients

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"helpdesk/test/program"
)

// TestTheReadmeShowsWhatTheClientsDo compares the snippets of README.md with
// the programs that are run.
func TestTheReadmeShowsWhatTheClientsDo(t *testing.T) {
	t.Parallel()
	for language, path := range map[string]string{"go": "drive/main.go", "ts": "drive.ts"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, part, found := strings.Cut(string(text), "// README: begin\n")
		part, _, ended := strings.Cut(part, "// README: end")
		if !found || !ended {
			t.Fatalf("%s does not mark what README.md shows", path)
		}
		var want strings.Builder
		for line := range strings.Lines(part) {
			want.WriteString(strings.TrimPrefix(line, "\t"))
		}
		if got := snippet(t, language); !strings.Contains(got, strings.TrimSpace(want.String())) {
			t.Errorf("README.md shows\n%s\nand %s does\n%s", got, path, want.String())
		}
	}
}

// TestCurlDoesWhatTheReadmeSays runs the snippet for curl.
func TestCurlDoesWhatTheReadmeSays(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	p := program.Open(t)
	script := snippet(t, "sh")
	const address = "http://127.0.0.1:8000"
	if !strings.Contains(script, address) {
		t.Fatalf("the snippet does not say where the helpdesk is:\n%s", script)
	}
	dir := t.TempDir()
	run(t, dir, "sh", "-euc", strings.ReplaceAll(script, address, p.URL))
	got, err := os.ReadFile(dir + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if want := p.Client(t).Must(t, http.StatusOK, "GET", "/openapi.json", nil).Body; string(got) != string(want) {
		t.Error("curl fetched another document than the program serves")
	}
}

// snippet returns the block of a language in README.md's section on clients.
func snippet(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## Use it from your language\n")
	section, _, _ = strings.Cut(section, "\n## ")
	_, block, found := strings.Cut(section, "\n```"+language+"\n")
	block, _, closed := strings.Cut(block, "\n```")
	if !ok || !found || !closed {
		t.Fatalf("README.md shows no %s", language)
	}
	return block
}
