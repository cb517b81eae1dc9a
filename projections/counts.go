package projections

import (
	"context"
	"fmt"
	"strings"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// CountTickets counts the tickets the viewer sees for each filter, and stops
// counting at most: who shows a number beside a filter need not know whether it
// is a thousand or a million. All are counted in one snapshot.
func (r *Reader) CountTickets(ctx context.Context, viewer domain.Actor, filters []TicketFilter, most int) ([]int, error) {
	if len(filters) == 0 {
		return nil, nil
	}
	var args []any
	columns := make([]string, len(filters))
	counts, into := make([]int, len(filters)), make([]any, len(filters))
	for i, f := range filters {
		w := where{args: args}
		from := w.ticketsOf(viewer)
		if f.Search != "" {
			from, _ = w.search(viewer, from, f.Search)
		}
		w.tickets(f)
		columns[i] = fmt.Sprintf("(SELECT count(*) FROM (SELECT FROM %s%s LIMIT %d) AS counted)", from, w, most)
		args, into[i] = w.args, &counts[i]
	}
	if err := r.pool.QueryRow(ctx, "SELECT "+strings.Join(columns, ", "), planned(args)...).Scan(into...); err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("count tickets: %w", err))
	}
	return counts, nil
}
