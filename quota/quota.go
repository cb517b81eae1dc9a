// Package quota counts what people did within the hour, over all processes on a database.
package quota

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore"
	"helpdesk/internal/batch"
)

// Quota is how often each person may do one kind of thing within any hour. It is safe for
// concurrent use.
type Quota struct {
	pool  *pgxpool.Pool
	what  string
	most  int
	takes *batch.Queries[taking, time.Duration]
}

// New makes the quota of a kind of thing, which has a name of its own; at most so many a
// person and hour.
func New(pool *pgxpool.Pool, what string, most int) *Quota {
	q := &Quota{pool: pool, what: what, most: most}
	q.takes = batch.New(q.take)
	return q
}

type taking struct{ person, id uuid.UUID }

// Take counts a thing of a person's, and returns zero; where it is beyond the quota, how
// long it is until there is room. The same id is counted once.
func (q *Quota) Take(ctx context.Context, person, id uuid.UUID) (wait time.Duration, err error) {
	return q.takes.Ask(ctx, taking{person, id})
}

// takeSQL counts what there is room for. A person's row is locked meanwhile, and the
// people have one order. It need not be on disk: what is lost with the server lets
// somebody do a little more.
const takeSQL = `
INSERT INTO person_hours AS h (person_id, what, ids, taken_at)
SELECT person_id, $3, (array_agg(id))[:$4], (array_agg(now()))[:$4]
FROM unnest($1::uuid[], $2::uuid[]) AS t (person_id, id),
    (SELECT set_config('synchronous_commit', 'off', true)) AS unflushed (setting)
GROUP BY person_id ORDER BY person_id
ON CONFLICT (person_id, what) DO UPDATE SET (ids, taken_at) = (
    SELECT coalesce(array_agg(id), '{}'), coalesce(array_agg(at), '{}')
    FROM (
        SELECT id, at, true AS has FROM unnest(h.ids, h.taken_at) AS k (id, at)
        WHERE at > now() - interval '1 hour'
        UNION ALL
        SELECT id, now(), false FROM unnest(excluded.ids) AS n (id)
        WHERE id <> ALL (h.ids)
        ORDER BY has DESC, at
        LIMIT $4
    ) AS l
)
RETURNING person_id, ids,
    (SELECT extract(epoch FROM min(at) + interval '1 hour' - clock_timestamp())::float8 FROM unnest(taken_at) AS at)`

func (q *Quota) take(ctx context.Context, all []taking) ([]time.Duration, error) {
	people, ids := make([]uuid.UUID, len(all)), make([]uuid.UUID, len(all))
	for i, t := range all {
		people[i], ids[i] = t.person, t.id
	}
	rows, _ := q.pool.Query(ctx, takeSQL, people, ids, q.what, q.most) // ForEachRow returns its error
	waits := make([]time.Duration, len(all))
	var person uuid.UUID
	var taken []uuid.UUID
	var seconds *float64
	_, err := pgx.ForEachRow(rows, []any{&person, &taken, &seconds}, func() error {
		for i, t := range all {
			if t.person == person && !slices.Contains(taken, t.id) {
				waits[i] = time.Second
				if seconds != nil {
					waits[i] = max(time.Duration(*seconds*float64(time.Second)), time.Second)
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("count what somebody did: %w", err))
	}
	return waits, nil
}

const (
	forgetEvery = 10 * time.Minute
	forgetSQL   = `DELETE FROM person_hours WHERE NOT EXISTS (SELECT FROM unnest(taken_at) AS at WHERE at > now() - interval '1 hour')`
)

// Forget removes what was counted once the hour is over, again and again until ctx ends.
func Forget(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) error {
	ticker := time.NewTicker(forgetEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if _, err := pool.Exec(ctx, forgetSQL); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "what people did is not forgotten", slog.Any("error", err))
			}
		}
	}
}
