// Package mailboxes is the addresses of the desk that people write to.
package mailboxes

import (
	"context"
	"maps"
	"slices"

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
	folds := map[uuid.UUID]*view.Mailbox{}
	var ids []uuid.UUID
	for _, e := range events {
		ids = append(ids, e.StreamID)
	}
	loaded, err := table.Load(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, m := range loaded {
		folds[m.ID] = m
	}
	for _, e := range events {
		if folds[e.StreamID] == nil {
			folds[e.StreamID] = &view.Mailbox{}
		}
		folds[e.StreamID].Apply(e)
	}
	return projections.WriteAll(ctx, tx, table.Upsert("write mailboxes", slices.Collect(maps.Values(folds))))
}
