// Package messages is the ledger of emails that came in.
package messages

import (
	"context"

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
	return projections.Fold(ctx, tx, table, events, func(m *view.Message) uuid.UUID { return m.ID }, (*view.Message).Apply)
}
