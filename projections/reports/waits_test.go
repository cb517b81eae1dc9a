package reports

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"helpdesk/domain/ticket"
)

var nearly = cmpopts.EquateApprox(1e-9, 0)

// quantiles works waits out the plainest way.
func quantiles(waits []float64) (w WaitTimes) {
	if len(waits) == 0 {
		return w
	}
	slices.Sort(waits)
	var sum float64
	for _, s := range waits {
		sum += s
	}
	at := func(part float64) *float64 {
		place := part * float64(len(waits)-1)
		low, high := waits[int(math.Floor(place))], waits[int(math.Ceil(place))]
		return new(low + (place-math.Floor(place))*(high-low))
	}
	return WaitTimes{AverageSeconds: new(sum / float64(len(waits))), MedianSeconds: at(0.5), P90Seconds: at(0.9)}
}

// TestQuantilesOfManyWaits has the waits of two groups, which many buckets and few
// have, and equal ones.
func TestQuantilesOfManyWaits(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 2))
	for n := range 300 {
		sum, exact := &histogram{}, map[waitBucket][]int64{}
		var all []float64
		for _, p := range []ticket.Priority{ticket.Low, ticket.High} {
			h := &histogram{groups: []waitGroup{{fact: factResolved, priority: p}}}
			for range n {
				us := random.Int64N(int64(1 + n*n*n/7))
				h.us += float64(us)
				h.add(bucketOf(us), 1)
				key := waitBucket{h.groups[0], bucketOf(us)}
				exact[key] = append(exact[key], us)
				all = append(all, float64(us)/1e6)
			}
			sum.merge(h)
		}
		wanted := map[waitBucket][]int64{}
		for _, w := range sum.wanted() {
			wanted[w] = exact[w]
		}
		got, err := sum.times(wanted)
		if diff := cmp.Diff(quantiles(all), got, nearly); diff != "" || err != nil {
			t.Fatalf("of %d waits (-in order +selected): %v\n%s", n, err, diff)
		}
	}
}

// TestEachWaitHasABucket goes up to the longest there can be, by steps that meet
// both sides of each bound.
func TestEachWaitHasABucket(t *testing.T) {
	t.Parallel()
	for us := int64(0); us < 1<<12; us++ {
		if step := bucketOf(us+1) - bucketOf(us); step < 0 || step > 1 {
			t.Errorf("from %d to %d us: buckets %d and %d", us, us+1, bucketOf(us), bucketOf(us+1))
		}
	}
	for wide := range 63 {
		at := int64(1) << wide
		if below, above := bucketOf(at-1), bucketOf(at); above != below+1 {
			t.Errorf("at %d us: buckets %d and %d", at, below, above)
		}
		if first, last := bucketOf(at), bucketOf(at+at/128); at >= 128 && last != first+1 {
			t.Errorf("a 128th of %d us: buckets %d and %d", at, first, last)
		}
	}
	if got := bucketOf(math.MaxInt64); got != 56*128+127 {
		t.Errorf("the longest wait: bucket %d", got)
	}
}
