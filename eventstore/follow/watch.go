package follow

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Progress is how far a follower has come.
type Progress struct {
	Name     string
	Position int64 // everything up to here is applied or failed
	Head     int64 // newest position of the log
	Failed   int64 // events it could not apply
	Paused   bool  // by an operator
}

// Lag returns how many positions the follower has before it.
func (p Progress) Lag() int64 { return p.Head - p.Position }

const progressSQL = `SELECT c.name, c.position, h.position,
    (SELECT count(*) FROM failed_events p WHERE p.follower = c.name),
    c.paused_at IS NOT NULL
FROM checkpoints c CROSS JOIN log_head h ORDER BY c.name`

// ReadProgress returns how far every follower of the database has come.
func ReadProgress(ctx context.Context, pool *pgxpool.Pool) ([]Progress, error) {
	rows, _ := pool.Query(ctx, progressSQL) // CollectRows returns its error
	progress, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Progress])
	if err != nil {
		return nil, fmt.Errorf("read how far the followers are: %w", err)
	}
	return progress, nil
}

// WatchConfig adjusts a watchdog. The zero value is ready to use.
type WatchConfig struct {
	Every      time.Duration // between two looks; default 5 s
	StallAfter time.Duration // without movement before the alarm; default 30 s
	Logger     *slog.Logger  // default [slog.Default]
}

// Watchdog alarms when a follower has events before it and does not move. It
// looks from outside, at the tables alone, so that it also sees a follower whose
// process is gone or hangs. One that is paused is not stalled.
type Watchdog struct {
	pool   *pgxpool.Pool
	config WatchConfig

	mu    sync.Mutex
	seen  map[string]sighting
	last  []Progress
	alarm map[string]bool
}

// sighting is when a follower was first seen at a position with events before it.
type sighting struct {
	position int64
	since    time.Time
}

// NewWatchdog makes the watchdog of all followers of a database.
func NewWatchdog(pool *pgxpool.Pool, config WatchConfig) *Watchdog {
	if config.Every == 0 {
		config.Every = 5 * time.Second
	}
	if config.StallAfter == 0 {
		config.StallAfter = 30 * time.Second
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	return &Watchdog{pool: pool, config: config, seen: map[string]sighting{}, alarm: map[string]bool{}}
}

// Run looks until ctx ends.
func (d *Watchdog) Run(ctx context.Context) error {
	ticker := time.NewTicker(d.config.Every)
	defer ticker.Stop()
	for {
		if err := d.runOnce(ctx, time.Now()); err != nil && ctx.Err() == nil {
			d.config.Logger.Warn("the watchdog cannot read the checkpoints", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (d *Watchdog) runOnce(ctx context.Context, now time.Time) error {
	progress, err := ReadProgress(ctx, d.pool)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = progress
	for _, p := range progress {
		s, ok := d.seen[p.Name]
		if !ok || p.Lag() == 0 || p.Paused || p.Position != s.position {
			d.seen[p.Name] = sighting{position: p.Position, since: now}
			if d.alarm[p.Name] {
				d.config.Logger.Info("a follower moves again", "follower", p.Name, "position", p.Position)
			}
			delete(d.alarm, p.Name)
			continue
		}
		if still := now.Sub(s.since); still >= d.config.StallAfter && !d.alarm[p.Name] {
			d.alarm[p.Name] = true
			d.config.Logger.Error("a follower is stalled", "follower", p.Name,
				"position", p.Position, "lag", p.Lag(), "still_for", still.String())
		}
	}
	return nil
}

// Stalled returns the names of the followers that have events before them and
// do not move.
func (d *Watchdog) Stalled() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for _, p := range d.last {
		if d.alarm[p.Name] {
			names = append(names, p.Name)
		}
	}
	return names
}

// Paused returns the names of the followers that an operator has paused.
func (d *Watchdog) Paused() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for _, p := range d.last {
		if p.Paused {
			names = append(names, p.Name)
		}
	}
	return names
}

// Progress returns what the last look saw.
func (d *Watchdog) Progress() []Progress {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last
}
