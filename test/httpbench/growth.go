package main

import (
	"context"
	"fmt"
	"time"

	"helpdesk/test/load"
)

// growth is how long a work takes on one connection, at each size.
type growth struct {
	work   string
	median []time.Duration
}

// grown are the works that must not slow down as a desk grows.
var grown = []string{"first page, admin", "first page, agent, filtered", "title search", "search for a common word", "one ticket with comments", "report", "events page of 100"}

// turns is how many times each size has its turn with a work, lest what slows the
// machine down for a while slows one of them alone.
const turns = 5

// grow measures single reads on desks of all sizes, all of them served at once.
func (m *machine) grow(ctx context.Context, c config) ([]growth, error) {
	if len(c.growth) == 0 {
		return nil, nil
	}
	var programs []string // their addresses
	var works []map[string]load.Work
	for _, size := range c.growth {
		d, err := m.fill(ctx, fmt.Sprintf("grown_%d", size), size)
		if err != nil {
			return nil, err
		}
		p, err := d.serve(d.url())
		if err != nil {
			return nil, err
		}
		opened, err := d.opened(ctx, address(p))
		if err != nil {
			return nil, err
		}
		programs, works = append(programs, address(p)), append(works, opened)
	}
	var all []growth
	for _, name := range grown {
		results := make([]load.Result, len(c.growth))
		for turn := range turns + 1 {
			for i, at := range programs {
				r, err := load.Run(ctx, at, 1, c.lasts/turns, works[i][name])
				if err != nil {
					return nil, fmt.Errorf("%s at %d tickets: %w", name, c.growth[i], err)
				}
				if turn > 0 { // the first warms it up
					results[i] = load.Join(results[i], r)
				}
			}
		}
		g := growth{work: name}
		for _, r := range results {
			g.median = append(g.median, r.Quantile(0.5))
		}
		say("%-28s at %v tickets: %v", name, c.growth, g.median)
		all = append(all, g)
	}
	return all, nil
}
