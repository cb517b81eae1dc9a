package load

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Work is a kind of request.
type Work struct {
	Name   string
	Writes bool
	// Next returns a connection's next request. Connections are counted from 0 and ask
	// at the same time.
	Next func(connection int) Request
}

// Result is what came of a run.
type Result struct {
	Took time.Duration   // from its beginning until the last answer
	All  []time.Duration // of each answer, the shortest first
}

// PerSecond returns how many requests a second were answered.
func (r Result) PerSecond() float64 { return float64(len(r.All)) / r.Took.Seconds() }

// Quantile returns how long the answer took that so many of one were not slower than.
func (r Result) Quantile(q float64) time.Duration {
	if len(r.All) == 0 {
		return 0
	}
	return r.All[int(q*float64(len(r.All)-1))]
}

// Join returns two runs as one.
func Join(a, b Result) Result {
	r := Result{Took: a.Took + b.Took, All: slices.Concat(a.All, b.All)}
	slices.Sort(r.All)
	return r
}

// Run asks from so many connections for so long, and returns once all is answered. The
// first answer that is no success ends it.
func Run(ctx context.Context, address string, connections int, lasts time.Duration, w Work) (Result, error) {
	each := make([][]time.Duration, connections)
	conns := make([]*Conn, connections)
	for i := range conns {
		c, err := Dial(ctx, address)
		if err != nil {
			return Result{}, err
		}
		defer c.Close()
		conns[i] = c
	}
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	end := began.Add(lasts)
	for i, c := range conns {
		group.Go(func() error {
			for at := time.Now(); at.Before(end) && ctx.Err() == nil; {
				if _, err := c.Ask(w.Next(i), nil); err != nil {
					return err
				}
				now := time.Now()
				each[i] = append(each[i], now.Sub(at))
				at = now
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return Result{}, err
	}
	r := Result{Took: time.Since(began), All: slices.Concat(each...)}
	slices.Sort(r.All)
	return r, nil
}
