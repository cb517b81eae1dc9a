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
// earlier one and removes the notes of its pid, which may by now be the pid of
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
	notes := []string{
		filepath.Join(l.data, "postmaster.pid"),
		filepath.Join(socketDir, socketName),
		filepath.Join(socketDir, socketName+".lock"),
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
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return 0
	}
	return max(pid, -pid) // a server for a single session notes it negated
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
		defer lock.Close()
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
