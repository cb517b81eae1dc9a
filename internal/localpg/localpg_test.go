package localpg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// helperDir names the data folder for which the test binary, run again, is the
// process that owns a server and is killed.
const helperDir = "LOCALPG_TEST_HELPER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		helper(dir)
		return
	}
	os.Exit(m.Run())
}

func helper(dir string) {
	s, err := Start(context.Background(), Config{DataDir: dir, BinDir: os.Getenv("HELPDESK_PG_BIN")})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready", s.PostmasterPID())
	_, _ = io.Copy(io.Discard, os.Stdin) // until killed
}

// startHelper runs a process that starts a server in dir and returns once it
// has said its first line, if wait is set.
func startHelper(t *testing.T, dir string, wait bool) (proc *exec.Cmd, postmaster int) {
	t.Helper()
	proc = exec.Command(os.Args[0])
	proc.Env = append(os.Environ(), helperDir+"="+dir)
	stdin, err := proc.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := proc.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := proc.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); kill9(t, proc) })
	if wait {
		line, err := bufio.NewReader(stdout).ReadString('\n')
		if _, scanErr := fmt.Sscanf(line, "ready %d", &postmaster); scanErr != nil {
			t.Fatalf("the helper says %q: %v", line, err)
		}
	}
	return proc, postmaster
}

func kill9(t *testing.T, proc *exec.Cmd) {
	t.Helper()
	if proc.ProcessState == nil {
		_ = proc.Process.Kill()
		_ = proc.Wait()
	}
}

// newDir makes a data folder that the server's user can reach.
func newDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "localpg-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Discard(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func testConfig(t *testing.T, dir string) Config {
	return Config{
		DataDir: dir,
		BinDir:  os.Getenv("HELPDESK_PG_BIN"),
		Logger:  slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

func start(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Start(t.Context(), testConfig(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func run(t *testing.T, url string, stmts ...string) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	for _, stmt := range stmts {
		if _, err := conn.Exec(t.Context(), stmt); err != nil {
			return fmt.Errorf("%s: %w", stmt, err)
		}
	}
	return nil
}

func mustRun(t *testing.T, url string, stmts ...string) {
	t.Helper()
	if err := run(t, url, stmts...); err != nil {
		t.Fatal(err)
	}
}

// writeNote leaves behind what wantNote looks for.
func writeNote(t *testing.T, s *Server) {
	t.Helper()
	mustRun(t, s.OwnerURL(), "CREATE TABLE note (text text)", "INSERT INTO note VALUES ('kept')")
}

func wantNote(t *testing.T, s *Server) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.OwnerURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var got string
	if err := conn.QueryRow(t.Context(), "SELECT text FROM note").Scan(&got); err != nil {
		t.Fatal(err)
	}
	if want := "kept"; got != want {
		t.Errorf("note = %q, want %q", got, want)
	}
}

// waitFor polls for what has no signal of its own.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("waited too long: %s", what)
		case <-tick.C:
		}
	}
}

func TestDataSurvivesRestart(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	s := start(t, dir)
	writeNote(t, s)
	pid := s.PostmasterPID()
	stop(t, s)
	if alive(pid) {
		t.Errorf("postmaster %d runs after Stop", pid)
	}
	if _, err := os.Stat(s.layout.owner); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("owner.json after Stop: %v, want none", err)
	}
	wantNote(t, start(t, dir))
}

func TestSecondStartIsRefusedWithPidAndAddress(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	s := start(t, dir)
	if err := s.SetAddress("http://127.0.0.1:8123"); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), testConfig(t, dir))
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("second Start = %v, want ErrInUse", err)
	}
	for _, want := range []string{strconv.Itoa(os.Getpid()), "http://127.0.0.1:8123"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("refusal %q does not name %s", err, want)
		}
	}

	writeNote(t, s)
	shared, err := Attach(t.Context(), testConfig(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	wantNote(t, shared)
	stop(t, shared)
	wantNote(t, s) // letting go of the share left the server running
}

func TestAttachStartsAServerWhereNoneRuns(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	s, err := Attach(t.Context(), testConfig(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if s.Shared() {
		t.Error("a server of its own counts as shared")
	}
	writeNote(t, s)
	stop(t, s)
	if got := serverProcesses(s.layout.data); len(got) > 0 {
		t.Errorf("processes after Stop: %v, want none", got)
	}
}

func TestRolesCannotDoEachOthersThings(t *testing.T) {
	t.Parallel()
	s := start(t, newDir(t))
	writeNote(t, s)
	for name, tc := range map[string]struct {
		url, stmt string
	}{
		"the service reads what it was not granted": {s.ServiceURL(), "SELECT FROM note"},
		"the service makes a table":                 {s.ServiceURL(), "CREATE TABLE mine ()"},
		"the service makes a temporary table":       {s.ServiceURL(), "CREATE TEMP TABLE mine ()"},
		"the service makes a schema":                {s.ServiceURL(), "CREATE SCHEMA mine"},
		"the service makes a role":                  {s.ServiceURL(), "CREATE ROLE mine"},
		"the service becomes the owner":             {s.ServiceURL(), "SET ROLE " + OwnerRole},
		"the service becomes the superuser":         {s.ServiceURL(), "SET ROLE " + SuperRole},
		"the owner becomes the superuser":           {s.OwnerURL(), "SET ROLE " + SuperRole},
		"the owner reads a file of the server":      {s.OwnerURL(), "SELECT pg_read_file('PG_VERSION')"},
		"the owner turns durability off":            {s.OwnerURL(), "ALTER SYSTEM SET fsync = off"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(t, tc.url, tc.stmt); err == nil || !strings.Contains(err.Error(), "42501") {
				t.Errorf("%s = %v, want insufficient_privilege (42501)", tc.stmt, err)
			}
		})
	}
	mustRun(t, s.OwnerURL(), "GRANT SELECT ON note TO "+ServiceRole, "CREATE ROLE helpdesk_service")
	mustRun(t, s.ServiceURL(), "SELECT FROM note")
}

func TestServerIsDurableAndLocal(t *testing.T) {
	t.Parallel()
	s := start(t, newDir(t))
	conn, err := pgx.Connect(t.Context(), s.SuperURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	got := map[string]string{}
	want := map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on",
		"listen_addresses": "", "unix_socket_permissions": "0700", "server_encoding": "UTF8",
		"max_connections": "200", "shared_buffers": "256MB",
	}
	for name := range want {
		var value string
		if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&value); err != nil {
			t.Fatal(err)
		}
		got[name] = value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	var order, letters bool
	const q = `SELECT 'Z' < 'a', upper('é') = 'É'`
	if err := conn.QueryRow(t.Context(), q).Scan(&order, &letters); err != nil {
		t.Fatal(err)
	}
	if !order || !letters {
		t.Errorf("byte order %t, Unicode letters %t, want both", order, letters)
	}
	info, err := os.Stat(s.socketDir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := info.Mode().Perm(), os.FileMode(0o700); got != want {
		t.Errorf("mode of the socket's folder = %v, want %v", got, want)
	}
}

func TestAnotherMajorIsRefused(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	data := filepath.Join(dir, "pg", "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	version := filepath.Join(data, "PG_VERSION")
	if err := os.WriteFile(version, []byte("12\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t, dir)
	cfg.Offline, cfg.CacheDir = true, t.TempDir()
	if got, err := Start(t.Context(), cfg); !errors.Is(err, ErrMajor) {
		t.Errorf("Start = %v, %v, want ErrMajor", got, err)
	} else {
		t.Log(err)
	}
	if got, err := os.ReadFile(version); string(got) != "12\n" {
		t.Errorf("PG_VERSION = %q, %v: the data was touched", got, err)
	}
}

func TestAFolderThatIsNoDataFolderIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	precious := filepath.Join(dir, "pg", "data", "precious")
	if err := os.MkdirAll(precious, 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := Start(t.Context(), testConfig(t, dir)); err == nil {
		stop(t, got)
		t.Error("Start took a folder with something else in it")
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

func TestRootMovesDataTheServerCannotReach(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root runs the server as somebody else")
	}
	t.Parallel()
	closed := t.TempDir() // of mode 0700 somewhere above
	s := start(t, closed)
	home := filepath.Dir(s.Dir())
	t.Cleanup(func() {
		stop(t, s)
		if err := Discard(home); err != nil {
			t.Error(err)
		}
	})
	if got, want := filepath.Dir(home), rootDataDir; got != want {
		t.Errorf("the data is under %s, want %s", got, want)
	}
	writeNote(t, s)
	stop(t, s)
	wantNote(t, start(t, closed))
}
