package idempotency

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
)

// Run renews the leases of this process' claims and removes old answers, until
// ctx ends; it returns nil then. While there are no claims it writes nothing. An
// error is logged and tried again the next time.
func (s *Store) Run(ctx context.Context) error {
	renewal := time.NewTimer(s.config.Lease / 3)
	defer renewal.Stop()
	renewal.Stop() // it stands still while there are no claims
	sweeps := time.NewTicker(s.config.SweepEvery)
	defer sweeps.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-s.begun:
			renewal.Reset(s.config.Lease / 3)
		case <-renewal.C:
			if owners, ids := s.claims(); len(owners) > 0 {
				renewal.Reset(s.config.Lease / 3)
				err = s.renew(ctx, owners, ids)
			}
		case <-sweeps.C:
			_, err = s.sweep(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.config.Logger.WarnContext(ctx, "idempotency keys could not be maintained", slog.Any("error", err))
		}
	}
}

// renew records that this process still works on what it has claimed.
func (s *Store) renew(ctx context.Context, owners, ids []uuid.UUID) error {
	const q = `
		UPDATE idempotency_keys
		SET leased_until = clock_timestamp() + $3
		WHERE command_id = ANY ($1)
		  AND owner = ANY ($2)
		  AND status IS NULL
		  AND leased_until > clock_timestamp()`
	if _, err := s.pool.Exec(ctx, q, ids, owners, s.config.Lease); err != nil {
		return fmt.Errorf("renew %d claims: %w", len(owners), err)
	}
	return nil
}

func (s *Store) claims() (owners, ids []uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for owner, id := range s.held {
		owners, ids = append(owners, owner), append(ids, id)
	}
	return owners, ids
}

// sweepPage is how many rows one statement of sweep removes at most.
const sweepPage = 1000

// sweep removes the answers that are older than Keep and returns how many.
func (s *Store) sweep(ctx context.Context) (removed int64, err error) {
	// SKIP LOCKED: another process' sweep has those already.
	const q = `
		DELETE FROM idempotency_keys
		WHERE command_id IN (
			SELECT command_id
			FROM idempotency_keys
			WHERE created_at < clock_timestamp() - $1::interval
			  AND leased_until < clock_timestamp()
			ORDER BY created_at
			LIMIT $2
			FOR UPDATE SKIP LOCKED)`
	for {
		tag, err := s.pool.Exec(ctx, q, s.config.Keep, sweepPage)
		if err != nil {
			return removed, fmt.Errorf("remove old answers: %w", err)
		}
		removed += tag.RowsAffected()
		if tag.RowsAffected() < sweepPage {
			return removed, nil
		}
	}
}
