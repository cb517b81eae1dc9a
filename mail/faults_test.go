package mail

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"helpdesk/domain/email"
)

// shortStep is how long a step may take against a server that hangs: long
// enough for the steps before, on a busy machine.
const shortStep = 2 * time.Second

// large is more than the system takes from a writer nobody reads from.
const large = 16 << 20

// steps are those a server can hang or leave at.
var steps = []struct {
	name       string // of dialogue.until
	verdict    email.Verdict
	handedOver int
	dots       int
}{
	{"", email.VerdictPostponed, 0, 0},
	{"EHLO", email.VerdictPostponed, 0, 0},
	{"MAIL", email.VerdictPostponed, 0, 0},
	{"RCPT", email.VerdictPostponed, 0, 0},
	{"DATA", email.VerdictPostponed, 0, 0},
	{"body", email.VerdictPostponed, 0, 0},
	{".", email.VerdictUncertain, 1, 1},
}

// at returns a script that does what it is given at a step, and the message to
// send.
func at(step string, then func(*dialogue)) (script func(*dialogue), m Message) {
	m = aMessage()
	if step == "body" {
		m.Data = bytes.Repeat([]byte("long\r\n"), large/6)
	}
	return func(d *dialogue) {
		if !d.until(step) {
			return
		}
		if step == "body" {
			d.text.ReadLine()
		}
		then(d)
	}, m
}

func TestAServerThatHangs(t *testing.T) {
	for _, step := range steps {
		t.Run("at "+step.name, func(t *testing.T) {
			t.Parallel()
			gone := make(chan struct{})
			script, m := at(step.name, func(d *dialogue) {
				if step.name == "body" { // does not even read
					<-gone
					return
				}
				d.hang()
			})
			office := openScript(t, script, nil)
			s := newSMTP(t, office.clear(), nil)
			s.step = shortStep
			verdict, n, err := send(t, s, m)
			close(gone)
			if verdict != step.verdict || n != step.handedOver {
				t.Errorf("got %s (%v), handed over %d times, want %s after %d", verdict, err, n, step.verdict, step.handedOver)
			}
			if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
				t.Errorf("%v is no timeout", err)
			}
			if got := office.dots(s); got != step.dots {
				t.Errorf("%d emails came to their dot, want %d", got, step.dots)
			}
		})
	}
}

func TestAServerThatLeaves(t *testing.T) {
	for _, step := range steps {
		t.Run("at "+step.name, func(t *testing.T) {
			t.Parallel()
			script, m := at(step.name, func(d *dialogue) { d.conn.Close() })
			office := openScript(t, script, nil)
			s := newSMTP(t, office.clear(), nil)
			verdict, n, err := send(t, s, m)
			if verdict != step.verdict || n != step.handedOver {
				t.Errorf("got %s (%v), handed over %d times, want %s after %d", verdict, err, n, step.verdict, step.handedOver)
			}
			if got := office.dots(s); got != step.dots {
				t.Errorf("%d emails came to their dot, want %d", got, step.dots)
			}
		})
	}
}

func TestTheEndOfContextEndsSend(t *testing.T) {
	why := errors.New("shutting down")
	for _, step := range steps {
		t.Run("at "+step.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			gone := make(chan struct{})
			script, m := at(step.name, func(d *dialogue) {
				cancel(why)
				if step.name == "body" {
					<-gone
					return
				}
				d.hang()
			})
			office := openScript(t, script, nil)
			s := newSMTP(t, office.clear(), nil)
			var h handOvers
			began := time.Now()
			err := s.Send(ctx, m, h.note)
			if took := time.Since(began); took > stepMax/2 {
				t.Errorf("it took %v", took)
			}
			close(gone)
			if verdict := verdictOf(t, err); verdict != step.verdict || h.n != step.handedOver || !errors.Is(err, why) {
				t.Errorf("got %s (%v), handed over %d times, want %s after %d", verdict, err, h.n, step.verdict, step.handedOver)
			}
			if got := office.dots(s); got != step.dots {
				t.Errorf("%d emails came to their dot, want %d", got, step.dots)
			}
		})
	}
}

func TestRepliesToTheDot(t *testing.T) {
	for _, tt := range []struct {
		reply string
		want  email.Verdict
	}{
		{"250 taken", ""},
		{"250-taken\r\n250 as number 7", ""},
		{"251 taken on", ""},
		{"421 closing", email.VerdictPostponed},
		{"554 5.7.1 spam\x00\x1b[31m", email.VerdictRefused},
		{"354 go on", email.VerdictUncertain},
		{"hello", email.VerdictUncertain},
		{"25", email.VerdictUncertain},
		{"", email.VerdictUncertain},
	} {
		t.Run(tt.reply, func(t *testing.T) {
			t.Parallel()
			office := openScript(t, func(d *dialogue) {
				if d.until(".") {
					d.say("%s", tt.reply)
					d.finish()
				}
			}, nil)
			s := newSMTP(t, office.clear(), nil)
			verdict, n, err := send(t, s, aMessage())
			if verdict != tt.want || n != 1 {
				t.Errorf("got %q (%v), handed over %d times, want %q after one", verdict, err, n, tt.want)
			}
			if err != nil && strings.ContainsAny(err.Error(), "\x00\x1b\r\n") {
				t.Errorf("the fault is no clean line: %q", err)
			}
			if got := office.dots(s); got != 1 {
				t.Errorf("%d emails came to their dot, want 1", got)
			}
		})
	}
}
