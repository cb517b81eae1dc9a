package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"helpdesk/domain/email"
)

func TestTheConsoleShowsAnEmailToPeople(t *testing.T) {
	l := anEmail(email.Commented)
	l.To.Name, l.Ticket.Title, l.Text = "Zoë", "Der Drucker überhitzt, und zwar so sehr, daß es mich wundert", "Ist er noch heiß?\n= Zoë"
	m := compose(t, newComposer(t, Config{}), l)
	var out bytes.Buffer
	if verdict, n, err := send(t, NewConsole(&out), m); verdict != "" || n != 1 {
		t.Fatalf("got %v, handed over %d times, want it taken after one", err, n)
	}
	shown := out.String()
	for _, want := range []string{
		separator + "\n",
		"\nMessage-ID: " + m.ID + "\n",
		"\nSubject: [#12] New comment: " + l.Ticket.Title + "\n",
		"\nTo: Zoë <ann@example.com>\n",
		"\n[text/plain; charset=UTF-8]\n\nHello Zoë,\n",
		"\n\nIst er noch heiß?\n= Zoë\n\n",
		"\n[text/html; charset=UTF-8]\n\n<!DOCTYPE html>\n",
		"Ist er noch heiß?<br>\n= Zoë</blockquote>",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not shown:\n%s", want, shown)
		}
	}
	if strings.Contains(shown, "\r") || !strings.HasPrefix(shown, "=") || !strings.HasSuffix(shown, "\n") {
		t.Errorf("not lines as the console has them:\n%q", shown)
	}
}

func TestTheConsoleShowsWhatIsNoEmailAsItIs(t *testing.T) {
	var out bytes.Buffer
	for _, data := range []string{"no header\r\n", "A: b\r\n\r\nbody\r\n", "Content-Type: multipart/mixed; boundary=x\r\n\r\nnone\r\n"} {
		if _, _, err := send(t, NewConsole(&out), Message{Data: []byte(data)}); err != nil {
			t.Error(err)
		}
		if want := separator + "\n" + strings.ReplaceAll(data, "\r\n", "\n") + "\n"; out.String() != want {
			t.Errorf("got %q, want %q", &out, want)
		}
		out.Reset()
	}
}

// brokenWriter cannot be written to.
type brokenWriter struct{ error }

func (b brokenWriter) Write([]byte) (int, error) { return 0, b.error }

func TestTheConsoleNotesBeforeItWrites(t *testing.T) {
	broken := errors.New("broken pipe")
	var h handOvers
	err := NewConsole(brokenWriter{broken}).Send(t.Context(), aMessage(), h.note)
	if verdictOf(t, err) != email.VerdictUncertain || !errors.Is(err, broken) || h.n != 1 {
		t.Errorf("a broken console: got %v, handed over %d times, want %s", err, h.n, email.VerdictUncertain)
	}

	var out bytes.Buffer
	if err := NewConsole(&out).Send(t.Context(), aMessage(), func(context.Context) error { return broken }); err != broken {
		t.Errorf("a refused note: got %v, want it as it is", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := NewConsole(&out).Send(ctx, aMessage(), h.note); verdictOf(t, err) != email.VerdictPostponed || !errors.Is(err, context.Canceled) || h.n != 1 {
		t.Errorf("after the end: got %v, handed over %d times, want %s", err, h.n, email.VerdictPostponed)
	}
	if out.Len() != 0 {
		t.Errorf("emails that were not handed over are shown: %q", &out)
	}
}

func TestTheConsoleShowsOneEmailAtATime(t *testing.T) {
	var out bytes.Buffer
	console := NewConsole(&out)
	var h handOvers
	var group errgroup.Group
	for i := range 50 {
		group.Go(func() error {
			return console.Send(t.Context(), Message{Data: fmt.Appendf(nil, "email %02d\r\n", i)}, h.note)
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for shown := range strings.SplitSeq(strings.TrimPrefix(out.String(), separator), separator) {
		got[shown]++
	}
	want := map[string]int{}
	for i := range 50 {
		want[fmt.Sprintf("\nemail %02d\n\n", i)] = 1
	}
	if diff := cmp.Diff(want, got); diff != "" || h.n != 50 {
		t.Errorf("handed over %d times; emails (-want +got):\n%s", h.n, diff)
	}
}
