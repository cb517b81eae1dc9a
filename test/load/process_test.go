package load

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// rusage is what the kernel says of this process by another way than /proc.
func rusage(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestProcessorTimeOfAProcess(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	for began := rusage(t); rusage(t) < began+100*time.Millisecond; { // uses some
	}
	before := rusage(t)
	p, err := ProcessOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if after := rusage(t); p.CPU < before-2*tick || p.CPU > after+2*tick {
		t.Errorf("got %s, want between %s and %s", p.CPU, before, after)
	}
	if p.Parent != os.Getppid() {
		t.Errorf("parent: got %d, want %d", p.Parent, os.Getppid())
	}
}

func TestChildrenOfAProcess(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	cmd := exec.Command("cat") // waits for its input
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	found := false
	for _, child := range Children(os.Getpid()) {
		found = found || child.PID == cmd.Process.Pid
	}
	if !found {
		t.Errorf("%d is not among the children", cmd.Process.Pid)
	}
}
