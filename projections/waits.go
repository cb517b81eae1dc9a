package projections

import (
	"math/rand/v2"
	"slices"
)

// WaitTimes sum up waits; nil where there are none.
type WaitTimes struct {
	AverageSeconds *float64 `db:"-"` // not read from rows, but worked out
	MedianSeconds  *float64 `db:"-"`
	P90Seconds     *float64 `db:"-"`
}

// waitTimes sums up waits, given in microseconds, which it puts in another order.
func waitTimes(us []int64) (w WaitTimes) {
	if len(us) == 0 {
		return w
	}
	var sum float64
	for _, u := range us {
		sum += float64(u)
	}
	average := sum / float64(len(us)) / 1e6
	return WaitTimes{AverageSeconds: &average, MedianSeconds: new(quantile(us, 0.5)), P90Seconds: new(quantile(us, 0.9))}
}

// quantile answers, in seconds, the wait that a part of all is below, between two
// of them where it falls between them: percentile_cont of SQL. There is at least
// one; they are put in another order.
func quantile(us []int64, part float64) float64 {
	at := part * float64(len(us)-1)
	below := int(at)
	selectNth(us, below)
	low := float64(us[below]) / 1e6
	if below == len(us)-1 {
		return low
	}
	high := float64(slices.Min(us[below+1:])) / 1e6
	return low + (at-float64(below))*(high-low)
}

// selectNth brings to its place the one that would be at n if all were in order,
// and whatever is less before it (quickselect): of many waits a few are asked for.
// Pivots are drawn by lot, for then no order of the waits takes longer than others.
func selectNth(us []int64, n int) {
	for from, upto := 0, len(us)-1; from < upto; {
		pivot := us[from+rand.IntN(upto-from+1)]
		i, j := from, upto
		for i <= j {
			for us[i] < pivot {
				i++
			}
			for us[j] > pivot {
				j--
			}
			if i <= j {
				us[i], us[j] = us[j], us[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j:
			upto = j
		case n >= i:
			from = i
		default:
			return
		}
	}
}
