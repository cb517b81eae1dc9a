package mail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"helpdesk/domain/email"

	"golang.org/x/sync/errgroup"
)

func TestManyEmailsShareFourConnections(t *testing.T) {
	office := startServer(t, nil)
	s := newSMTP(t, "smtp://"+office.address+"?tls=none", nil)
	var h handOvers
	var group errgroup.Group
	for i := range 50 {
		group.Go(func() error {
			m := aMessage()
			m.To = fmt.Sprintf("u%d@example.com", i)
			return s.Send(t.Context(), m, h.note)
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	var to []string
	for _, l := range office.taken() {
		to = append(to, l.to)
	}
	slices.Sort(to)
	if n := len(slices.Compact(to)); n != 50 || len(to) != 50 || h.n != 50 {
		t.Errorf("%d emails to %d people, handed over %d times, want 50 of each", len(to), n, h.n)
	}
	office.mu.Lock()
	defer office.mu.Unlock()
	if office.accepted > connectionsMax {
		t.Errorf("%d connections, want at most %d", office.accepted, connectionsMax)
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	office := startServer(t, nil)
	s := newSMTP(t, "smtp://"+office.address+"?tls=none", nil)
	s.idle = time.Millisecond
	for i := range 2 {
		if _, _, err := send(t, s, aMessage()); err != nil {
			t.Fatal(err)
		}
		<-office.closed
		if got := len(office.taken()); got != i+1 {
			t.Errorf("%d emails arrived, want %d", got, i+1)
		}
	}
	if office.accepted != 2 {
		t.Errorf("%d connections, want one for each email", office.accepted)
	}
}

func TestCloseClosesWhatWaits(t *testing.T) {
	office := startServer(t, nil)
	s := newSMTP(t, "smtp://"+office.address+"?tls=none", nil)
	if _, _, err := send(t, s, aMessage()); err != nil {
		t.Fatal(err)
	}
	// One email is under way while Close is called.
	if err := s.Send(t.Context(), aMessage(), func(context.Context) error { s.Close(); return nil }); err != nil {
		t.Fatal(err)
	}
	<-office.closed
	verdict, n, err := send(t, s, aMessage())
	if verdict != email.VerdictPostponed || n != 0 || !errors.Is(err, errClosed) {
		t.Errorf("after Close: got %s (%v), handed over %d times, want %s", verdict, err, n, email.VerdictPostponed)
	}
	s.Close()
	if got := len(office.taken()); got != 2 {
		t.Errorf("%d emails arrived, want 2", got)
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
				t.Errorf("%d emails over %d connections, want 3 over 2", got, office.accepted)
			}
		})
	}
}

func TestARefusedEmailDoesNotSpoilTheNext(t *testing.T) {
	office := openScript(t, func(d *dialogue) {
		if d.nth == 1 && d.until("RCPT") {
			d.say("550 unknown")
		}
		if d.nth > 1 {
			d.finish()
		}
	}, nil)
	s := newSMTP(t, office.clear(), nil)
	for i, want := range []email.Verdict{email.VerdictRefused, ""} {
		if verdict, n, err := send(t, s, aMessage()); verdict != want || n != i {
			t.Errorf("email %d: got %q (%v), handed over %d times, want %q", i, verdict, err, n, want)
		}
	}
	if got := office.dots(s); got != 1 {
		t.Errorf("%d emails came to their dot, want 1", got)
	}
}

func TestAnEmailThatHangsDoesNotHoldUpOthers(t *testing.T) {
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
	if err := group.Wait(); verdictOf(t, err) != email.VerdictPostponed || h.n != 0 {
		t.Errorf("those that hung: got %v, handed over %d times, want %s", err, h.n, email.VerdictPostponed)
	}
	if got := office.dots(s); got != 10 || office.accepted != connectionsMax {
		t.Errorf("%d emails over %d connections, want 10 over %d", got, office.accepted, connectionsMax)
	}
}

func TestAFifthEmailWaitsItsTurn(t *testing.T) {
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
	if err := s.Send(short, aMessage(), h.note); verdictOf(t, err) != email.VerdictPostponed || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the fifth: got %v, want %s", err, email.VerdictPostponed)
	}
	cancel()
	group.Wait()
	if got := office.dots(s); got != 0 || office.accepted != connectionsMax || h.n != 0 {
		t.Errorf("%d emails over %d connections, handed over %d times", got, office.accepted, h.n)
	}
}
