package rebuild

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
)

// together fills the new tables of several runs, all with the same page of the
// log before any goes on to the next, so that it is read once for all. It ends
// when each is nearly where its projection is. A run whose page fails is left to
// find out by itself what is wrong.
func together(ctx context.Context, atOnce int, codec *eventstore.Codec, runs []*run) {
	if len(runs) < 2 {
		return
	}
	var followers []follow.Follower
	for _, r := range runs {
		followers = append(followers, r.follower)
	}
	log := follow.NewReading(codec, followers...)
	for len(runs) > 1 && ctx.Err() == nil {
		live, err := lives(ctx, runs)
		if err != nil {
			return // it is met again by the first run that goes on
		}
		var behind []*run
		for _, r := range runs {
			if r.position+nearly < live[r.follower.Name] {
				behind = append(behind, r)
			}
		}
		if len(behind) == 0 {
			return
		}
		runs = nextPage(ctx, atOnce, log, behind, live)
	}
}

// nextPage applies the next page to those runs that have it before them, and
// returns the runs without those that failed.
func nextPage(ctx context.Context, atOnce int, log *follow.Reading, runs []*run, live map[string]int64) []*run {
	after, size := runs[0].position, runs[0].pageSize
	for _, r := range runs {
		after = min(after, r.position)
	}
	upto := after - after%size + size // where all pages end, wherever they began
	for _, r := range runs {
		upto = min(upto, live[r.follower.Name])
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	failed := make([]error, len(runs))
	for i, r := range runs {
		if r.position > after {
			continue
		}
		group.Go(func() error {
			failed[i] = r.page(ctx, log, upto)
			if failed[i] == nil && r.Progress != nil {
				r.Progress(r.position, live[r.follower.Name])
			}
			return nil
		})
	}
	_ = group.Wait() // each keeps its own error
	var well []*run
	for i, r := range runs {
		if failed[i] == nil {
			well = append(well, r)
		}
	}
	return well
}

// lives returns the positions of the tables that are served.
func lives(ctx context.Context, runs []*run) (map[string]int64, error) {
	var names []string
	for _, r := range runs {
		names = append(names, r.follower.Name)
	}
	rows, _ := runs[0].db.Query(ctx, `SELECT name, position FROM checkpoints WHERE name = ANY ($1)`, names) // CollectRows returns its error
	type checkpoint struct {
		Name     string
		Position int64
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[checkpoint])
	if err != nil {
		return nil, fmt.Errorf("read the checkpoints: %w", err)
	}
	live := map[string]int64{}
	for _, c := range found {
		live[c.Name] = c.Position
	}
	return live, nil
}
