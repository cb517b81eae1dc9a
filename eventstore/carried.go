package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
)

// CarriedOut returns the stream that a command of this id wrote to and where it
// ended up: [domain.ErrNotFound] for one that was never carried out, or so long
// ago that it is forgotten ([Store.Forget]).
func (s *Store) CarriedOut(ctx context.Context, commandID uuid.UUID) (streamID uuid.UUID, done Appended, err error) {
	const q = `
		SELECT stream_id,
		       first_position,
		       last_position,
		       version
		FROM commands
		WHERE command_id = $1`
	err = s.pool.QueryRow(ctx, q, commandID).Scan(&streamID, &done.FirstPosition, &done.Position, &done.Version)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, Appended{}, domain.ErrNotFound
	}
	if err != nil {
		return uuid.Nil, Appended{}, Unreachable(fmt.Errorf("look up command %s: %w", commandID, err))
	}
	return streamID, done, nil
}

// CarriedBetween returns the least id of a command between two that was carried out,
// both included: [domain.ErrNotFound] where there is none, or it is forgotten.
func (s *Store) CarriedBetween(ctx context.Context, from, to uuid.UUID) (id uuid.UUID, err error) {
	const q = `
		SELECT command_id
		FROM commands
		WHERE command_id BETWEEN $1 AND $2
		ORDER BY command_id
		LIMIT 1`
	err = s.pool.QueryRow(ctx, q, from, to).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, domain.ErrNotFound
	}
	if err != nil {
		return uuid.Nil, Unreachable(fmt.Errorf("look up commands from %s: %w", from, err))
	}
	return id, nil
}

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
