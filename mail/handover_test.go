package mail

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"helpdesk/domain/email"
)

// wholeBody returns a script that reports the body once it is there without
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
				t.Errorf("%d emails came to their dot, want %d", got, tt.dots)
			}
		})
	}
}

func TestAnEmailWithoutItsNoteIsNotEndedByTheNext(t *testing.T) {
	office := openScript(t, (*dialogue).finish, nil)
	s := newSMTP(t, office.clear(), nil)
	away := errors.New("the log is away")
	if err := s.Send(t.Context(), aMessage(), func(context.Context) error { return away }); err != away {
		t.Errorf("got %v, want %v", err, away)
	}
	if verdict, n, err := send(t, s, aMessage()); verdict != "" || n != 1 {
		t.Errorf("the next: got %s (%v), handed over %d times, want it taken after one", verdict, err, n)
	}
	if got := office.dots(s); got != 1 {
		t.Errorf("%d emails came to their dot, want the second alone", got)
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
		t.Errorf("%d emails came to their dot, want none", got)
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
	if verdict := verdictOf(t, err); verdict != email.VerdictPostponed || !errors.Is(err, context.Canceled) {
		t.Errorf("got %s (%v), want %s", verdict, err, email.VerdictPostponed)
	}
	if got := office.dots(s); got != 0 {
		t.Errorf("%d emails came to their dot, want none", got)
	}
}
