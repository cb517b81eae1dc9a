package rebuild

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// Request asks the processes of the service to rebuild a projection; one of them
// begins within seconds. A rebuild that is under way is left to go on, one that
// failed or was cut off goes on from where it was. accept lets the new tables
// differ from the old ones.
func (p *Projections) Request(ctx context.Context, name string, accept bool) error {
	f, err := p.rebuildable(name)
	if err != nil {
		return err
	}
	const q = `
INSERT INTO rebuilds AS r (projection, run, kind, phase, background, accepts, version)
SELECT c.name, $2, 'rebuild', 'waiting', true, $3, $4 FROM checkpoints AS c WHERE c.name = $1
ON CONFLICT (projection) DO UPDATE SET
    background = true,
    accepts = CASE WHEN r.ended_at IS NULL THEN r.accepts ELSE excluded.accepts END,
    staging_position = CASE WHEN r.kind = 'rebuild' OR r.ended_at IS NULL THEN r.staging_position END,
    kind = CASE WHEN r.ended_at IS NULL THEN r.kind ELSE 'rebuild' END,
    phase = CASE WHEN r.ended_at IS NULL THEN r.phase ELSE 'waiting' END,
    began_at = CASE WHEN r.ended_at IS NULL THEN r.began_at ELSE clock_timestamp() END,
    moved_at = clock_timestamp(),
    error = NULL,
    error_position = NULL,
    ended_at = NULL`
	done, err := p.pool.Exec(ctx, q, name, uuid.New(), accept, f.CodeVersion())
	if err != nil {
		return eventstore.Unreachable(fmt.Errorf("ask for a rebuild of %s: %w", name, err))
	}
	if done.RowsAffected() == 0 {
		return domain.ErrNotFound.With("the projection %q has not begun: no worker has run yet", name)
	}
	select {
	case p.asked <- struct{}{}:
	default: // it is to look already
	}
	return nil
}

// askedEvery is how often a process looks for rebuilds to begin or go on with.
const askedEvery = 5 * time.Second

// Run does the rebuilds that were asked for, working on one at a time, until ctx
// ends. Any number of processes may run it.
func (p *Projections) Run(ctx context.Context) error {
	ticker := time.NewTicker(askedEvery)
	defer ticker.Stop()
	for {
		if err := p.runOnce(ctx); err != nil && ctx.Err() == nil {
			p.config.Logger.Warn("rebuilds that were asked for are not done", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-p.asked:
		}
	}
}

// runOnce does what was asked for and is nobody's work.
func (p *Projections) runOnce(ctx context.Context) error {
	const q = `SELECT projection, kind, accepts FROM rebuilds WHERE background AND ended_at IS NULL AND projection = ANY ($1) ORDER BY began_at`
	rows, _ := p.pool.Query(ctx, q, p.Names()) // CollectRows returns its error
	orders, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o Order, err error) {
		err = row.Scan(&o.Name, &o.Kind, &o.Accept)
		return o, err
	})
	if err != nil {
		return fmt.Errorf("look for rebuilds that were asked for: %w", err)
	}
	if len(orders) == 0 {
		return nil
	}
	var failed error
	for i, err := range p.work(ctx, 1, true, orders) {
		if err != nil && !errors.Is(err, ErrUnderWay) {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", orders[i].Name, err))
		}
	}
	return failed
}
