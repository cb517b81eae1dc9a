package localpg

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// owner is owner.json: the process that holds the lock, for others to name it
// and to find its server. It means something only while the lock is held.
type owner struct {
	PID       int       `json:"pid"`
	Command   string    `json:"command"`
	Address   string    `json:"address,omitempty"` // HTTP, once it serves
	SocketDir string    `json:"socket_dir,omitempty"`
	Ready     bool      `json:"ready"` // the server accepts connections
	StartedAt time.Time `json:"started_at"`
}

func newOwner() owner {
	command := filepath.Base(os.Args[0])
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		command += " " + os.Args[1]
	}
	return owner{PID: os.Getpid(), Command: command, StartedAt: time.Now().UTC()}
}

// acquire takes the lock until [unlock] or the end of this process, or fails with
// ErrInUse.
func (l *layout) acquire() (*os.File, error) {
	f, err := os.OpenFile(l.lock, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the embedded Postgres: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		f.Close()
		return nil, l.inUse()
	default:
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", l.lock, err)
	}
}

// unlock gives the lock up. To close the file would not do: a child that another
// goroutine has just forked has it open too, until it becomes another program.
func unlock(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}

func (l *layout) inUse() error {
	o, ok := l.readOwner()
	switch {
	case !ok:
		return fmt.Errorf("%w: another process is just taking %s over", ErrInUse, l.dir)
	case o.Address != "":
		return fmt.Errorf("%w: process %d (%s) serves %s at %s", ErrInUse, o.PID, o.Command, l.dir, o.Address)
	default:
		return fmt.Errorf("%w: process %d (%s) runs it in %s and serves no address", ErrInUse, o.PID, o.Command, l.dir)
	}
}

// readOwner returns owner.json unless the process it names is gone, which is
// so between a crash and the next owner's first note.
func (l *layout) readOwner() (owner, bool) {
	var o owner
	text, err := os.ReadFile(l.owner)
	if err != nil || json.Unmarshal(text, &o) != nil || !alive(o.PID) {
		return owner{}, false
	}
	return o, true
}

// writeOwner replaces owner.json in one step. Only the holder of the lock may.
func (l *layout) writeOwner(o owner) error {
	text, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	tmp := l.owner + ".tmp"
	if err := os.WriteFile(tmp, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("note the owner of the embedded Postgres: %w", err)
	}
	if err := os.Rename(tmp, l.owner); err != nil {
		return fmt.Errorf("note the owner of the embedded Postgres: %w", err)
	}
	return nil
}
