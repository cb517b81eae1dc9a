package auth

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// RecordReading notes, in the transaction that records a person's reading in the log,
// that it does: [access.ErrRecorded] when another did less than an hour ago. What the
// person read more than an hour ago is forgotten.
func (*Tokens) RecordReading(person domain.UserID, reading []byte) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		// Whoever comes second waits for the first to commit, and then sees its row.
		const q = `
			WITH forgotten AS (
				DELETE FROM readings
				WHERE user_id = $1
				  AND reading <> $2
				  AND recorded_at <= now() - interval '1 hour')
			INSERT INTO readings AS r (user_id, reading)
			VALUES ($1, $2)
			ON CONFLICT (user_id, reading) DO UPDATE
			SET recorded_at = now()
			WHERE r.recorded_at <= now() - interval '1 hour'`
		tag, err := tx.Exec(ctx, q, person.UUID, reading)
		if err != nil {
			return fmt.Errorf("note that a reading of account %s is recorded: %w", person, err)
		}
		if tag.RowsAffected() == 0 {
			return access.ErrRecorded
		}
		return nil
	}
}

// forgetReadings removes what the person read lately.
func forgetReadings(ctx context.Context, tx pgx.Tx, id user.ID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM readings WHERE user_id = $1`, id.UUID); err != nil {
		return fmt.Errorf("forget the readings of account %s: %w", id, err)
	}
	return nil
}
