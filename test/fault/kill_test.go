package fault

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"helpdesk/test/program"
)

const (
	wishes = 1000
	struck = 300 // acknowledged before something is killed
)

func TestServiceKilledInTheMiddleOfWritesKeepsEveryAcknowledgedOne(t *testing.T) {
	t.Parallel()
	dir := program.DataDir(t)
	first := program.Serve(t, "HELPDESK_DATA_DIR="+dir)
	l := newLoad("a", wishes, signUp(t, first, 4))
	l.run(t.Context(), struck, first.Kill)
	t.Logf("answers by status, 0 for none: %v", l.outcomes())
	wantSurvivors(t, dir, l)
}

func TestServiceAndPostgresKilledAtOnceKeepEveryAcknowledgedWrite(t *testing.T) {
	t.Parallel()
	dir := program.DataDir(t)
	first := program.Serve(t, "HELPDESK_DATA_DIR="+dir)
	l := newLoad("c", wishes, signUp(t, first, 4))
	l.run(t.Context(), struck, func() {
		killPostmaster(t, dir)
		first.Kill()
	})
	t.Logf("answers by status, 0 for none: %v", l.outcomes())
	wantSurvivors(t, dir, l)
}

// wantSurvivors starts a program on what a killed one left and fails the test
// unless nothing acknowledged is lost, and all that was not can be repeated.
func wantSurvivors(t *testing.T, dir string, l *load) {
	t.Helper()
	if n := l.outcomes()[http.StatusCreated]; n < struck || n == wishes {
		t.Fatalf("%d of %d were acknowledged: not killed in the middle", n, wishes)
	}
	began := time.Now()
	again := program.Serve(t, "HELPDESK_DATA_DIR="+dir)
	t.Logf("serving again after %v", time.Since(began))
	for _, w := range l.wishes {
		w.who.URL = again.URL
	}
	wantAllKept(t, dir, l)
}

// wantAllKept holds what is there now against what was acknowledged, then
// repeats the rest.
func wantAllKept(t *testing.T, dir string, l *load) {
	t.Helper()
	l.wantAll(t)
	conn := embedded(t, dir)
	awaitFollowers(t, conn)
	wantWholeLog(t, conn)
	wantFold(t, conn)

	l.repeatLost(t)
	head := awaitFollowers(t, conn)
	l.wantOnce(t, conn)
	wantWholeLog(t, conn)
	if at := wantFold(t, conn); at != head {
		t.Errorf("the checkpoint is %d, the head %d", at, head)
	}
}

func TestPostgresKilledInTheMiddleOfWritesComesBack(t *testing.T) {
	t.Parallel()
	dir := program.DataDir(t)
	p := program.Serve(t, "HELPDESK_DATA_DIR="+dir)
	l := newLoad("b", wishes, signUp(t, p, 4))
	var old int
	var killed time.Time
	l.run(t.Context(), struck, func() {
		killed = time.Now()
		old = killPostmaster(t, dir)
	})
	t.Logf("after %v: answers by status, 0 for none: %v", time.Since(killed), l.outcomes())
	eventually(t, "another postmaster", func(context.Context) bool {
		pid, err := postmaster(dir)
		return err == nil && pid != old
	})
	eventually(t, "an answer from the database", func(ctx context.Context) bool {
		a, err := l.wishes[0].who.Do(ctx, "GET", "/api/me/", nil)
		return err == nil && a.Status == http.StatusOK
	})
	t.Logf("answering again %v after the kill", time.Since(killed))
	for _, w := range l.wishes {
		switch w.status {
		case http.StatusCreated, http.StatusServiceUnavailable:
		default:
			t.Errorf("%s: got %d %v, want 201 or 503", w.key, w.status, w.err)
		}
	}
	wantAllKept(t, dir, l)
}

// killPostmaster ends the Postgres of dir with kill -9 and returns its pid.
func killPostmaster(t *testing.T, dir string) int {
	t.Helper()
	pid, err := postmaster(dir)
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err != nil {
		t.Errorf("kill the postmaster: %v", err)
	}
	return pid
}

// postmaster returns the pid of the Postgres of dir.
func postmaster(dir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(dir, "pg", "data", "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("postmaster.pid begins with %q", line)
	}
	return pid, nil
}
