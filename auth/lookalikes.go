package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.mau.fi/util/confusable"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// lookalikes returns what a username looks like, in the case it is written in and in
// others: two names that have one of them in common look alike (UTS 39 §4, skeleton).
func lookalikes(username string) []string {
	var all []string
	for _, cased := range []string{username, strings.ToLower(username), strings.ToUpper(username)} {
		if skeleton := confusable.Skeleton(cased); !slices.Contains(all, skeleton) {
			all = append(all, skeleton)
		}
	}
	return all
}

// lookingLike returns the refusal of a username that is one of another script which looks
// the same. Names of one script that look alike, as barn and bam may, are told apart.
func lookingLike(username string, others []string) error {
	for _, other := range others {
		if !user.SameScript(username, other) {
			return user.ErrUsernameTaken.With("the username looks like one of another script that is taken")
		}
	}
	return nil
}

// FillLookalikes notes what usernames look like of which it is not noted yet: those from
// before it was. It is quick where there are none.
func (a *Accounts) FillLookalikes(ctx context.Context) error {
	const most = 1000
	const unfilled = `
		SELECT user_id, username
		FROM accounts
		WHERE lookalikes IS NULL AND user_id > $1 AND username <> $3 || ' ' || user_id
		ORDER BY user_id
		LIMIT $2`
	const fill = `UPDATE accounts SET lookalikes = $2 WHERE user_id = $1 AND username = $3`
	var last uuid.UUID
	for n := most; n == most; {
		n = 0
		var b pgx.Batch
		rows, _ := a.pool.Query(ctx, unfilled, last, most, domain.Erased) // ForEachRow returns its error
		var name string
		if _, err := pgx.ForEachRow(rows, []any{&last, &name}, func() error {
			n++
			b.Queue(fill, last, lookalikes(name), name)
			return nil
		}); err != nil {
			return eventstore.Unreachable(fmt.Errorf("list usernames: %w", err))
		}
		if err := a.pool.SendBatch(ctx, &b).Close(); err != nil {
			return eventstore.Unreachable(fmt.Errorf("note what usernames look like: %w", err))
		}
	}
	return nil
}
