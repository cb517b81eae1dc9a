package projections

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestWhoComesDuringAReadingShareTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var together Together[string, int32]
		var began atomic.Int32
		end := make(chan struct{})
		read := func(context.Context) (int32, error) {
			n := began.Add(1)
			<-end
			return n, nil
		}
		got := make([]int32, 5)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() { got[i], _ = together.Read(t.Context(), "same", read) })
			synctest.Wait() // the first reads; the others wait
		}
		if n := began.Load(); n != 1 {
			t.Errorf("%d readings at once", n)
		}
		other, err := together.Read(t.Context(), "other", func(context.Context) (int32, error) { return -1, nil })
		if other != -1 || err != nil {
			t.Errorf("another key: %d, %v", other, err)
		}
		close(end)
		all.Wait()
		for i, n := range got {
			if want := int32(min(i, 1) + 1); n != want {
				t.Errorf("number %d was given reading %d, want %d", i, n, want)
			}
		}
		if len(together.next)+len(together.last) != 0 {
			t.Errorf("kept: %v, %v", together.next, together.last)
		}
	})
}

func TestAReadingGoesOnWithoutWhoGaveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var together Together[int, string]
		end := make(chan struct{})
		gone, cancel := context.WithCancel(t.Context())
		read := func(ctx context.Context) (string, error) {
			<-end
			return "found", ctx.Err()
		}
		var all sync.WaitGroup
		all.Go(func() { _, _ = together.Read(t.Context(), 7, read) })
		synctest.Wait()
		var errs [2]error
		var found [2]string
		for i, ctx := range []context.Context{gone, t.Context()} {
			all.Go(func() { found[i], errs[i] = together.Read(ctx, 7, read) })
			synctest.Wait()
		}
		cancel()
		close(end)
		all.Wait()
		if found[1] != "found" || errs[1] != nil {
			t.Errorf("who stayed: %q, %v", found[1], errs[1])
		}
	})
}

func TestAPanicOfWhoReadsIsAnErrorForTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var together Together[int, int]
		end := make(chan struct{})
		wait := func(context.Context) (int, error) { <-end; return 0, nil }
		var all sync.WaitGroup
		all.Go(func() { _, _ = together.Read(t.Context(), 1, wait) })
		synctest.Wait()
		all.Go(func() {
			defer func() { _ = recover() }()
			_, _ = together.Read(t.Context(), 1, func(context.Context) (int, error) { panic("bang") })
		})
		synctest.Wait()
		var err error
		all.Go(func() { _, err = together.Read(t.Context(), 1, wait) })
		synctest.Wait()
		close(end)
		all.Wait()
		if !errors.Is(err, errBrokenOff) {
			t.Errorf("got %v", err)
		}
	})
}
