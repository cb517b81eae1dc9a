// Package mailboxes is the addresses of the desk that people write to.
package mailboxes

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/mailbox"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

var table = projections.NewTable[view.Mailbox]("mailboxes")

// Follower keeps read.mailboxes.
func Follower() follow.Follower {
	return follow.Follower{
		Name:   projections.MailboxList,
		Tables: []string{"mailboxes"},
		Types:  eventstore.TypesOf(mailbox.Events()),
		Apply:  apply,
	}
}

func apply(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	return projections.Fold(ctx, tx, table, events, func(m *view.Mailbox) uuid.UUID { return m.ID }, (*view.Mailbox).Apply)
}
