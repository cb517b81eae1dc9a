package mail

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// shortStep is how long a step may take against a server that hangs: long
// enough for one that does not, on a busy machine.
const shortStep = 400 * time.Millisecond

// large is more than the system takes from a writer nobody reads from.
const large = 16 << 20

// steps are those a server can hang or leave at.
var steps = []struct {
	name       string // of dialogue.until
	verdict    Verdict
	handedOver int
	dots       int
}{
	{"", Postponed, 0, 0},
	{"EHLO", Postponed, 0, 0},
	{"MAIL", Postponed, 0, 0},
	{"RCPT", Postponed, 0, 0},
	{"DATA", Postponed, 0, 0},
	{"body", Postponed, 0, 0},
	{".", Uncertain, 1, 1},
}

// at answers a script that does what it is given at a step, and the message to
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
				t.Errorf("%d letters came to their dot, want %d", got, step.dots)
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
				t.Errorf("%d letters came to their dot, want %d", got, step.dots)
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
				t.Errorf("%d letters came to their dot, want %d", got, step.dots)
			}
		})
	}
}

func TestRepliesToTheDot(t *testing.T) {
	for _, tt := range []struct {
		reply string
		want  Verdict
	}{
		{"250 taken", ""},
		{"250-taken\r\n250 as number 7", ""},
		{"251 taken on", ""},
		{"421 closing", Postponed},
		{"554 5.7.1 spam\x00\x1b[31m", Refused},
		{"354 go on", Uncertain},
		{"hello", Uncertain},
		{"25", Uncertain},
		{"", Uncertain},
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
				t.Errorf("%d letters came to their dot, want 1", got)
			}
		})
	}
}

// wholeBody answers a script that reports the body once it is there without
// its dot, and goes on.
func wholeBody(want []byte, arrived chan<- struct{}) func(*dialogue) {
	return func(d *dialogue) {
		if !d.until("body") {
			return
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(d.text.R, got); err != nil || !bytes.Equal(got, want) {
			return
		}
		close(arrived)
		rest, _ := d.text.ReadLine()
		if rest == "." {
			d.server.count()
			d.say("250 taken")
		}
		d.hang()
	}
}

func TestTheHandOverIsBetweenBodyAndDot(t *testing.T) {
	m := aMessage()
	m.Data = bytes.ReplaceAll(m.Data, []byte("\r\n."), []byte("\r\n-")) // nothing to stuff
	noted := errors.New("the log is away")
	for _, tt := range []struct {
		name string
		note error
		dots int
	}{
		{"and the dot follows it", nil, 1},
		{"and without it no dot is sent", noted, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			arrived := make(chan struct{})
			office := openScript(t, wholeBody(m.Data, arrived), nil)
			s := newSMTP(t, office.clear(), nil)
			// It fails, by the end of the test's patience, unless the server gets
			// the whole body before the note returns.
			err := s.Send(t.Context(), m, func(context.Context) error {
				<-arrived
				return tt.note
			})
			if err != tt.note {
				t.Errorf("got %v, want %v as it is", err, tt.note)
			}
			if got := office.dots(s); got != tt.dots {
				t.Errorf("%d letters came to their dot, want %d", got, tt.dots)
			}
		})
	}
}

func TestAHandOverThatPanicsSendsNoDot(t *testing.T) {
	office := openScript(t, (*dialogue).finish, nil)
	s := newSMTP(t, office.clear(), nil)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost")
			}
		}()
		s.Send(t.Context(), aMessage(), func(context.Context) error { panic("lost") })
	}()
	if len(s.slots) != 0 {
		t.Errorf("%d connections are still taken", len(s.slots))
	}
	if got := office.dots(s); got != 0 {
		t.Errorf("%d letters came to their dot, want none", got)
	}
}

func TestAContextThatEndsInTheHandOverSendsNoDot(t *testing.T) {
	office := openScript(t, (*dialogue).finish, nil)
	s := newSMTP(t, office.clear(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Send(ctx, aMessage(), func(context.Context) error {
		cancel()
		return nil
	})
	if verdict := verdictOf(t, err); verdict != Postponed || !errors.Is(err, context.Canceled) {
		t.Errorf("got %s (%v), want %s", verdict, err, Postponed)
	}
	if got := office.dots(s); got != 0 {
		t.Errorf("%d letters came to their dot, want none", got)
	}
}

func TestAConnectionClosedMeanwhileIsReplaced(t *testing.T) {
	for _, tt := range []struct {
		name  string
		close func(*dialogue)
	}{
		{"without a word", func(d *dialogue) { d.conn.Close() }},
		{"with 421 to the next command", func(d *dialogue) { d.text.ReadLine(); d.say("421 timeout") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			office := openScript(t, func(d *dialogue) {
				if d.nth > 1 {
					d.finish()
				} else if d.until(".") {
					d.say("250 taken")
					tt.close(d)
				}
			}, nil)
			s := newSMTP(t, office.clear(), nil)
			for range 3 {
				if verdict, n, err := send(t, s, aMessage()); verdict != "" || n != 1 {
					t.Errorf("got %s (%v), handed over %d times, want it taken after one", verdict, err, n)
				}
			}
			if got := office.dots(s); got != 3 || office.accepted != 2 {
				t.Errorf("%d letters over %d connections, want 3 over 2", got, office.accepted)
			}
		})
	}
}

func TestARefusedLetterDoesNotSpoilTheNext(t *testing.T) {
	office := openScript(t, func(d *dialogue) {
		if d.nth == 1 && d.until("RCPT") {
			d.say("550 unknown")
		}
		if d.nth > 1 {
			d.finish()
		}
	}, nil)
	s := newSMTP(t, office.clear(), nil)
	for i, want := range []Verdict{Refused, ""} {
		if verdict, n, err := send(t, s, aMessage()); verdict != want || n != i {
			t.Errorf("letter %d: got %q (%v), handed over %d times, want %q", i, verdict, err, n, want)
		}
	}
	if got := office.dots(s); got != 1 {
		t.Errorf("%d letters came to their dot, want 1", got)
	}
}

func TestALetterThatHangsDoesNotHoldUpOthers(t *testing.T) {
	hanging := make(chan struct{}, connectionsMax)
	office := openScript(t, func(d *dialogue) {
		if d.nth < connectionsMax && d.until("RCPT") {
			hanging <- struct{}{}
			d.hang()
		} else {
			d.finish()
		}
	}, nil)
	s := newSMTP(t, office.clear(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	var h handOvers
	var group errgroup.Group
	for range connectionsMax - 1 {
		group.Go(func() error { return s.Send(ctx, aMessage(), h.note) })
		<-hanging
	}
	for range 10 {
		if _, _, err := send(t, s, aMessage()); err != nil {
			t.Error(err)
		}
	}
	cancel()
	if err := group.Wait(); verdictOf(t, err) != Postponed || h.n != 0 {
		t.Errorf("those that hung: got %v, handed over %d times, want %s", err, h.n, Postponed)
	}
	if got := office.dots(s); got != 10 || office.accepted != connectionsMax {
		t.Errorf("%d letters over %d connections, want 10 over %d", got, office.accepted, connectionsMax)
	}
}

func TestAFifthLetterWaitsItsTurn(t *testing.T) {
	hanging := make(chan struct{}, connectionsMax)
	office := openScript(t, func(d *dialogue) {
		if d.until("RCPT") {
			hanging <- struct{}{}
			d.hang()
		}
	}, nil)
	s := newSMTP(t, office.clear(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	var h handOvers
	var group errgroup.Group
	for range connectionsMax {
		group.Go(func() error { return s.Send(ctx, aMessage(), h.note) })
		<-hanging
	}
	short, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if err := s.Send(short, aMessage(), h.note); verdictOf(t, err) != Postponed || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the fifth: got %v, want %s", err, Postponed)
	}
	cancel()
	group.Wait()
	if got := office.dots(s); got != 0 || office.accepted != connectionsMax || h.n != 0 {
		t.Errorf("%d letters over %d connections, handed over %d times", got, office.accepted, h.n)
	}
}
