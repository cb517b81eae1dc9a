package health

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"helpdesk/domain"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
)

func TestExplain(t *testing.T) {
	lockTimeout := &pgconn.PgError{Code: "55P03", Message: "canceling statement due to lock timeout"}
	locked := lockedError{{Table: "accounts", Session: 7, Application: "psql", Mode: "AccessExclusiveLock", Granted: true}}.reason()
	silent := eventstore.ErrUnreachable.With("the database does not answer")
	for _, c := range []struct {
		name string
		why  *domain.Error
		err  error
		want string // the code and the message
	}{
		{"a read that waited for a lock", locked, eventstore.Unreachable(fmt.Errorf("read: %w", lockTimeout)),
			"table_locked: another session of the database holds a lock on accounts: nothing was changed; try again once it has let go"},
		{"a read that ran out of time", silent, eventstore.Unreachable(context.DeadlineExceeded), "database_unavailable: the database does not answer"},
		{"a request that ran out of time", silent, context.DeadlineExceeded, "database_unavailable: the database does not answer"},
		{"an append that nobody knows of", silent, errors.Join(eventstore.ErrUnavailable, context.DeadlineExceeded),
			"log_unavailable: the database does not answer; whether the change was written is not known"},
		{"a read of what has not come so far", locked, follow.ErrNotYet,
			"not_yet: another session of the database holds a lock on accounts: what is read has not come so far yet: try again"},
		{"a read that waited for a lock nobody knows of yet", nil, eventstore.Unreachable(lockTimeout),
			"table_locked: " + eventstore.ErrTableLocked.Message},
		{"a refusal that has its reason", silent, eventstore.Unreachable(&pgconn.PgError{Code: "53100"}), "disk_full: " + eventstore.ErrDiskFull.Message},
		{"a refusal that has nothing to do with it", silent, domain.ErrForbidden, "forbidden: " + domain.ErrForbidden.Message},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := errors.AsType[*domain.Error]((&Watch{reason: c.why}).Explain(c.err))
			if !ok {
				t.Fatal("it is no refusal")
			}
			if text := got.Code + ": " + got.Message; text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
		})
	}
}
