package edge

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
)

func turns(t *testing.T) *Front {
	t.Helper()
	f, err := NewFront(Config{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// ask returns the turn of a dear request of a caller.
func ask(f *Front, of Caller) Turn {
	return f.TurnOf(of, httptest.NewRequest("GET", "/dear", nil), true)
}

// TestACallerHasAFewDearRequestsAtATime counts requests that are worked on, and looks at
// their order.
func TestACallerHasAFewDearRequestsAtATime(t *testing.T) {
	const sent = 24
	synctest.Test(t, func(t *testing.T) {
		f := turns(t)
		each := max(runtime.GOMAXPROCS(0)/2, 1)
		ann, rob := Caller{Person: domain.UserID{UUID: uuid.New()}, Address: "198.51.100.7"}, Caller{Address: "198.51.100.7"}
		var working, most atomic.Int64
		var order []int
		next := make(chan struct{})
		for i := range sent {
			go func() {
				turn := ask(f, ann)
				if err := turn.Take(t.Context()); err != nil {
					t.Error(err)
				}
				most.Store(max(most.Load(), working.Add(1)))
				order = append(order, i)
				next <- struct{}{}
				working.Add(-1)
				turn.End()
				turn.End() // as often as one likes
			}()
			synctest.Wait()
		}
		another := ask(f, rob)
		if err := another.Take(t.Context()); err != nil { // which would wait for ever
			t.Error(err)
		}
		another.End()
		for range sent {
			<-next
			synctest.Wait()
		}
		if got := most.Load(); got != int64(each) {
			t.Errorf("%d were worked on at the same time, want %d", got, each)
		}
		for i, n := range order {
			if i != n {
				t.Errorf("in the order %v", order)
				break
			}
		}
		if len(f.of) != 0 {
			t.Errorf("%d callers are remembered", len(f.of))
		}
	})
}

func TestFewWaitForTheirTurnAndNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := turns(t)
		of := Caller{Address: "198.51.100.7"}
		for range f.each {
			working := ask(f, of)
			if err := working.Take(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		refused := func(err error) {
			t.Helper()
			var beyond *TooMany
			if !errors.As(err, &beyond) || beyond.Code != "too_many_at_once" || beyond.Retry <= 0 {
				t.Errorf("got %v", err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range turnsWaiting {
			go func() { waiting := ask(f, of); refused(waiting.Take(ctx)) }()
		}
		synctest.Wait()
		late := ask(f, of)
		refused(late.Take(ctx))
		<-ctx.Done() // the time of those that wait is over
		synctest.Wait()
		if there := f.of[of.key()].there; there != int(f.each) {
			t.Errorf("%d are there", there)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		left := ask(f, of)
		if err := left.Take(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("who went: %v", err)
		}
	})
}

func TestWhichRequestsAreDear(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	f, err := NewFront(Config{Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	ann, rob := Caller{Address: "198.51.100.7"}, Caller{Address: "198.51.100.8"}
	dear := func(of Caller, method, target string, body int) bool {
		turn := f.TurnOf(of, httptest.NewRequest(method, target, strings.NewReader(strings.Repeat("x", body))), false)
		return turn.Dear()
	}
	answered := func(of Caller, target string, bytes int) {
		turn := f.TurnOf(of, httptest.NewRequest("GET", target, nil), false)
		turn.Answered(bytes)
	}
	answered(ann, "/long", LongAnswer+1)
	answered(ann, "/short", LongAnswer)
	for i, c := range []struct{ got, want bool }{
		{dear(ann, "GET", "/new?status=open", 0), false},
		{dear(ann, "POST", "/new", longBody), false},
		{dear(ann, "POST", "/new", longBody+1), true},
		{dear(ann, "GET", "/new?as_of=2026-01-01T00:00:00Z", 0), true},
		{dear(ann, "GET", "/new?version=3", 0), true},
		{dear(ann, "GET", "/new?%61s_of=2026-01-01T00:00:00Z", 0), true},
		{dear(ann, "GET", "/new?title=as_of%3d", 0), false},
		{dear(ann, "GET", "/new?title="+strings.Repeat("x", longQuery), 0), true},
		{dear(ann, "GET", "/long?another=query", 0), true},
		{dear(ann, "POST", "/long", 0), false},
		{dear(ann, "GET", "/short", 0), false},
		{dear(rob, "GET", "/long", 0), false},
	} {
		if c.got != c.want {
			t.Errorf("case %d: got %v", i, c.got)
		}
	}
	if at = at.Add(longFor); dear(ann, "GET", "/long", 0) {
		t.Error("that an answer was long is remembered for ever")
	}
	for i := range maxLong + 10 {
		answered(ann, fmt.Sprint("/", i), LongAnswer+1)
	}
	if len(f.long) > maxLong {
		t.Errorf("%d long answers are remembered", len(f.long))
	}
	var none Turn
	if err := none.Take(t.Context()); err != nil {
		t.Error(err)
	}
	none.Answered(LongAnswer + 1)
}
