package eventstore

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// StreamsOf returns the streams that hold texts of a person, in no order.
func (s *Store) StreamsOf(ctx context.Context, person uuid.UUID) ([]uuid.UUID, error) {
	rows, _ := s.pool.Query(ctx, `SELECT DISTINCT stream_id FROM events WHERE person_id = $1`, person) // CollectRows returns its error
	streams, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, Unreachable(fmt.Errorf("look for the texts of %s: %w", person, err))
	}
	return streams, nil
}

// About calls each with every event that a person caused, that is of their own
// stream or that holds a text of theirs, in order, until it returns an error. It
// reads the whole log, which may take long.
func (s *Store) About(ctx context.Context, person uuid.UUID, each func(Envelope) error) error {
	const q = `SELECT ` + Columns + ` FROM events WHERE person_id = $1 OR actor_id = $1 OR stream_id = $1 ORDER BY position`
	rows, err := s.pool.Query(ctx, q, person)
	if err != nil {
		return Unreachable(fmt.Errorf("read the events about %s: %w", person, err))
	}
	defer rows.Close()
	for rows.Next() {
		recorded, err := ScanRecorded(rows)
		if err != nil {
			return fmt.Errorf("read the events about %s: %w", person, err)
		}
		events, err := s.codec.Open(ctx, recorded)
		if err != nil {
			return err
		}
		if err := each(events[0]); err != nil {
			return err
		}
	}
	return Unreachable(rows.Err())
}
