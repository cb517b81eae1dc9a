package rebuild

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

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
	FromLog      Kind = "rebuild"
	FromPrevious Kind = "rollback"
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
	Previous    *int64   // position of the previous tables, to roll back to; nil: there are none
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
    r.kind, r.phase, r.background, r.staging_position, r.error, r.error_position, r.began_at, r.run_at, r.run_from,
    r.moved_at, r.ended_at, r.previous_position
FROM checkpoints AS c CROSS JOIN log_head AS head LEFT JOIN rebuilds AS r ON r.projection = c.name
WHERE c.name = ANY ($1) AND head.id = 1
ORDER BY c.name`

// statusRow is a row of statusSQL. What comes of rebuilds is null without one.
type statusRow struct {
	Name             string
	Position         int64
	Head             int64
	PausedAt         *time.Time
	Version          int
	Failed           int64
	Stalled          bool
	Active           bool
	Kind             *Kind
	Phase            *Phase
	Background       *bool
	StagingPosition  *int64
	Error            *string
	ErrorPosition    *int64
	BeganAt          *time.Time
	RunAt            *time.Time
	RunFrom          *int64
	MovedAt          *time.Time
	EndedAt          *time.Time
	PreviousPosition *int64
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
	rows, _ := p.pool.Query(ctx, statusSQL, names, stalledAfter, int64(rebuildLocks)) // CollectRows returns its error
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
		Version: r.Version, CodeVersion: code, Previous: r.PreviousPosition, Rebuild: r.rebuild(),
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
	if r.StagingPosition != nil {
		b.Position = *r.StagingPosition
	}
	if took := r.MovedAt.Sub(*r.RunAt).Seconds(); took > 0 && *r.Phase == Filling && b.Position > *r.RunFrom {
		b.Rate = float64(b.Position-*r.RunFrom) / took
		left := time.Duration(float64(b.Target-b.Position) / b.Rate * float64(time.Second))
		b.Remaining = &left
	}
	return b
}
