package tickets

import (
	"context"
	"strconv"

	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/wire"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// exportPage is how many tickets an export reads at a time.
const exportPage = 500

// ticketColumns returns the first line of an export: what names a ticket, its
// members, and what came of it.
func ticketColumns() []string {
	columns := []string{"id", "number"}
	for _, m := range ticket.Members() {
		columns = append(columns, m.Name)
	}
	return append(columns,
		"created_at", "updated_at", "first_response_at", "resolved_at", "closed_at", "escalated_at", "comment_count", "version")
}

// export returns the whole list as CSV: the filters and the ordering of
// the list hold, its pages do not. Pages are read one after the other, so a
// ticket that changes meanwhile is met as [projections.Cursor] says.
func (r Resource) export(ctx context.Context, c *httpapi.Call, in TicketQuery) (httpapi.Stream, error) {
	filter, err := r.filter(ctx, c.Actor, in)
	if err != nil {
		return nil, err
	}
	page := projections.Page{Size: exportPage}
	slice, err := r.page(ctx, c, in, filter, page) // the first, while a refusal can still be told
	if err != nil {
		return nil, err
	}
	if in.AsOf.Set {
		c.Memento(in.AsOf.Value)
	}
	c.Attach("tickets")
	return func(ctx context.Context, w *httpapi.StreamWriter) error {
		out, err := in.NewCSV(w, ticketColumns())
		if err != nil {
			return err
		}
		for {
			for _, t := range slice.Items {
				if err := out.Write(ticketRecord(t)); err != nil {
					return err
				}
			}
			if err := out.Flush(); err != nil {
				return err
			}
			if slice.Next == nil {
				return nil
			}
			page.Cursor = slice.Next
			if err := c.GoOn(ctx); err != nil {
				return err
			}
			if slice, err = r.page(ctx, c, in, filter, page); err != nil {
				return err
			}
		}
	}, nil
}

// ticketRecord returns a ticket in the order of ticketColumns.
func ticketRecord(shown view.Ticket) []string {
	t := wire.TicketOf(shown)
	record := []string{t.ID.String(), strconv.FormatInt(t.Number, 10)}
	state, names := shown.State()
	for _, m := range ticket.Members() {
		record = append(record, m.Text(state, names))
	}
	return append(record, t.CreatedAt.Text(), t.UpdatedAt.Text(), t.FirstResponseAt.Text(),
		t.ResolvedAt.Text(), t.ClosedAt.Text(), t.EscalatedAt.Text(), strconv.Itoa(t.CommentCount), strconv.Itoa(t.Version))
}
