package people

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

var userTable = projections.NewTable[view.UserRow]("users")

const forgetUsersSQL = `DELETE FROM users WHERE id = ANY ($1)`

// Follower keeps read.users.
func Follower() follow.Follower {
	return projections.Forgetting(follow.Follower{
		Name:   projections.UserList,
		Tables: []string{"users"},
		Types:  eventstore.TypesOf(user.Events()),
		Apply:  applyUserList,
		Inline: true,
	}, forgetUsersSQL)
}

func applyUserList(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	folds := map[uuid.UUID]*view.UserRow{}
	var ids []uuid.UUID
	for _, e := range events {
		ids = append(ids, e.StreamID)
	}
	loaded, err := userTable.Load(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, r := range loaded {
		folds[r.ID] = r
	}
	for _, e := range events {
		if folds[e.StreamID] == nil {
			folds[e.StreamID] = &view.UserRow{}
		}
		folds[e.StreamID].Apply(e)
	}
	return projections.WriteAll(ctx, tx, userTable.Upsert("write users", slices.Collect(maps.Values(folds))))
}
