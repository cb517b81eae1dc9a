// Package counts holds how many statements and transactions a request may cost. Counts
// are the same on every machine, as times are not.
package counts

import (
	"context"
	"slices"

	"helpdesk/test/load"
	"helpdesk/test/pgcount"
)

// Counts are what one request makes of the database.
type Counts struct {
	Request pgcount.Counts // until the answer, on the connections that requests use
	Behind  pgcount.Counts // all else, until every follower is at the head
}

// requests is how the connections that requests use call themselves (cmd/helpdesk/serve).
const requests = "helpdesk"

// tries is how many requests a median is of: what comes by the way, such as a look for
// timers that are due, is in few of them.
const tries = 9

// Of returns the median of a few requests, one after the other, of a program that
// reaches its database through a proxy.
func Of(ctx context.Context, proxy *pgcount.Proxy, db load.Database, address string, w load.Work) (Counts, error) {
	c, err := load.Dial(ctx, address)
	if err != nil {
		return Counts{}, err
	}
	defer c.Close()
	var each []Counts
	for range tries + 1 {
		if _, err := load.Quiet(ctx, db); err != nil {
			return Counts{}, err
		}
		before := proxy.Counts()
		if _, err := c.Ask(w.Next(0), nil); err != nil {
			return Counts{}, err
		}
		answered := proxy.Counts()
		if _, err := load.Quiet(ctx, db); err != nil {
			return Counts{}, err
		}
		request := answered[requests].Sub(before[requests])
		each = append(each, Counts{request, sum(proxy.Counts()).Sub(sum(before)).Sub(request)})
	}
	each = each[1:] // the first prepares statements
	return Counts{
		Request: median(each, func(c Counts) pgcount.Counts { return c.Request }),
		Behind:  median(each, func(c Counts) pgcount.Counts { return c.Behind }),
	}, nil
}

func sum(all map[string]pgcount.Counts) (s pgcount.Counts) {
	for _, c := range all {
		s = s.Add(c)
	}
	return s
}

// median returns the median of each count by itself.
func median(all []Counts, of func(Counts) pgcount.Counts) pgcount.Counts {
	middle := func(count func(pgcount.Counts) int) int {
		var each []int
		for _, c := range all {
			each = append(each, count(of(c)))
		}
		slices.Sort(each)
		return each[len(each)/2]
	}
	return pgcount.Counts{
		Statements: middle(func(c pgcount.Counts) int { return c.Statements }),
		Commits:    middle(func(c pgcount.Counts) int { return c.Commits }),
		RoundTrips: middle(func(c pgcount.Counts) int { return c.RoundTrips }),
	}
}
