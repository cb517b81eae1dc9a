//go:build !linux

package localpg

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// setDeathSignal does nothing: only Linux tells a child of its parent's death.
// The next Start stops the server left behind.
func setDeathSignal(*syscall.SysProcAttr, syscall.Signal) {}

func alive(pid int) bool {
	if pid <= 0 {
		return false
	}
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// isServerOf reports whether pid is the postmaster of data, by its arguments.
func isServerOf(pid int, data string) bool {
	out, err := exec.Command("ps", "-p", strconv.Itoa(pid), "-o", "command=").Output()
	return err == nil && strings.Contains(string(out), "postgres") && strings.Contains(string(out), data)
}

// serverProcesses lists nothing: where there is no /proc the postmaster's pid
// file is all there is to go by.
func serverProcesses(string) []int { return nil }
