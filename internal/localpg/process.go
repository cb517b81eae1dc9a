package localpg

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// process is a child that has been started.
type process struct {
	pid    int
	exited chan struct{}
	err    error // of Wait; to be read once exited is closed
}

// spawn starts cmd as acct in a process group of its own, so that a Ctrl-C at
// the terminal is for this process alone to act on. The kernel sends the child
// onDeath when this process dies, where it can.
func spawn(cmd *exec.Cmd, acct account, onDeath syscall.Signal) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: acct.credential()}
	setDeathSignal(cmd.SysProcAttr, onDeath)
	p := &process{exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The death signal comes when the thread that forked ends, so that
		// thread stays with the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		p.pid = cmd.Process.Pid
		started <- nil
		p.err = cmd.Wait()
		close(p.exited)
	}()
	return p, <-started
}

// signal is a no-op once the child has been waited for.
func (p *process) signal(sig syscall.Signal) {
	select {
	case <-p.exited:
	default:
		_ = syscall.Kill(p.pid, sig) // gone already is as good
	}
}

// stop sends first and waits; when ctx ends it sends SIGQUIT, on which Postgres
// drops everything at once, and SIGKILL 5 s after that. It returns whether
// first was enough.
func (p *process) stop(ctx context.Context, first syscall.Signal) bool {
	p.signal(first)
	select {
	case <-p.exited:
		return true
	case <-ctx.Done():
	}
	p.signal(syscall.SIGQUIT)
	select {
	case <-p.exited:
	case <-time.After(5 * time.Second):
		p.signal(syscall.SIGKILL)
		<-p.exited
	}
	return false
}

// childEnv is this process's environment without what would steer Postgres, and
// without our own settings: there are secrets in them.
func childEnv() []string {
	env := []string{"LC_ALL=C"}
	for _, kv := range os.Environ() {
		if !slices.ContainsFunc([]string{"PG", "LC_", "LANG", "HELPDESK_"}, func(prefix string) bool { return strings.HasPrefix(kv, prefix) }) {
			env = append(env, kv)
		}
	}
	return env
}

// waitGone reports whether all of pids, which need not be children, end within
// the time given.
func waitGone(pids []int, within time.Duration) bool {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		gone := true
		for _, pid := range pids {
			gone = gone && !alive(pid)
		}
		if gone {
			return true
		}
		select {
		case <-deadline.C:
			return false
		case <-tick.C:
		}
	}
}
