package localpg

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clearRemains makes way for a new server: it stops what still runs of an
// earlier one and removes notes of its pid, which may by now be the pid of
// anything. Only the holder of the lock may, while it runs no server itself.
func (l *layout) clearRemains(socketDir string, log *slog.Logger) error {
	pid := postmasterPID(l.data)
	if alive(pid) && isServerOf(pid, l.data) {
		log.Warn("stopping a Postgres server left behind", slog.Int("pid", pid), slog.String("folder", l.data))
		if err := endAll([]int{pid}, 10*time.Second, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL); err != nil {
			return err
		}
	}
	// A postmaster killed outright leaves backends that finish what they are at.
	if rest := serverProcesses(l.data); len(rest) > 0 {
		if err := endAll(rest, 2*time.Second, syscall.SIGQUIT, syscall.SIGKILL); err != nil {
			return err
		}
	}
	notes := []string{filepath.Join(socketDir, socketName), filepath.Join(socketDir, socketName+".lock")}
	if pid = postmasterPID(l.data); pid > 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		// Not ours by now, or ours, dead and not reaped yet: Postgres takes
		// either for a running server. Of one that is gone the note is left to
		// Postgres, which sees by it whether memory of it is still in use.
		notes = append(notes, filepath.Join(l.data, "postmaster.pid"))
	}
	for _, name := range notes {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what an earlier server left: %w", err)
		}
	}
	return nil
}

// clearInit removes an initdb that did not come to its end.
func (l *layout) clearInit() error {
	if rest := serverProcesses(l.dataNew); len(rest) > 0 {
		if err := endAll(rest, 2*time.Second, syscall.SIGKILL); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(l.dataNew); err != nil {
		return fmt.Errorf("remove an unfinished data folder: %w", err)
	}
	return nil
}

// endAll sends one signal after the other, each given patience to act.
func endAll(pids []int, patience time.Duration, sigs ...syscall.Signal) error {
	for _, sig := range sigs {
		for _, pid := range pids {
			_ = syscall.Kill(pid, sig) // gone already is as good
		}
		if waitGone(pids, patience) {
			return nil
		}
	}
	return fmt.Errorf("processes %v of an earlier Postgres server do not end", pids)
}

// postmasterPID is the pid noted in a data folder, 0 when there is none.
func postmasterPID(data string) int {
	pid, _ := readNote(data)
	return pid
}

// readNote reads postmaster.pid: the pid of the server and whether it accepts
// connections.
func readNote(data string) (pid int, ready bool) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0, false
	}
	lines := strings.Split(string(text), "\n")
	pid, err = strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		return 0, false
	}
	const status = 7 // LOCK_FILE_LINE_PM_STATUS in Postgres's miscadmin.h, from 0
	ready = len(lines) > status && strings.TrimSpace(lines[status]) == "ready"
	return max(pid, -pid), ready // a server for a single session notes it negated
}

// Discard removes dataDir with all that is in it, after ending a server that
// was left behind there. It fails with ErrInUse while a process owns it. For
// throw-away servers alone.
func Discard(dataDir string) error {
	l := layoutAt(filepath.Join(dataDir, "pg"))
	if _, err := os.Stat(l.dir); err == nil {
		lock, err := l.acquire()
		if err != nil {
			return err
		}
		defer unlock(lock)
		pids := serverProcesses(l.data)
		if pid := postmasterPID(l.data); len(pids) == 0 && alive(pid) && isServerOf(pid, l.data) {
			pids = []int{pid}
		}
		if err := endAll(pids, 5*time.Second, syscall.SIGQUIT, syscall.SIGKILL); err != nil {
			return err
		}
	}
	return os.RemoveAll(dataDir)
}
