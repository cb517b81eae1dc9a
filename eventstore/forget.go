package eventstore

import (
	"context"
	"fmt"
	"time"
)

// Command ids are remembered longer than the 24 hours that clients are
// promised, so that a process manager's repeats after an outage are recognised.
const (
	commandMemory = 30 * 24 * time.Hour
	forgetEvery   = time.Hour
)

// Forget removes the ids of commands carried out long ago, until ctx ends.
func (s *Store) Forget(ctx context.Context) error {
	ticker := time.NewTicker(forgetEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if _, err := s.forgetOnce(ctx, commandMemory); err != nil && ctx.Err() == nil && !Transient(err) {
			return err
		}
	}
}

// forgetOnce removes the ids that are older than age and returns how many.
func (s *Store) forgetOnce(ctx context.Context, age time.Duration) (int64, error) {
	const q = `DELETE FROM commands WHERE recorded_at < clock_timestamp() - $1::interval`
	removed, err := s.pool.Exec(ctx, q, age)
	if err != nil {
		return 0, fmt.Errorf("forget old command ids: %w", err)
	}
	return removed.RowsAffected(), nil
}
