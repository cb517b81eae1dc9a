// Package program runs the true helpdesk program for tests: it builds it once,
// starts it on a free port and speaks HTTP to it, as any client would.
package program

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"helpdesk/internal/localpg"
	"helpdesk/test/keys"
)

// patience is far above what a start or an end takes.
const patience = time.Minute

// built is the folder of the program, empty before the first test needed one.
var built string

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "helpdesk-program-")
	if err != nil {
		return "", err
	}
	built = dir
	if err := removeAfterwards(dir); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "helpdesk")
	out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", binary, main).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return binary, lookAtSources()
})

// main is the program's package.
const main = "helpdesk/cmd/helpdesk"

// lookAtSources looks at every file the program is made of. The go command
// remembers which files a test looked at, and takes its result from the cache
// only while they are the same; of a program that is built by the way it would
// know nothing.
func lookAtSources() error {
	const files = `{{if .Module}}{{if .Module.Main}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$dir}}/{{.}}
{{end}}{{end}}{{end}}`
	out, err := exec.Command("go", "list", "-deps", "-f", files, main).Output()
	if err != nil {
		return fmt.Errorf("list the sources of the program: %w", err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		if _, err := os.Stat(path); err != nil {
			return err
		}
	}
	return nil
}

// removeAfterwards removes dir once this process has ended, however it ends, so
// that a package whose TestMain is another's leaves nothing behind either.
func removeAfterwards(dir string) (err error) {
	cmd := exec.Command("sh", "-c", `read -r _; rm -rf "$0"`, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is not for it
	if alive, err = cmd.StdinPipe(); err != nil {
		return err
	}
	return cmd.Start()
}

// alive is closed by the end of this process. Held here, lest it be collected
// and so closed before.
var alive io.Closer

// Main runs the tests of a package and removes the program they built. A
// package that has to call another's Main, such as pgtest's, need not call it.
func Main(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
		alive.Close()
	}
	os.Exit(code)
}

// Binary returns the path of the program, built once per test process.
func Binary(t testing.TB) string {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// DataDir makes a folder for HELPDESK_DATA_DIR on disk that the embedded
// Postgres can reach, which runs as another user where the test is root. It is
// gone with the test, and so is a server left behind in it.
func DataDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "helpdesk-data-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := localpg.Discard(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Program is a running "helpdesk serve".
type Program struct {
	URL string // http://127.0.0.1:port

	cmd    *exec.Cmd
	stderr *tail
	ended  chan error // holds the error of Wait once it ended
}

// Serve starts the program with env ("HELPDESK_X=y" each) and returns once it
// says where it is. It listens on a free port of loopback unless env says
// otherwise. It is ended with the test.
func Serve(t testing.TB, env ...string) *Program {
	t.Helper()
	p, err := TryServe(t, env...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ServeAs is [Serve] for a program with --role.
func ServeAs(t testing.TB, role string, env ...string) *Program {
	t.Helper()
	p, err := start(t, []string{"serve", "--role=" + role}, env)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TryServe is [Serve] for a start that may be refused: the error then holds
// what the program said on standard error.
func TryServe(t testing.TB, env ...string) (*Program, error) {
	t.Helper()
	return start(t, []string{"serve"}, env)
}

func start(t testing.TB, args, env []string) (*Program, error) {
	t.Helper()
	// A folder of its own, unless env names one: keys and checkpoints of the log
	// belong to one database.
	env = append([]string{"HELPDESK_DATA_DIR=" + t.TempDir()}, env...)
	p, err := Start(Binary(t), args, Environ(env...))
	if err == nil {
		t.Cleanup(p.Kill)
	}
	return p, err
}

// Start starts a program that prints where it is, and returns once it did. The caller
// MUST Stop or Kill it.
func Start(binary string, args, environ []string) (*Program, error) {
	p := &Program{cmd: exec.Command(binary, args...), stderr: &tail{}, ended: make(chan error, 1)}
	p.cmd.Env, p.cmd.Stderr = environ, p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	url := make(chan string, 1)
	go func() {
		p.read(stdout, url)
		p.ended <- p.cmd.Wait()
	}()
	select {
	case p.URL = <-url:
		return p, nil
	case err := <-p.ended:
		p.ended <- err
		return nil, fmt.Errorf("the program did not start: %w\n%s", err, p.stderr)
	case <-time.After(patience):
		p.Kill()
		return nil, fmt.Errorf("the program did not say where it is\n%s", p.stderr)
	}
}

// read looks for the address in what the program prints, and drains the rest.
func (p *Program) read(stdout io.Reader, url chan<- string) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if _, addr, ok := strings.Cut(lines.Text(), " is at http://"); ok {
			select {
			case url <- "http://" + addr:
			default: // the first is it
			}
		}
	}
}

// Environ returns the environment of the test without HELPDESK_ variables, but
// for HELPDESK_PG_BIN, and with a free port, without limits on calls and with much time
// for each, since the machine may be busy, and then
// env.
func Environ(env ...string) []string {
	var all []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "HELPDESK_") || strings.HasPrefix(entry, "HELPDESK_PG_BIN=") {
			all = append(all, entry)
		}
	}
	// Passwords that cost little: most tests sign many people in.
	return append(append(all, "HELPDESK_ADDR=127.0.0.1:0", "HELPDESK_RATE_LIMIT=0", "HELPDESK_REQUEST_TIME=1m", "HELPDESK_MASTER_KEY="+keys.Master,
		"HELPDESK_ARGON2_MEMORY=64", "HELPDESK_ARGON2_ITERATIONS=1"), env...)
}

// Run runs another subcommand to its end and returns what it printed.
func Run(ctx context.Context, t testing.TB, stdin string, env []string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.CommandContext(ctx, Binary(t), args...)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = Environ(env...), strings.NewReader(stdin), &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// PID returns the process id.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Log returns the newest part of what the program wrote to standard error.
func (p *Program) Log() string { return p.stderr.String() }

// Stop asks the program to end and waits until it did.
func (p *Program) Stop() error { return p.end(syscall.SIGTERM) }

// Kill ends the program at once, kill -9, and waits until it is gone.
func (p *Program) Kill() { _ = p.end(syscall.SIGKILL) }

func (p *Program) end(sig syscall.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.ended:
		p.ended <- err // for the next to ask
		return err
	case <-time.After(patience):
		return fmt.Errorf("the program did not end\n%s", p.stderr)
	}
}

// tail keeps the newest part of what is written to it.
type tail struct {
	mu   sync.Mutex
	data []byte
}

const tailSize = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if len(t.data) > tailSize {
		t.data = append([]byte(nil), t.data[len(t.data)-tailSize:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.data)
}
