package rebuild

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
)

// Options adjust one rebuild.
type Options struct {
	// Afresh begins with the first event even where an earlier run got further.
	Afresh bool
	// Accept swaps also when the new tables differ from the old ones.
	Accept bool
	// Progress, when not nil, is told after each page how many positions of how
	// many are in the new tables.
	Progress func(position, target int64)
	// Entered, when not nil, is told of each phase after [Filling] as it begins: with
	// a million tickets it may be a minute until the next.
	Entered func(Phase)
	// Served, when not nil, is told as soon as the new tables are served, and up to
	// which position they go.
	Served func(position int64)
}

// Order is what is to be done to a projection.
type Order struct {
	Name string
	Kind Kind
	Options
}

// PoisonError is the error for an event that the projection cannot apply.
type PoisonError struct {
	Position int64
	Err      error
}

func (e *PoisonError) Error() string {
	return fmt.Sprintf("the event at position %d is not applied: %v", e.Position, e.Err)
}

// Unwrap returns why.
func (e *PoisonError) Unwrap() error { return e.Err }

// errTaken means that another process has begun a run, or that the tables were
// given up: this one must write no more.
var errTaken = errors.New("the rebuild is no longer this process's work")

// errAhead means that the checkpoint went back under a rebuild.
var errAhead = errors.New("the new tables are ahead of the old ones")

// Rebuild builds a projection anew and returns once the new tables are served.
// When ctx ends before, the next call goes on where this one was. It returns
// [ErrUnderWay] when another process is at it, [PoisonError] for an event that
// cannot be applied, and [ErrDiffers]; then the old tables are served as before.
func (p *Projections) Rebuild(ctx context.Context, name string, o Options) error {
	return p.Do(ctx, 1, Order{Name: name, Kind: FromLog, Options: o})[0]
}

// Rollback goes back to the tables from before the last rebuild, brought up to
// date, and returns once they are served. It returns [ErrNoPrevious],
// [ErrOtherShape] or [ErrUnderWay].
func (p *Projections) Rollback(ctx context.Context, name string, o Options) error {
	return p.Do(ctx, 1, Order{Name: name, Kind: FromPrevious, Options: o})[0]
}

// Do carries out orders for different projections, atOnce of them at a time, and
// returns what came of each, as [Projections.Rebuild] and [Projections.Rollback]
// do. They go over the log together: it is read once for all.
func (p *Projections) Do(ctx context.Context, atOnce int, orders ...Order) []error {
	return p.work(ctx, atOnce, false, orders)
}

// run is one process's work on a rebuild.
type run struct {
	Options
	id       uuid.UUID
	kind     Kind
	follower follow.Follower
	log      *follow.Reading // for its pages alone
	db       *pgxpool.Pool   // as the owner of the tables
	pageSize int64
	position int64 // of the new tables
	version  int   // of the code that builds them
	began    time.Time
}

// work does what is ordered, but for what another process is at.
func (p *Projections) work(ctx context.Context, atOnce int, background bool, orders []Order) []error {
	db, err := p.config.Connect(ctx)
	if err != nil {
		return slices.Repeat([]error{err}, len(orders))
	}
	defer db.Close()
	locks, err := openLocks(ctx, db)
	if err != nil {
		return slices.Repeat([]error{err}, len(orders))
	}
	defer locks.close(ctx)

	errs := make([]error, len(orders))
	var runs []*run
	for i, o := range orders {
		if find(runs, o.Name) != nil { // the lock would be given twice: it is this connection's
			errs[i] = ErrUnderWay
			continue
		}
		r, err := p.start(ctx, db, locks, o, background)
		if errs[i] = err; err == nil {
			runs = append(runs, r)
		}
	}
	together(ctx, atOnce, p.codec, runs)
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, o := range orders {
		r := find(runs, o.Name)
		if errs[i] != nil {
			continue
		}
		group.Go(func() error {
			errs[i] = p.conclude(ctx, r, r.steps(ctx))
			locks.release(ctx, o.Name)
			return nil // each keeps its own error
		})
	}
	_ = group.Wait()
	return errs
}

// start begins a run under its lock.
func (p *Projections) start(ctx context.Context, db *pgxpool.Pool, locks *locks, o Order, background bool) (*run, error) {
	f, err := p.rebuildable(o.Name)
	if err != nil {
		return nil, err
	}
	if err := locks.take(ctx, o.Name); err != nil {
		return nil, err
	}
	r := &run{
		Options: o.Options, id: uuid.New(), kind: o.Kind, follower: f, log: follow.NewReading(p.codec, f), db: db,
		pageSize: int64(p.config.PageSize), version: f.CodeVersion(), began: time.Now(),
	}
	r.Accept = r.Accept || o.Kind == FromPrevious
	if err := r.begin(ctx, background); err != nil {
		locks.release(ctx, o.Name)
		return nil, p.conclude(ctx, r, err)
	}
	return r, nil
}

// conclude logs how a run has ended.
func (p *Projections) conclude(ctx context.Context, r *run, err error) error {
	switch {
	case err == nil:
		p.config.Logger.Info("a projection was rebuilt", "projection", r.follower.Name, "kind", string(r.kind), "position", r.position, "took", time.Since(r.began).String())
		if r.Served != nil {
			r.Served(r.position)
		}
	case ctx.Err() == nil && !eventstore.Transient(err) && !errors.Is(err, errTaken):
		r.fail(ctx, err)
		p.config.Logger.Error("a projection was not rebuilt; its old tables are served", "projection", r.follower.Name, "error", err)
	}
	return err
}

// find returns the run of a projection; nil: there is none.
func find(runs []*run, name string) *run {
	for _, r := range runs {
		if r.follower.Name == name {
			return r
		}
	}
	return nil
}

// begin makes the row of the rebuild this run's, and its tables. What an earlier
// run of the same kind and code has built is gone on with.
func (r *run) begin(ctx context.Context, background bool) error {
	const q = `
INSERT INTO rebuilds AS r (projection, run, kind, phase, background, accepts, version)
SELECT c.name, $2, $3, 'filling', $4, $5, $6 FROM checkpoints AS c WHERE c.name = $1
ON CONFLICT (projection) DO UPDATE SET
    run = excluded.run,
    kind = excluded.kind,
    phase = excluded.phase,
    background = excluded.background OR (r.background AND r.ended_at IS NULL),
    accepts = excluded.accepts,
    version = CASE WHEN excluded.kind = 'rollback' THEN r.version ELSE excluded.version END,
    staging_position = CASE WHEN r.kind = excluded.kind AND (r.kind = 'rollback' OR r.version = excluded.version) AND NOT $7 THEN r.staging_position END,
    began_at = CASE WHEN r.ended_at IS NULL THEN r.began_at ELSE clock_timestamp() END,
    run_at = clock_timestamp(),
    moved_at = clock_timestamp(),
    error = NULL,
    error_position = NULL,
    ended_at = NULL
RETURNING staging_position, version`
	return pgx.BeginFunc(ctx, r.db, func(tx pgx.Tx) error {
		var staging *int64
		err := tx.QueryRow(ctx, q, r.follower.Name, r.id, r.kind, background, r.Accept, r.version, r.Afresh).Scan(&staging, &r.version)
		if errors.Is(err, pgx.ErrNoRows) {
			return errors.New("it has not begun: no worker has run yet")
		}
		if err != nil {
			return fmt.Errorf("begin a run: %w", err)
		}
		if r.position, err = r.prepare(ctx, tx, staging); err != nil {
			return err
		}
		const from = `UPDATE rebuilds SET staging_position = $2, run_from = $2, version = $3 WHERE projection = $1`
		if _, err := tx.Exec(ctx, from, r.follower.Name, r.position, r.version); err != nil {
			return fmt.Errorf("note where the run begins: %w", err)
		}
		return nil
	})
}

// nearly is how many positions the new tables may be behind when the projection
// is held for the rest.
const nearly = 500

// steps does all that is to be done once the tables are there.
func (r *run) steps(ctx context.Context) error {
	if err := r.fill(ctx, r.pageSize); err != nil { // the last page is for when the indexes are there
		return err
	}
	if err := r.enter(ctx, Indexing); err != nil {
		return err
	}
	if err := r.index(ctx); err != nil {
		return err
	}
	if err := r.fill(ctx, nearly); err != nil {
		return err
	}
	if err := r.enter(ctx, Comparing); err != nil {
		return err
	}
	if err := r.tidy(ctx); err != nil {
		return err
	}
	if err := r.compare(ctx); err != nil {
		return err
	}
	if err := r.enter(ctx, Swapping); err != nil {
		return err
	}
	return r.swapIn(ctx)
}

// enter notes that a phase has begun.
func (r *run) enter(ctx context.Context, phase Phase) error {
	done, err := r.db.Exec(ctx, `UPDATE rebuilds SET phase = $3, moved_at = clock_timestamp() WHERE projection = $1 AND run = $2`,
		r.follower.Name, r.id, phase)
	if err == nil && done.RowsAffected() == 0 {
		err = errTaken
	}
	if err != nil {
		return fmt.Errorf("begin %s: %w", phase, err)
	}
	if r.Entered != nil {
		r.Entered(phase)
	}
	return nil
}

// fill applies the log to the new tables until they are at most behind
// positions behind those that are served.
func (r *run) fill(ctx context.Context, behind int64) error {
	for size := r.pageSize; ; {
		live, err := r.live(ctx)
		if err != nil {
			return err
		}
		if r.Progress != nil {
			r.Progress(r.position, live)
		}
		if r.position+behind >= live {
			return nil
		}
		upto := min(r.position+size, live)
		if err = r.page(ctx, r.log, upto); err == nil {
			size = min(size*2, r.pageSize)
			continue
		}
		if ctx.Err() != nil || eventstore.Transient(err) || errors.Is(err, errTaken) {
			return err
		}
		tried := upto - r.position
		if tried == 1 {
			return &PoisonError{Position: upto, Err: err}
		}
		size = tried / 2 // closing in on the event at fault
	}
}

// live returns the position of the tables that are served.
func (r *run) live(ctx context.Context) (position int64, err error) {
	if err := r.db.QueryRow(ctx, `SELECT position FROM checkpoints WHERE name = $1`, r.follower.Name).Scan(&position); err != nil {
		return 0, fmt.Errorf("read the checkpoint: %w", err)
	}
	return position, nil
}

// page applies the events up to a position in a transaction of its own. It does
// not wait for the disk: tables and position are lost together, and the swap waits.
func (r *run) page(ctx context.Context, log *follow.Reading, upto int64) error {
	err := pgx.BeginFunc(ctx, r.db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL synchronous_commit = off`); err != nil {
			return fmt.Errorf("set up a page: %w", err)
		}
		return r.apply(ctx, tx, log, upto)
	})
	if err == nil {
		r.position = upto
	}
	return err
}

// apply brings the new tables up to a position within tx. The row of the rebuild
// stays locked until its end.
func (r *run) apply(ctx context.Context, tx pgx.Tx, log *follow.Reading, upto int64) error {
	var position *int64
	const q = `SELECT staging_position FROM rebuilds WHERE projection = $1 AND run = $2 FOR UPDATE`
	err := tx.QueryRow(ctx, q, r.follower.Name, r.id).Scan(&position)
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && position == nil) {
		return errTaken
	}
	if err != nil {
		return fmt.Errorf("lock the rebuild: %w", err)
	}
	if *position > upto {
		return errAhead
	}
	if err := follow.Within(ctx, tx, follow.Staging); err != nil {
		return err
	}
	if err := r.follower.ApplyRange(ctx, tx, log, *position, upto); err != nil {
		return err
	}
	const moved = `UPDATE rebuilds SET staging_position = $2, moved_at = clock_timestamp() WHERE projection = $1`
	if _, err := tx.Exec(ctx, moved, r.follower.Name, upto); err != nil {
		return fmt.Errorf("note the position: %w", err)
	}
	return nil
}

// endTimeout bounds what is still to be said when a run has ended.
const endTimeout = 5 * time.Second

// fail notes why the run ended. The new tables stay, for the next one.
func (r *run) fail(ctx context.Context, why error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	var at *int64
	var poison *PoisonError
	if errors.As(why, &poison) {
		at = &poison.Position
	}
	text := strings.ToValidUTF8(strings.ReplaceAll(why.Error(), "\x00", ""), "")
	const q = `UPDATE rebuilds SET phase = 'failed', error = left($3, 2000), error_position = $4, ended_at = clock_timestamp()
WHERE projection = $1 AND run = $2`
	_, _ = r.db.Exec(ctx, q, r.follower.Name, r.id, text, at) // without it the next one finds it cut off
}
