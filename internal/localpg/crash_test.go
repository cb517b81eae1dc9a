package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestPostmasterKilledIsStartedAgain(t *testing.T) {
	t.Parallel()
	s := start(t, newDir(t))
	writeNote(t, s)
	conn, err := pgx.Connect(t.Context(), s.OwnerURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "BEGIN; INSERT INTO note VALUES ('never committed')"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		old := s.PostmasterPID()
		if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "another postmaster", func() bool { pid := s.PostmasterPID(); return pid != 0 && pid != old })
		wantNote(t, s)
	}
	if err := s.Err(); err != nil {
		t.Errorf("Err = %v, want none", err)
	}
}

func TestServerThatCannotStartIsGivenUp(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	s := start(t, dir)
	writeNote(t, s)
	control := filepath.Join(s.layout.data, "global", "pg_control")
	if err := os.Rename(control, control+".away"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.PostmasterPID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	if err := s.Err(); !errors.Is(err, ErrGaveUp) {
		t.Errorf("Err = %v, want ErrGaveUp", err)
	}
	if got := s.PostmasterPID(); got != 0 {
		t.Errorf("PostmasterPID = %d, want 0", got)
	}

	stop(t, s)
	if err := os.Rename(control+".away", control); err != nil {
		t.Fatal(err)
	}
	wantNote(t, start(t, dir))
}

func TestServiceKilledEndsTheServer(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	first := start(t, dir)
	writeNote(t, first)
	stop(t, first)

	proc, postmaster := startHelper(t, dir, true)
	kill9(t, proc)
	s := start(t, dir) // at once, whether or not the old one is gone
	if alive(postmaster) {
		t.Errorf("postmaster %d outlived its service and the next start", postmaster)
	}
	wantNote(t, s)
}

func TestPostmasterEndsWithoutItsService(t *testing.T) {
	t.Parallel()
	proc, postmaster := startHelper(t, newDir(t), true)
	kill9(t, proc)
	waitFor(t, "the end of the postmaster", func() bool { return !alive(postmaster) })
}

func TestForeignPidInStalePidFile(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	s := start(t, dir)
	writeNote(t, s)
	stop(t, s)

	foreign := exec.Command("sleep", "60")
	if err := foreign.Start(); err != nil {
		t.Fatal(err)
	}
	defer kill9(t, foreign)
	pid := strconv.Itoa(foreign.Process.Pid)
	note := pid + "\n" + s.layout.data + "\n1700000000\n5432\n" + s.socketDir + "\n\n    12345         0\nready   \n"
	for _, name := range []string{
		filepath.Join(s.layout.data, "postmaster.pid"),
		filepath.Join(s.socketDir, socketName+".lock"),
	} {
		if err := os.WriteFile(name, []byte(note), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantNote(t, start(t, dir))
	if !alive(foreign.Process.Pid) {
		t.Error("the process that has the pid now was ended")
	}
}

func TestDeadPostmasterNobodyReapedIsNoServer(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	s := start(t, dir)
	writeNote(t, s)
	stop(t, s)

	cmd := exec.Command(filepath.Join(s.bin.Dir, "postgres"), s.arguments()...)
	cmd.Dir = s.layout.data
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.layout.acct.credential()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	waitFor(t, "the server", func() bool { noted, ready := readNote(s.layout.data); return ready && noted == pid })
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }() // not before: it stays in the process table
	waitFor(t, "its end", func() bool { return !alive(pid) })
	wantNote(t, start(t, dir))
}

func TestLiveOrphanIsStopped(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	s := start(t, dir)
	writeNote(t, s)
	stop(t, s)

	cmd := exec.Command(filepath.Join(s.bin.Dir, "postgres"), s.arguments()...)
	cmd.Dir = s.layout.data
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.layout.acct.credential()}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	reaped := make(chan error, 1)
	go func() { reaped <- cmd.Wait() }()
	waitFor(t, "the orphan's pid file", func() bool { return postmasterPID(s.layout.data) == cmd.Process.Pid })
	again := start(t, dir)
	if err := <-reaped; err != nil {
		t.Logf("the orphan ended: %v", err)
	}
	wantNote(t, again)
}

func TestKilledInitdbIsDoneAgain(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	proc, _ := startHelper(t, dir, false)
	half := filepath.Join(dir, "pg", "data.new", "base")
	waitFor(t, "an initdb under way", func() bool { _, err := os.Stat(half); return err == nil })
	kill9(t, proc)
	if _, err := os.Stat(filepath.Join(dir, "pg", "data")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the data folder is there already: %v", err)
	}
	s := start(t, dir)
	writeNote(t, s)
	if _, err := os.Stat(s.layout.dataNew); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("data.new: %v, want none", err)
	}
}

func TestFirstStartCanBeCalledOff(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := Start(ctx, testConfig(t, dir))
		failed <- err
	}()
	half := filepath.Join(dir, "pg", "data.new", "base")
	waitFor(t, "an initdb under way", func() bool { _, err := os.Stat(half); return err == nil })
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("Start = %v, want %v", err, context.Canceled)
	}
	writeNote(t, start(t, dir))
}

func TestTwoFirstStartsAtOnce(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	var (
		wg      sync.WaitGroup
		servers [2]*Server
		errs    [2]error
	)
	for i := range servers {
		wg.Go(func() { servers[i], errs[i] = Start(context.Background(), testConfig(t, dir)) })
	}
	shared, err := Attach(t.Context(), testConfig(t, dir)) // waits for the winner, or is it
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	all, refused := []*Server{shared}, 0
	for i, s := range servers {
		switch {
		case errs[i] == nil:
			all = append(all, s)
		case errors.Is(errs[i], ErrInUse):
			refused++
		default:
			t.Error(errs[i])
		}
	}
	owners := 0
	for _, s := range all {
		mustRun(t, s.ServiceURL(), "SELECT")
		if !s.Shared() {
			owners++
		}
	}
	if got, want := fmt.Sprint(owners, " owner, ", len(all)+refused, " answers"), "1 owner, 3 answers"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, s := range all {
		stop(t, s)
	}
}
