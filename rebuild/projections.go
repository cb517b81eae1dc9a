package rebuild

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

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
	// ErrNoPrevious: there are no tables to go back to.
	ErrNoPrevious = &domain.Error{Kind: domain.KindRejected, Code: "no_previous_tables", Message: "there are no previous tables to go back to"}
	// ErrOtherShape: the previous tables have other columns than those of now.
	ErrOtherShape = &domain.Error{Kind: domain.KindRejected, Code: "other_shape", Message: "the previous tables have other columns than this program knows"}
	// ErrNoTables: the projection does not state its tables.
	ErrNoTables = &domain.Error{Kind: domain.KindRejected, Code: "no_tables", Message: "this projection cannot be rebuilt: it does not state its tables"}
	// ErrDiffers: the new tables are not like the old ones.
	ErrDiffers = &domain.Error{Kind: domain.KindRejected, Code: "tables_differ", Message: "the new tables are not like the old ones"}
)

// Config adjusts how projections are rebuilt.
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

// Projections are the projections as an operator sees them. It is safe for
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
	rows, _ := p.pool.Query(ctx, q, names, tables) // CollectRows returns its error
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
