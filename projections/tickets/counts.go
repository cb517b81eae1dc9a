package tickets

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"helpdesk/domain"
	"helpdesk/eventstore"
	"helpdesk/projections"
)

// ErrUncounted refuses counts that would take longer than they are worth.
var ErrUncounted = errors.New("counting takes too long")

// queryCanceled is the code of Postgres when a statement's time is up.
const queryCanceled = "57014"

// CountTickets counts the tickets the viewer sees for each filter, and stops
// counting at most: who shows a number beside a filter need not know whether it
// is a thousand or a million. All are counted in one snapshot, within a time:
// [ErrUncounted] when that is not enough, or less than a millisecond.
func (r *Reader) CountTickets(ctx context.Context, viewer domain.Actor, filters []projections.TicketFilter, most int, within time.Duration) ([]int, error) {
	if err := projections.Fresh(ctx, projections.TicketList); err != nil {
		return nil, err
	}
	formerly := projections.Outdated(ctx, projections.TicketWords)
	if len(filters) == 0 {
		return nil, nil
	}
	if within < time.Millisecond { // for Postgres 0 is without end
		return nil, ErrUncounted
	}
	var args []any
	columns := make([]string, len(filters))
	counts, into := make([]int, len(filters)), make([]any, len(filters))
	for i, f := range filters {
		w := where{projections.Where{Args: args}}
		from, reasons := projections.PresentTickets, w.Reasons(viewer)
		if f.Formerly, f.Viewer = formerly, viewer; f.Search != "" {
			from = w.search(viewer, from, f)
		}
		w.tickets(f)
		limit := fmt.Sprintf(" LIMIT %d", most)
		columns[i] = "(SELECT count(*) FROM (SELECT FROM " + w.From(from, reasons, "1", limit) + limit + ") AS counted)"
		args, into[i] = w.Args, &counts[i]
	}
	const limit = `SELECT set_config('statement_timeout', $1, true)`
	err := pgx.BeginTxFunc(ctx, r.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, limit, strconv.FormatInt(within.Milliseconds(), 10)); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "SELECT "+strings.Join(columns, ", "), projections.Planned(args)...).Scan(into...)
	})
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == queryCanceled {
		return nil, ErrUncounted
	}
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("count tickets: %w", err))
	}
	return counts, nil
}
