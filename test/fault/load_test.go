package fault

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"helpdesk/test/program"
)

// signUp registers n people and signs them in.
func signUp(t *testing.T, p *program.Program, n int) []*program.Client {
	t.Helper()
	people := make([]*program.Client, n)
	for i := range people {
		people[i] = p.SignUp(t, fmt.Sprintf("person-%d", i)).Client
		people[i].Fresh = true
	}
	return people
}

// wish is a ticket somebody wants opened, and what they were told about it.
// Every fourth is given another title and priority afterwards, in one request.
type wish struct {
	key    string // idempotency key, request id and title
	edited bool
	async  bool // whether the answer need not wait for the read side
	who    *program.Client

	status  int   // of the answer to the opening, 0 when there was none
	err     error // why there was none
	id      string
	version int // the newest that was acknowledged

	// position is where the newest write that was acknowledged is in the log: the
	// read side may not have come so far.
	position string
}

func (w *wish) acknowledged() bool { return w.status == http.StatusCreated }

func (w *wish) send(ctx context.Context) {
	header := []string{"Idempotency-Key", w.key, "X-Request-Id", w.key}
	if w.async {
		header = append(header, "Prefer", "respond-async")
	}
	a, err := w.who.Do(ctx, "POST", "/api/tickets/", map[string]string{"title": w.key, "description": "It smokes."}, header...)
	if w.status, w.err = a.Status, err; err != nil {
		w.status = 0
		return
	}
	if !w.acknowledged() {
		return
	}
	w.id, w.version = idAndVersion(a)
	w.position = a.Header.Get("Event-Position")
	if !w.edited {
		return
	}
	a, err = w.who.Do(ctx, "PATCH", "/api/tickets/"+w.id+"/",
		map[string]string{"title": w.key + " again", "priority": "high"})
	if err == nil && a.Status == http.StatusOK {
		_, w.version = idAndVersion(a)
		w.position = a.Header.Get("Event-Position")
	}
}

// header asks a read for what was written.
func (w *wish) header() []string {
	if w.position == "" {
		return nil
	}
	return []string{"Min-Event-Position", w.position}
}

// load is many wishes sent by many at once.
type load struct {
	wishes       []*wish
	acknowledged atomic.Int64
}

func newLoad(name string, n int, people []*program.Client) *load {
	l := &load{wishes: make([]*wish, n)}
	for i := range l.wishes {
		l.wishes[i] = &wish{key: fmt.Sprintf("%s-%d", name, i), edited: i%4 == 0, who: people[i%len(people)]}
	}
	return l
}

// run sends every wish from 64 goroutines. As soon as so many were
// acknowledged it calls strike beside them. It returns when all is over.
func (l *load) run(ctx context.Context, after int64, strike func()) {
	queue := make(chan *wish)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for w := range queue {
				w.send(ctx)
				if w.acknowledged() && l.acknowledged.Add(1) == after {
					wg.Go(strike)
				}
			}
		})
	}
	for _, w := range l.wishes {
		queue <- w
	}
	close(queue)
	wg.Wait()
}

// outcomes counts the wishes by the status of their answers.
func (l *load) outcomes() map[int]int {
	counts := map[int]int{}
	for _, w := range l.wishes {
		counts[w.status]++
	}
	return counts
}

// each calls check for every wish, from many goroutines.
func (l *load) each(check func(*wish)) {
	queue := make(chan *wish)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for w := range queue {
				check(w)
			}
		})
	}
	for _, w := range l.wishes {
		queue <- w
	}
	close(queue)
	wg.Wait()
}

// wantAll fails the test unless every ticket that was acknowledged is there, as
// new as it was acknowledged.
func (l *load) wantAll(t *testing.T) {
	t.Helper()
	l.each(func(w *wish) {
		if !w.acknowledged() {
			return
		}
		a, err := w.who.Do(t.Context(), "GET", "/api/tickets/"+w.id+"/", nil, w.header()...)
		if err != nil || a.Status != http.StatusOK {
			t.Errorf("ticket %s was acknowledged: got %d %s %v", w.id, a.Status, a.Body, err)
			return
		}
		if _, version := idAndVersion(a); version < w.version {
			t.Errorf("ticket %s was acknowledged at version %d, got %d", w.id, w.version, version)
		}
	})
}

// repeatLost sends every wish that got no answer, or one that leaves it open,
// once more under its key.
func (l *load) repeatLost(t *testing.T) {
	t.Helper()
	l.each(func(w *wish) {
		if w.acknowledged() {
			return
		}
		w.send(t.Context())
		if !w.acknowledged() { // had it been carried out, its answer is that of then
			t.Errorf("repeat of %s: got %d %v, want 201", w.key, w.status, w.err)
		}
	})
}
