// Package messages is the ledger of emails that came in.
package messages

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/message"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

var table = projections.NewTable[view.Message]("inbound_messages")

// Follower keeps read.inbound_messages.
func Follower() follow.Follower {
	return projections.WithTexts(follow.Follower{
		Name:    projections.InboundLedger,
		Tables:  []string{"inbound_messages"},
		Lookups: []string{"inbound_messages_ticket"},
		Types:   eventstore.TypesOf(message.Events()),
		Apply:   apply,
	}, `DELETE FROM inbound_messages WHERE id = ANY ($1)`)
}

func apply(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	folds := map[uuid.UUID]*view.Message{}
	var known []uuid.UUID
	for _, e := range events {
		if e.Version > 1 {
			known = append(known, e.StreamID)
		}
	}
	if len(known) > 0 {
		loaded, err := table.Load(ctx, tx, known)
		if err != nil {
			return err
		}
		for _, m := range loaded {
			folds[m.ID] = m
		}
	}
	for _, e := range events {
		if folds[e.StreamID] == nil {
			folds[e.StreamID] = &view.Message{}
		}
		folds[e.StreamID].Apply(e)
	}
	return projections.WriteAll(ctx, tx, table.Upsert("write messages", slices.Collect(maps.Values(folds))))
}
