package program

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress shows how far a command is, how fast and how long it will take: a
// bar on a terminal, else a line now and then.
type Progress struct {
	done  string // what is done to them
	units string // of what
	step  int64  // how many are between two lines
	out   io.Writer
	bar   *progressbar.ProgressBar // nil: not on a terminal
	next  int64
	first int64     // where it began
	began time.Time // zero: it has not
}

// ProgressStep is how many events are between two lines.
const ProgressStep = 100_000

// NewProgress returns a progress of units, of which done is said on out; step
// is how many are between two lines.
func NewProgress(done, units string, step int64, out io.Writer) *Progress {
	p := &Progress{done: done, units: units, step: step, out: out, next: step}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(done),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString(units),
			progressbar.OptionClearOnFinish())
	}
	return p
}

// Show shows how many of how many are done.
func (p *Progress) Show(done, of int64) {
	if p.bar != nil {
		p.bar.ChangeMax64(of)
		_ = p.bar.Set64(done) // it only draws
		return
	}
	if p.began.IsZero() {
		p.first, p.began = done, time.Now()
	}
	if done >= p.next {
		fmt.Fprintf(p.out, "%s %d of %d %s%s\n", p.done, done, of, p.units, p.pace(done, of, time.Since(p.began)))
		p.next = done - done%p.step + p.step
	}
}

// Say prints a line of its own.
func (p *Progress) Say(line string) {
	if p.bar != nil {
		_ = p.bar.Clear() // it only draws
	}
	fmt.Fprintln(p.out, line)
}

// pace returns how fast it goes and how long it will take, as far as that is known.
func (p *Progress) pace(done, of int64, took time.Duration) string {
	if done <= p.first || took <= 0 {
		return ""
	}
	rate := float64(done-p.first) / took.Seconds()
	left := time.Duration(float64(of-done) / rate * float64(time.Second))
	return fmt.Sprintf(", %.0f a second, %s left", rate, left.Round(time.Second))
}

// Close ends it.
func (p *Progress) Close() {
	if p.bar != nil {
		_ = p.bar.Close() // it only draws
	}
}
