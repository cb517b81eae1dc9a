package eventstore

import (
	"context"
	"errors"
	"fmt"

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
