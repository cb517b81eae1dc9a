package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/idempotency"
)

// ledger keeps answers in memory. Its leases never run out.
type ledger struct {
	mu   sync.Mutex
	rows map[uuid.UUID]idempotency.Claim
}

func (l *ledger) Claim(_ context.Context, id uuid.UUID, fingerprint string) (idempotency.Claim, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c, ok := l.rows[id]; ok {
		c.Again, c.Free, c.Owner = true, c.Owner == uuid.Nil, uuid.Nil
		return c, nil
	}
	if l.rows == nil {
		l.rows = map[uuid.UUID]idempotency.Claim{}
	}
	c := idempotency.Claim{Fingerprint: fingerprint, Owner: uuid.New(), At: noon}
	l.rows[id] = c
	return c, nil
}

func (l *ledger) TakeOver(_ context.Context, id uuid.UUID, c idempotency.Claim) (idempotency.Claim, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.Owner = uuid.New()
	l.rows[id] = c
	return c, nil
}

func (l *ledger) Finish(_ context.Context, id uuid.UUID, c idempotency.Claim, a idempotency.Answer) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rows[id].Owner != c.Owner {
		return false, nil
	}
	c.Answer = &a
	l.rows[id] = c
	return true, nil
}

func (l *ledger) Release(_ context.Context, id uuid.UUID, c idempotency.Claim, unsure bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.rows, id)
	if unsure {
		c.Owner = uuid.Nil
		l.rows[id] = c
	}
	return nil
}

var keyed = []string{"Idempotency-Key: k"}

func TestARepeatIsNotCarriedOut(t *testing.T) {
	d := newFakes()
	api := newAPI(t, d, nil)
	open := request{name: "alice", method: http.MethodPost, path: "/api/tickets/", body: `{"title":"a","description":"b"}`, head: keyed}
	first := open.send(api)
	open.body = ` { "description" : " b" , "title" : "a" } ` // the same, written otherwise
	again := open.send(api)
	if first.Code != http.StatusCreated || again.Code != first.Code || len(d.requests) != 1 {
		t.Fatalf("status %d and %d, %d commands\n%s", first.Code, again.Code, len(d.requests), again.Body)
	}
	if first.Header().Get("Idempotency-Replayed") != "" || again.Header().Get("Idempotency-Replayed") != "true" {
		t.Error("it does not say which is the replay")
	}
	if diff := cmp.Diff(first.Body.String(), again.Body.String()); diff != "" {
		t.Errorf("bodies (-first +again):\n%s", diff)
	}
	for _, name := range []string{"Location", "ETag", "Event-Position", "Content-Type"} {
		if got, want := again.Header().Get(name), first.Header().Get(name); got != want || got == "" {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestAnAnswerThatIsNotKnownToBeLastIsNotStored(t *testing.T) {
	d := newFakes()
	tickets := &moody{fakes: d, err: commands.ErrBusy}
	api := newAPI(t, d, func(deps *Deps, _ *httpapi.Config) { deps.Tickets = tickets })
	open := request{name: "alice", method: http.MethodPost, path: "/api/tickets/", body: `{"title":"a","description":"b"}`, head: keyed}
	if w := open.send(api); w.Code != http.StatusServiceUnavailable {
		t.Fatalf("status %d", w.Code)
	}
	tickets.err = nil
	if w := open.send(api); w.Code != http.StatusCreated || w.Header().Get("Idempotency-Replayed") != "" {
		t.Errorf("status %d, replayed %q", w.Code, w.Header().Get("Idempotency-Replayed"))
	}
}

// moody returns err to whoever opens a ticket, unless it is nil, and panics
// where it is errPanic.
type moody struct {
	*fakes
	err error
}

var errPanic = errors.New("panic")

func (m *moody) Open(ctx context.Context, r commands.Request, id ticket.ID, c ticket.OpenTicket) (commands.Outcome, error) {
	if m.err == errPanic {
		panic("out of order")
	}
	if m.err != nil {
		return commands.Outcome{}, m.err
	}
	return m.fakes.Open(ctx, r, id, c)
}

func TestACallThatPanickedLetsItsKeyGo(t *testing.T) {
	d := newFakes()
	tickets := &moody{fakes: d, err: errPanic}
	api := newAPI(t, d, func(deps *Deps, _ *httpapi.Config) { deps.Tickets = tickets })
	open := request{name: "alice", method: http.MethodPost, path: "/api/tickets/", body: `{"title":"a","description":"b"}`, head: keyed}
	if w := open.send(api); w.Code != http.StatusInternalServerError {
		t.Fatalf("status %d", w.Code)
	}
	tickets.err = nil
	if w := open.send(api); w.Code != http.StatusCreated {
		t.Errorf("status %d\n%s", w.Code, w.Body)
	}
}
