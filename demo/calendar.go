package demo

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Office hours, in UTC, from Monday to Friday.
const (
	officeOpens  = 8
	officeCloses = 18
)

// byHour is how many tickets come in an hour of a working day, in proportion.
var byHour = [24]float64{
	0.2, 0.1, 0.1, 0.1, 0.2, 0.4, 1.2, 3.5, 8, 10.5, 11, 9.5, 5.5, 8, 9, 8.5, 7, 4.5, 2.2, 1.4, 1, 0.8, 0.5, 0.3,
}

// rate is how many tickets come in the hour that begins at t, in proportion.
// grown is how far the year has gone, from 0 to 1.
func rate(t time.Time, grown float64) float64 {
	weight := byHour[t.Hour()] * (1 + 0.35*grown)
	switch t.Weekday() {
	case time.Monday:
		weight *= 1.25
	case time.Friday:
		weight *= 0.85
	case time.Saturday, time.Sunday:
		weight *= 0.08
	}
	switch {
	case t.Month() == time.August:
		weight *= 0.7
	case t.Month() == time.December && t.Day() > 22, t.Month() == time.January && t.Day() < 3:
		weight *= 0.25
	}
	return weight
}

// openings returns n instants of the year that ends at end, in order.
func openings(end time.Time, n int) []time.Time {
	rng := rand.New(rand.NewPCG(seed, 1))
	begin := end.Add(-Length)
	hours := int(Length / time.Hour)
	upto := make([]float64, hours) // sums of the rates
	sum := 0.0
	for h := range hours {
		sum += rate(begin.Add(time.Duration(h)*time.Hour), float64(h)/float64(hours))
		upto[h] = sum
	}
	at := make([]time.Time, n)
	for i := range at {
		h, _ := slices.BinarySearch(upto, rng.Float64()*sum)
		at[i] = begin.Add(time.Duration(h)*time.Hour + time.Duration(rng.Int64N(int64(time.Hour))).Truncate(time.Millisecond))
	}
	slices.SortFunc(at, time.Time.Compare)
	return at
}

// atWork returns the instant that lies so much office time after t.
func atWork(t time.Time, d time.Duration) time.Time {
	for {
		day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		opens, closes := day.Add(officeOpens*time.Hour), day.Add(officeCloses*time.Hour)
		weekend := t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
		if !weekend && t.Before(closes) {
			if t.Before(opens) {
				t = opens
			}
			if left := closes.Sub(t); d <= left {
				return t.Add(d)
			} else {
				d -= left
			}
		}
		t = day.AddDate(0, 0, 1)
	}
}

// about returns a time around mean, mostly less and now and then much more, as
// waiting times are.
func about(rng *rand.Rand, mean time.Duration) time.Duration {
	const spread = 0.9 // of the logarithm; the mean of exp(N(-s²/2, s)) is 1
	d := float64(mean) * math.Exp(rng.NormFloat64()*spread-spread*spread/2)
	return max(time.Duration(d), 20*time.Second).Truncate(time.Millisecond)
}
