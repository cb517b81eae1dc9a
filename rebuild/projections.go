package rebuild

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
)

// The refusals of this package.
var (
	// ErrUnderWay: another process is at work on it.
	ErrUnderWay = &domain.Error{Kind: domain.KindConflict, Code: "rebuild_under_way", Message: "it is being rebuilt by another process"}
	// ErrNothingKept: there are no tables to go back to.
	ErrNothingKept = &domain.Error{Kind: domain.KindRejected, Code: "nothing_kept", Message: "no tables from before are kept"}
	// ErrOtherShape: the tables that were kept have other columns than those of now.
	ErrOtherShape = &domain.Error{Kind: domain.KindRejected, Code: "other_shape", Message: "the tables that were kept have other columns than this program knows"}
	// ErrNoTables: the projector does not state its tables.
	ErrNoTables = &domain.Error{Kind: domain.KindRejected, Code: "no_tables", Message: "this projection cannot be rebuilt: it does not state its tables"}
	// ErrDiffers: the new tables are not like the old ones.
	ErrDiffers = &domain.Error{Kind: domain.KindRejected, Code: "tables_differ", Message: "the new tables are not like the old ones"}
)

// Config adjusts how read models are rebuilt.
type Config struct {
	// Connect opens connections as the owner of the tables, who may make and
	// move them. They are closed after each rebuild. Needed to rebuild and roll back.
	Connect func(ctx context.Context) (*pgxpool.Pool, error)
	// PageSize is the largest number of positions applied in one transaction.
	// Default 20,000.
	PageSize int
	// Logger takes what there is to say. Default [slog.Default].
	Logger *slog.Logger
}

// Projections are the read models as an operator sees them. It is safe for
// concurrent use.
type Projections struct {
	pool      *pgxpool.Pool
	codec     *eventstore.Codec
	followers []follow.Follower
	config    Config
	asked     chan struct{} // holds one when a rebuild was asked of this process
}

// New makes them over a pool of the service, for followers that state their Tables.
func New(pool *pgxpool.Pool, codec *eventstore.Codec, followers []follow.Follower, config Config) *Projections {
	if config.PageSize == 0 {
		config.PageSize = 20_000
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	return &Projections{pool: pool, codec: codec, followers: followers, config: config, asked: make(chan struct{}, 1)}
}

// Names returns the names of the projections, sorted.
func (p *Projections) Names() []string {
	var names []string
	for _, f := range p.followers {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}

// LargestFirst returns the names of the projections, those with the most to build
// first: with several at once, these decide how long all take.
func (p *Projections) LargestFirst(ctx context.Context) ([]string, error) {
	names, tables := []string{}, []string{}
	for _, f := range p.followers {
		for _, table := range f.Tables {
			names, tables = append(names, f.Name), append(tables, qualified(follow.Serving, table))
		}
	}
	const q = `SELECT name FROM unnest($1::text[], $2::text[]) AS t (name, at)
GROUP BY name ORDER BY sum(pg_total_relation_size(to_regclass(at))) DESC, name`
	rows, _ := p.pool.Query(ctx, q, names, tables) // CollectRows answers its error
	sorted, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("see how large projections are: %w", err))
	}
	return sorted, nil
}

// follower finds a projection by name, else [domain.ErrNotFound].
func (p *Projections) follower(name string) (follow.Follower, error) {
	for _, f := range p.followers {
		if f.Name == name {
			return f, nil
		}
	}
	return follow.Follower{}, domain.ErrNotFound.With("there is no projection %q", name)
}

// State is what a projection is doing.
type State string

// The states. Paused and stalled ones serve what they have; one that is
// rebuilt follows the log meanwhile.
const (
	Following  State = "following"
	Paused     State = "paused"     // by an operator
	Stalled    State = "stalled"    // has had events before it for half a minute and does not move
	Rebuilding State = "rebuilding" // or about to be
)

// Phase is how far a rebuild has come.
type Phase string

// The phases, in their order.
const (
	Waiting   Phase = "waiting" // for a process to begin, or to go on
	Filling   Phase = "filling"
	Indexing  Phase = "indexing"
	Comparing Phase = "comparing"
	Swapping  Phase = "swapping"
	Done      Phase = "done"
	Failed    Phase = "failed"
)

// Kind is where a rebuild begins.
type Kind string

// The kinds.
const (
	FromLog  Kind = "rebuild"
	FromKept Kind = "rollback"
)

// Status is where a projection stands.
type Status struct {
	Name        string
	State       State
	Position    int64 // everything up to here is in its tables, or failed
	Head        int64 // newest position of the log
	Failed      int64 // events it could not apply
	PausedAt    *time.Time
	Version     int      // of the code that built its tables
	CodeVersion int      // of this program; another one than Version asks for a rebuild
	Kept        *int64   // position of the tables to roll back to; nil: none are kept
	Rebuild     *Rebuild // the last one, or the one under way; nil: there was none
}

// Lag returns how many positions the projection has before it.
func (s Status) Lag() int64 { return s.Head - s.Position }

// Outdated reports whether the tables were built by other code than this
// program's, and are to be rebuilt.
func (s Status) Outdated() bool { return s.Version != s.CodeVersion }

// Rebuild is a rebuild or a rollback and how far it has come.
type Rebuild struct {
	Kind     Kind
	Phase    Phase
	Active   bool  // whether a process is at work on it at this moment
	Position int64 // everything up to here is in the new tables
	Target   int64 // where the projection itself is
	// Rate is events a second since the present run began; 0: not known.
	Rate float64
	// Remaining is how long filling will take at that rate; nil: not known.
	Remaining     *time.Duration
	BeganAt       time.Time
	MovedAt       time.Time
	EndedAt       *time.Time // nil: it is not done
	Error         string     // why it failed
	ErrorPosition *int64     // of the event it failed at; nil: it was not an event's fault
}

// stalledAfter is how long a projection may stand with events before it.
const stalledAfter = 30 * time.Second

// rebuildLocks is the class of the advisory locks on rebuilds. The number means
// nothing, it only has to be its own.
const rebuildLocks = 720_575_942

const statusSQL = `
SELECT c.name, c.position, head.position AS head, c.paused_at, c.version,
    (SELECT count(*) FROM failed_events AS p WHERE p.follower = c.name) AS failed,
    coalesce(c.moved_at < clock_timestamp() - $2::interval
        AND (SELECT e.recorded_at FROM events AS e WHERE e.position = c.position + 1) < clock_timestamp() - $2::interval, false) AS stalled,
    EXISTS (SELECT FROM pg_locks AS l WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.classid = $3::bigint::oid AND l.objid = hashtext(c.name)::oid) AS active,
    r.kind, r.phase, r.background, r.next_position, r.error, r.error_position, r.began_at, r.run_at, r.run_from,
    r.moved_at, r.ended_at, r.kept_position
FROM checkpoints AS c CROSS JOIN log_head AS head LEFT JOIN rebuilds AS r ON r.projector = c.name
WHERE c.name = ANY ($1) AND head.id = 1
ORDER BY c.name`

// statusRow is a row of statusSQL. What comes of rebuilds is null without one.
type statusRow struct {
	Name          string
	Position      int64
	Head          int64
	PausedAt      *time.Time
	Version       int
	Failed        int64
	Stalled       bool
	Active        bool
	Kind          *Kind
	Phase         *Phase
	Background    *bool
	NextPosition  *int64
	Error         *string
	ErrorPosition *int64
	BeganAt       *time.Time
	RunAt         *time.Time
	RunFrom       *int64
	MovedAt       *time.Time
	EndedAt       *time.Time
	KeptPosition  *int64
}

// List returns every projection that has begun, by name.
func (p *Projections) List(ctx context.Context) ([]Status, error) {
	return p.statuses(ctx, p.Names())
}

// Status returns one projection, [domain.ErrNotFound] when there is none of that
// name or it has not begun.
func (p *Projections) Status(ctx context.Context, name string) (Status, error) {
	if _, err := p.follower(name); err != nil {
		return Status{}, err
	}
	found, err := p.statuses(ctx, []string{name})
	if err == nil && len(found) == 0 {
		err = domain.ErrNotFound.With("the projection %q has not begun: no worker has run yet", name)
	}
	if err != nil {
		return Status{}, err
	}
	return found[0], nil
}

func (p *Projections) statuses(ctx context.Context, names []string) ([]Status, error) {
	rows, _ := p.pool.Query(ctx, statusSQL, names, stalledAfter, int64(rebuildLocks)) // CollectRows answers its error
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[statusRow])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("read where projections stand: %w", err))
	}
	statuses := make([]Status, len(found))
	for i, row := range found {
		f, err := p.follower(row.Name)
		if err != nil {
			return nil, err
		}
		statuses[i] = row.status(f.CodeVersion())
	}
	return statuses, nil
}

func (r statusRow) status(code int) Status {
	s := Status{
		Name: r.Name, State: Following, Position: r.Position, Head: r.Head, Failed: r.Failed, PausedAt: r.PausedAt,
		Version: r.Version, CodeVersion: code, Kept: r.KeptPosition, Rebuild: r.rebuild(),
	}
	switch {
	case s.Rebuild != nil && s.Rebuild.EndedAt == nil && (r.Active || *r.Background):
		s.State = Rebuilding
	case r.PausedAt != nil:
		s.State = Paused
	case r.Stalled:
		s.State = Stalled
	}
	return s
}

func (r statusRow) rebuild() *Rebuild {
	if r.Phase == nil {
		return nil
	}
	b := &Rebuild{
		Kind: *r.Kind, Phase: *r.Phase, Active: r.Active, Target: r.Position, Position: r.Position,
		BeganAt: *r.BeganAt, MovedAt: *r.MovedAt, EndedAt: r.EndedAt, ErrorPosition: r.ErrorPosition,
	}
	if r.Error != nil {
		b.Error = *r.Error
	}
	if *r.Phase == Done {
		return b
	}
	b.Position = 0
	if r.NextPosition != nil {
		b.Position = *r.NextPosition
	}
	if took := r.MovedAt.Sub(*r.RunAt).Seconds(); took > 0 && *r.Phase == Filling && b.Position > *r.RunFrom {
		b.Rate = float64(b.Position-*r.RunFrom) / took
		left := time.Duration(float64(b.Target-b.Position) / b.Rate * float64(time.Second))
		b.Remaining = &left
	}
	return b
}

// Pause holds a projection in all processes until it is resumed. It serves what
// it has: nobody waits for it, and who reads it does not see what was written
// since.
func (p *Projections) Pause(ctx context.Context, name string) error {
	return p.hold(ctx, name, follow.Pause)
}

// Resume lets a paused projection go on.
func (p *Projections) Resume(ctx context.Context, name string) error {
	return p.hold(ctx, name, follow.Resume)
}

func (p *Projections) hold(ctx context.Context, name string, set func(context.Context, *pgxpool.Pool, string) (bool, error)) error {
	if _, err := p.follower(name); err != nil {
		return err
	}
	found, err := set(ctx, p.pool, name)
	if err == nil && !found {
		return domain.ErrNotFound.With("the projection %q has not begun: no worker has run yet", name)
	}
	return err
}

// rebuildable is follower for one that can be rebuilt, else [ErrNoTables].
func (p *Projections) rebuildable(name string) (follow.Follower, error) {
	f, err := p.follower(name)
	if err == nil && len(f.Tables) == 0 {
		err = ErrNoTables
	}
	return f, err
}

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
INSERT INTO rebuilds AS r (projector, run, kind, phase, background, accepts, version)
SELECT c.name, $2, 'rebuild', 'waiting', true, $3, $4 FROM checkpoints AS c WHERE c.name = $1
ON CONFLICT (projector) DO UPDATE SET
    background = true,
    accepts = CASE WHEN r.ended_at IS NULL THEN r.accepts ELSE excluded.accepts END,
    next_position = CASE WHEN r.kind = 'rebuild' OR r.ended_at IS NULL THEN r.next_position END,
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
const askedEvery = 2 * time.Second

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
	const q = `SELECT projector, kind, accepts FROM rebuilds WHERE background AND ended_at IS NULL AND projector = ANY ($1) ORDER BY began_at`
	rows, _ := p.pool.Query(ctx, q, p.Names()) // CollectRows answers its error
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
