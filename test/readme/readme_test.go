// Package readme runs what README.md tells people to type.
package readme

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"helpdesk/test/program"
)

func TestMain(m *testing.M) { program.Main(m) }

// address is the line of the session that names the program's address.
const address = "DESK=http://127.0.0.1:8000\n"

// noted is the status a line of the session promises.
var noted = regexp.MustCompile(`# → (\d{3})$`)

func TestFirstSessionAnswersWhatTheReadmeSays(t *testing.T) {
	t.Parallel()
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("there is no curl to run the README's session with")
	}
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh to run the README's session with")
	}
	script := session(t)
	calls, statuses := promised(t, script)

	data := program.DataDir(t)
	p := program.Serve(t, "HELPDESK_DATA_DIR="+data)
	script = strings.Replace(script, address, "DESK="+p.URL+"\n", 1)

	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program.Binary(t), filepath.Join(dir, "bin", "helpdesk")); err != nil {
		t.Fatal(err)
	}
	// Before curl on the path, one that notes each status as well.
	shims := t.TempDir()
	answered := filepath.Join(shims, "answered")
	shim := "#!/bin/sh\nexec '" + curl + "' -w '%{stderr}%{http_code}\\n' \"$@\" 2>>'" + answered + "'\n"
	if err := os.WriteFile(filepath.Join(shims, "curl"), []byte(shim), 0o755); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-eu")
	var output bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, strings.NewReader(script), &output, &output
	cmd.Env = program.Environ("HELPDESK_DATA_DIR="+data, "PATH="+shims+string(os.PathListSeparator)+os.Getenv("PATH"))
	if err := cmd.Run(); err != nil {
		t.Errorf("sh -eu: %v", err)
	}

	text, err := os.ReadFile(answered)
	if err != nil {
		t.Errorf("no call was answered: %v", err)
	}
	got := strings.Fields(string(text))
	for i, call := range calls {
		if i >= len(got) || got[i] != statuses[i] {
			t.Errorf("answers %v, want %v; the first that differs is of\n%s\nall printed:\n%s", got, statuses, call, &output)
			break
		}
	}
	if len(got) > len(calls) {
		t.Errorf("%d calls were answered, want %d", len(got), len(calls))
	}
}

// session returns the script of README.md's first session.
func session(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## A first session\n")
	if !ok {
		t.Fatal(`README.md has no heading "## A first session"`)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	_, script, ok := strings.Cut(section, "\n```sh\n")
	script, _, closed := strings.Cut(script, "\n```")
	if !ok || !closed {
		t.Fatal("the first session has no sh block")
	}
	script += "\n"
	if !strings.HasPrefix(script, address) || !strings.Contains(script, "bin/helpdesk createsuperuser ") {
		t.Fatalf("the session does not begin with %q or makes no admin:\n%s", address, script)
	}
	return script
}

// promised returns the lines that call the program and the status each
// promises.
func promised(t *testing.T, script string) (calls, statuses []string) {
	t.Helper()
	for line := range strings.Lines(script) {
		line = strings.TrimSuffix(line, "\n")
		n := strings.Count(line, "curl ")
		note := noted.FindStringSubmatch(line)
		if n > 1 || (n == 1) != (note != nil) {
			t.Fatalf("want one call and its status, or neither, in a line of the session:\n%s", line)
		}
		if n == 1 {
			calls, statuses = append(calls, line), append(statuses, note[1])
		}
	}
	if len(calls) < 5 {
		t.Fatalf("%d calls found in the session:\n%s", len(calls), script)
	}
	return calls, statuses
}
