package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/domain"
	"helpdesk/edge"
	"helpdesk/httpapi"
	"helpdesk/httpapi/events"
	"helpdesk/projections/feed"
)

// tape is a log of occurrences, of which nobody is told those of type "secret".
type tape struct {
	mu        sync.Mutex
	log       []feed.Occurrence
	listeners map[chan struct{}]bool
	err       error
	from      []int64 // where it was asked for what comes next
	read      func()  // called when a page was read; nil: nothing is
}

func (f *tape) happen(types ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range types {
		f.log = append(f.log, feed.Occurrence{
			Position: int64(len(f.log) + 1), Type: name, Ticket: ticketID.UUID, TicketNumber: 7, Version: 2, OccurredAt: noon, RecordedAt: noon,
			ActorKind: domain.ActorUser, ActorID: uuid.NullUUID{UUID: aliceID.UUID, Valid: true}, ActorName: "alice", Data: json.RawMessage(`{"a":"<b>\n"}`),
		})
	}
	for l := range f.listeners {
		select {
		case l <- struct{}{}:
		default:
		}
	}
}

func (f *tape) Head(context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.log)), nil
}

func (f *tape) After(_ context.Context, _ domain.Actor, after int64) (told feed.Told, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.from = append(f.from, after)
	if f.read != nil {
		defer f.read()
	}
	end := min(int(after)+feed.PageSize, len(f.log))
	for _, o := range f.log[after:end] {
		if o.Type != "secret" {
			told.Events = append(told.Events, o)
		}
	}
	told.Upto, told.More = max(int64(end), after), end < len(f.log)
	return told, f.err
}

func (f *tape) Listen() (<-chan struct{}, func()) {
	l := make(chan struct{}, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listeners == nil {
		f.listeners = map[chan struct{}]bool{}
	}
	f.listeners[l] = true
	return l, func() { f.mu.Lock(); defer f.mu.Unlock(); delete(f.listeners, l) }
}

// doorman knows sessions that end.
type doorman struct {
	Sessions
	mu   sync.Mutex
	gone bool
}

func (d *doorman) Lookup(ctx context.Context, token string) (auth.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return auth.Session{}, auth.ErrNoSession
	}
	return d.Sessions.Lookup(ctx, token)
}

func (d *doorman) End(context.Context, []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gone = true
	return nil
}

// broadcast is an API over HTTP with a tape.
type broadcast struct {
	*tape
	api     *httpapi.API
	streams *events.Streams
	doorman *doorman
	front   *edge.Front
	url     string
}

func newBroadcast(t *testing.T, heartbeat time.Duration) *broadcast {
	b := &broadcast{tape: &tape{}, streams: events.NewStreams(heartbeat)}
	d := newFakes()
	b.doorman = &doorman{Sessions: d}
	var err error
	if b.front, err = edge.NewFront(edge.Config{}); err != nil {
		t.Fatal(err)
	}
	b.api = newAPI(t, d, func(deps *Deps, config *httpapi.Config) {
		config.Front = b.front
		deps.Feed, deps.Sessions, deps.Streams = b.tape, b.doorman, b.streams
	})
	server := httptest.NewServer(b.api)
	t.Cleanup(server.Close)
	t.Cleanup(b.streams.End)
	b.url = server.URL
	return b
}

// listenAs opens a stream as somebody and returns its lines.
func (b *broadcast) listenAs(t *testing.T, query string, head ...string) (lines *bufio.Scanner, response *http.Response) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/api/events/stream/"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: edge.SessionCookie, Value: "alice"})
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	response, err = http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return bufio.NewScanner(response.Body), response
}

// next returns the lines up to the next empty one.
func next(t *testing.T, lines *bufio.Scanner) (block []string) {
	t.Helper()
	for lines.Scan() && lines.Text() != "" {
		block = append(block, lines.Text())
	}
	return block
}

// types returns which events come next, n of them, with their ids.
func types(t *testing.T, lines *bufio.Scanner, n int) (all []string) {
	t.Helper()
	for len(all) < n {
		block := next(t, lines)
		if block == nil {
			return append(all, "the end")
		}
		if len(block) == 3 {
			all = append(all, strings.TrimPrefix(block[0], "id: ")+" "+strings.TrimPrefix(block[1], "event: "))
		}
	}
	return all
}

func TestAStreamTellsWhatHappens(t *testing.T) {
	b := newBroadcast(t, time.Hour)
	b.happen("before")
	lines, response := b.listenAs(t, "")
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type: %s", got)
	}
	if diff := cmp.Diff([]string{": still here", "id: 1"}, next(t, lines)); diff != "" {
		t.Errorf("the first sign of life (-want +got):\n%s", diff)
	}
	b.happen("ticket.closed")
	want := []string{"id: 2", "event: ticket.closed", `data: {"position":2,"type":"ticket.closed","ticket":"` + ticketID.String() +
		`","ticket_number":7,"version":2,"actor":{"kind":"user","id":"` + aliceID.String() + `","username":"alice"},` +
		`"occurred_at":"2026-01-31T12:00:00.120000Z","recorded_at":"2026-01-31T12:00:00.120000Z","data":{"a":"<b>\n"}}`}
	if diff := cmp.Diff(want, next(t, lines)); diff != "" {
		t.Errorf("an event (-want +got):\n%s", diff)
	}
	b.happen("a", "secret", "b", "c", "secret", "d")
	if diff := cmp.Diff([]string{"3 a", "5 b", "6 c", "8 d"}, types(t, lines, 4)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestWhoComesAgainMissesNothing(t *testing.T) {
	b := newBroadcast(t, time.Hour)
	b.happen("a", "b", "c")
	for _, c := range []struct {
		query, last string
		want        []string
	}{
		{"", "1", []string{"2 b", "3 c", "4 d"}},
		{"?after=2", "", []string{"3 c", "4 d"}},
		{"?after=2", "0", []string{"1 a", "2 b", "3 c", "4 d"}},
		{"", "99", []string{"4 d"}}, // beyond the head
		{"", "", []string{"4 d"}},
	} {
		b.mu.Lock()
		b.log = b.log[:3]
		b.mu.Unlock()
		var head []string
		if c.last != "" {
			head = []string{"Last-Event-ID", c.last}
		}
		lines, response := b.listenAs(t, c.query, head...)
		next(t, lines) // it is there
		b.happen("d")
		if diff := cmp.Diff(c.want, types(t, lines, len(c.want))); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.query, c.last, diff)
		}
		response.Body.Close()
	}
}

func TestAStreamIsRefusedBeforeItBegins(t *testing.T) {
	b := newBroadcast(t, time.Hour)
	for _, c := range []struct {
		query, head, value string
		status             int
	}{
		{"", "Last-Event-ID", "x", 400}, {"", "Last-Event-ID", "-1", 400}, {"?after=-1", "Accept", "*/*", 400}, {"?from=1", "Accept", "*/*", 400},
		{"", "Cookie", "helpdesk_session=nobody", 401}, {"", "Authorization", "Bearer hd_nobody", 401},
	} {
		if _, response := b.listenAs(t, c.query, c.head, c.value); response.StatusCode != c.status {
			t.Errorf("%s %s %s: %d, want %d", c.query, c.head, c.value, response.StatusCode, c.status)
		}
	}
	for range 20 {
		lines, _ := b.listenAs(t, "")
		next(t, lines)
	}
	if _, response := b.listenAs(t, ""); response.StatusCode != 429 || response.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: %d", response.StatusCode)
	}
}

func TestAStreamBeats(t *testing.T) {
	b := newBroadcast(t, time.Millisecond)
	lines, _ := b.listenAs(t, "")
	next(t, lines)
	b.happen("secret")
	for { // the place moves past what the client is not told of
		if block := next(t, lines); len(block) != 2 || block[0] != ": still here" {
			t.Fatalf("got %q", block)
		} else if block[1] == "id: 1" {
			return
		}
	}
}

func TestAStreamEnds(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *broadcast){
		"with the service": func(_ *testing.T, b *broadcast) { b.streams.End() },
		"with the session": func(t *testing.T, b *broadcast) {
			if w := (request{name: "alice", method: "POST", path: "/api/logout/"}).send(b.api); w.Code != 204 {
				t.Errorf("signing out: %s", w.Body)
			}
		},
		"when the log cannot be read": func(_ *testing.T, b *broadcast) {
			b.mu.Lock()
			b.err = errors.New("away")
			b.mu.Unlock()
			b.happen("a")
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBroadcast(t, time.Hour)
			lines, _ := b.listenAs(t, "")
			next(t, lines)
			end(t, b)
			if got := types(t, lines, 1); len(got) != 1 || (got[0] != "the end" && name != "when the log cannot be read") {
				t.Errorf("got %q", got)
			}
		})
	}
	b := newBroadcast(t, time.Hour)
	b.streams.End()
	lines, _ := b.listenAs(t, "")
	next(t, lines)
	if got := types(t, lines, 1); got[0] != "the end" {
		t.Errorf("one that begins after the end: %q", got)
	}
}

// Whoever signs out while a stream catches up is told nothing more.
// TestAStreamThatIsFarBehindWaitsForItsTurn holds the turns of its caller, whose stream at
// the head is told of news all the same.
func TestAStreamThatIsFarBehindWaitsForItsTurn(t *testing.T) {
	b := newBroadcast(t, time.Hour)
	b.happen(slices.Repeat([]string{"old"}, 2*feed.PageSize)...)
	var held []edge.Turn
	for range max(runtime.GOMAXPROCS(0)/2, 1) {
		turn := b.front.TurnOf(edge.Caller{Person: aliceID}, httptest.NewRequest(http.MethodGet, "/", nil), true)
		if err := turn.Take(t.Context()); err != nil {
			t.Fatal(err)
		}
		held = append(held, turn)
	}
	behind, _ := b.listenAs(t, "?after=0")
	next(t, behind)
	atHead, _ := b.listenAs(t, "")
	next(t, atHead)
	b.happen("new")
	if got, want := types(t, atHead, 1), []string{fmt.Sprint(2*feed.PageSize+1, " new")}; !slices.Equal(got, want) {
		t.Errorf("at the head %v, want %v", got, want)
	}
	b.mu.Lock()
	if slices.Contains(b.from, 0) {
		t.Error("the log was read from the beginning")
	}
	b.mu.Unlock()
	for i := range held {
		held[i].End()
	}
	if all := types(t, behind, 2*feed.PageSize+1); all[2*feed.PageSize] != fmt.Sprint(2*feed.PageSize+1, " new") {
		t.Errorf("from the beginning: %v", all)
	}
}

func TestAStreamThatCatchesUpEndsWithTheSession(t *testing.T) {
	b := newBroadcast(t, time.Hour)
	b.happen(slices.Repeat([]string{"a"}, 3*feed.PageSize)...)
	b.read = func() { _ = b.doorman.End(t.Context(), nil) }
	lines, _ := b.listenAs(t, "?after=0")
	next(t, lines)
	if got := types(t, lines, 3*feed.PageSize); len(got) != 1 {
		t.Errorf("%d events were told, want none", len(got)-1)
	}
}
