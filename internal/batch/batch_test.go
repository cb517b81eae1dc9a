package batch_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"helpdesk/internal/batch"
)

// asking notes the batches it is asked, each of which takes a second. The answer to a
// question is its double.
type asking struct {
	mu      sync.Mutex
	batches [][]int
}

func (a *asking) ask(_ context.Context, questions []int) ([]int, error) {
	a.mu.Lock()
	a.batches = append(a.batches, slices.Sorted(slices.Values(questions)))
	a.mu.Unlock()
	<-time.After(time.Second)
	if slices.Contains(questions, 13) {
		return nil, errUnlucky
	}
	answers := make([]int, len(questions))
	for i, q := range questions {
		answers[i] = 2 * q
	}
	return answers, nil
}

var errUnlucky = errors.New("unlucky")

func TestWhoComesMeanwhileSharesTheNextBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a asking
		queries := batch.New(a.ask)
		var wg sync.WaitGroup
		for q := range 10 {
			wg.Go(func() {
				if got, err := queries.Ask(t.Context(), q); got != 2*q || err != nil {
					t.Errorf("question %d: %d, %v", q, got, err)
				}
			})
			synctest.Wait() // so that the first two are asked alone
		}
		wg.Wait()
		want := [][]int{{0}, {1}, {2, 3, 4, 5, 6, 7, 8, 9}}
		if !slices.EqualFunc(a.batches, want, slices.Equal) {
			t.Errorf("batches %v, want %v", a.batches, want)
		}
	})
}

func TestAnErrorIsOfItsBatchAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a asking
		queries := batch.New(a.ask)
		if _, err := queries.Ask(t.Context(), 13); !errors.Is(err, errUnlucky) {
			t.Errorf("error %v, want %v", err, errUnlucky)
		}
		if got, err := queries.Ask(t.Context(), 1); got != 2 || err != nil {
			t.Errorf("after an error: %d, %v", got, err)
		}
	})
}

func TestAPanicIsAnError(t *testing.T) {
	queries := batch.New(func(context.Context, []int) ([]int, error) { panic("spilt") })
	if _, err := queries.Ask(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "spilt") {
		t.Errorf("error %v, want the panic", err)
	}
}

func TestWhoLeavesIsNotAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a asking
		queries := batch.New(a.ask)
		var wg sync.WaitGroup
		for q := range 2 {
			wg.Go(func() { _, _ = queries.Ask(t.Context(), q) })
		}
		synctest.Wait()
		ctx, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		if _, err := queries.Ask(ctx, 7); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want that of the context", err)
		}
		wg.Wait()
		synctest.Wait()
		if len(a.batches) != 2 {
			t.Errorf("batches %v, want the first two alone", a.batches)
		}
	})
}
