package load

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the kernel's times (proc(5): sysconf(_SC_CLK_TCK), 100 a second
// wherever Go runs on Linux).
const tick = 10 * time.Millisecond

// Process is what /proc has of a process.
type Process struct {
	PID, Parent int
	CPU         time.Duration
	Ended       time.Duration // of children that have ended
}

// ProcessOf reads /proc/<pid>/stat.
func ProcessOf(pid int) (p Process, err error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return p, err
	}
	// "pid (name) state parent …", and a name may hold anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	number := func(field int) int64 { // as proc(5) counts them, from 1
		n, parse := strconv.ParseInt(fields[field-3], 10, 64)
		err = errors.Join(err, parse)
		return n
	}
	p = Process{PID: pid, Parent: int(number(4))}
	p.CPU = time.Duration(number(14)+number(15)) * tick
	p.Ended = time.Duration(number(16)+number(17)) * tick
	return p, err
}

// Children returns the processes that one has started and that are there still.
func Children(parent int) (all []Process) {
	dirs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well-formed
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if p, err := ProcessOf(pid); err == nil && p.Parent == parent {
			all = append(all, p)
		}
	}
	return all
}

// CPU returns the processor time of a process and all it has started, but for what these
// have started.
func CPU(pid int) (time.Duration, error) {
	p, err := ProcessOf(pid)
	used := p.CPU + p.Ended
	for _, child := range Children(pid) {
		used += child.CPU
	}
	return used, err
}
