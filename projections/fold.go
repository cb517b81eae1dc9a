package projections

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/eventstore"
)

// Fold brings a table up to date with a page of events, that has a row for each stream,
// under its id: key returns that of a row, and apply folds an event into one.
func Fold[R any](ctx context.Context, tx pgx.Tx, t *Table[R], events []eventstore.Envelope, key func(*R) uuid.UUID, apply func(*R, eventstore.Envelope)) error {
	folds := map[uuid.UUID]*R{}
	var known []uuid.UUID
	for _, e := range events {
		if e.Version > 1 {
			known = append(known, e.StreamID)
		}
	}
	if len(known) > 0 {
		loaded, err := t.Load(ctx, tx, known)
		if err != nil {
			return err
		}
		for _, r := range loaded {
			folds[key(r)] = r
		}
	}
	for _, e := range events {
		if folds[e.StreamID] == nil {
			folds[e.StreamID] = new(R)
		}
		apply(folds[e.StreamID], e)
	}
	return WriteAll(ctx, tx, t.Upsert("write "+t.name, slices.Collect(maps.Values(folds))))
}
