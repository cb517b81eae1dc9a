package fault

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"helpdesk/test/program"
)

// written is a ticket that somebody tried to open, and the answer.
type written struct {
	title  string
	began  time.Time
	took   time.Duration
	status int // 0: there was no answer
	id     string
	code   string // of a refusal
	detail string
}

// ledger is what writers were told of what they wrote.
type ledger struct {
	who   *program.Client
	stop  context.CancelFunc
	wg    sync.WaitGroup
	mu    sync.Mutex
	lines []written
}

// pause is between two tickets of one writer: they are to be there all the time, not to
// fill the log.
const pause = 20 * time.Millisecond

// keepWriting has two writers open tickets, each with a text so long, until
// [ledger.close].
func keepWriting(t *testing.T, who *program.Client, text string) *ledger {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	l := &ledger{who: who, stop: stop}
	t.Cleanup(l.close)
	for n := range 2 {
		l.wg.Go(func() {
			ticker := time.NewTicker(pause)
			defer ticker.Stop()
			for i := 0; ; i++ {
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
					// Without ctx: what was sent gets its answer.
					line := l.write(t.Context(), fmt.Sprintf("writer %d, ticket %d", n, i), text)
					l.mu.Lock()
					l.lines = append(l.lines, line)
					l.mu.Unlock()
				}
			}
		})
	}
	return l
}

func (l *ledger) write(ctx context.Context, title, text string) written {
	w := written{title: title, began: time.Now()}
	a, err := l.who.Do(ctx, "POST", "/api/tickets/", map[string]string{"title": title, "description": text})
	if w.took = time.Since(w.began); err != nil {
		return w
	}
	var body struct{ ID, Code, Detail string }
	if json.Unmarshal(a.Body, &body) == nil {
		w.status, w.id, w.code, w.detail = a.Status, body.ID, body.Code, body.Detail
	}
	return w
}

// close has the writers end, and returns once they have.
func (l *ledger) close() {
	l.stop()
	l.wg.Wait()
}

// find returns the first line that is as wanted, nil while there is none.
func (l *ledger) find(want func(written) bool) *written {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.lines {
		if want(l.lines[i]) {
			return &l.lines[i]
		}
	}
	return nil
}

// acknowledged waits for a ticket that was opened since.
func (l *ledger) acknowledged(t *testing.T, since time.Time) {
	t.Helper()
	eventually(t, "a ticket to be opened", func(context.Context) bool {
		return l.find(func(w written) bool { return w.status == http.StatusCreated && w.began.Add(w.took).After(since) }) != nil
	})
}

// refused waits for a refusal since then that names the reason.
func (l *ledger) refused(t *testing.T, since time.Time, reason string) written {
	t.Helper()
	var found *written
	eventually(t, "a refusal that names "+reason, func(context.Context) bool {
		found = l.find(func(w written) bool {
			return w.status == http.StatusServiceUnavailable && w.began.Add(w.took).After(since) && strings.Contains(w.code+": "+w.detail, reason)
		})
		return found != nil
	})
	return *found
}

// check ends the writers and fails the test where something that was acknowledged is
// lost, or something is there of which it was said that nothing was changed.
func (l *ledger) check(t *testing.T) {
	t.Helper()
	l.close()
	answers, there := map[string]int{}, l.titles(t)
	for _, w := range l.lines {
		answers[fmt.Sprintf("%d %s", w.status, w.code)]++
		switch {
		case w.status == http.StatusCreated && !there[w.title]:
			t.Errorf("%s was acknowledged as %s, and is lost", w.title, w.id)
		case w.status == http.StatusServiceUnavailable && w.code != "log_unavailable" && there[w.title]:
			t.Errorf("%s was refused, and is there: %s %s", w.title, w.code, w.detail)
		case w.status != http.StatusCreated && w.status != http.StatusServiceUnavailable:
			t.Errorf("%s: got status %d, want 201 or 503", w.title, w.status)
		}
	}
	t.Logf("answers: %v", answers)
}

// titles returns the titles of all tickets there are.
func (l *ledger) titles(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for next := "/api/tickets/?page_size=100"; next != ""; {
		page := program.Read[program.List[program.Ticket]](t, l.who.Must(t, http.StatusOK, "GET", next, nil))
		for _, ticket := range page.Results {
			all[ticket.Title] = true
		}
		next = ""
		if page.Next != nil {
			_, next, _ = strings.Cut(strings.TrimPrefix(*page.Next, "http://"), "/")
			next = "/" + next
		}
	}
	return all
}
