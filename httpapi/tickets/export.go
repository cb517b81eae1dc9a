package tickets

import (
	"context"
	"strconv"

	"helpdesk/httpapi"
	"helpdesk/httpapi/wire"
	"helpdesk/projections"
)

// exportPage is how many tickets an export reads at a time.
const exportPage = 500

// ticketColumns is the first line of an export.
var ticketColumns = []string{
	"id", "number", "title", "description", "priority", "status", "created_by", "assigned_to",
	"created_at", "updated_at", "first_response_at", "resolved_at", "closed_at", "escalated_at", "comment_count", "version",
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
	c.Attach("tickets.csv")
	return func(ctx context.Context, w *httpapi.StreamWriter) error {
		out := httpapi.NewCSV(w)
		if err := out.Write(ticketColumns); err != nil {
			return err
		}
		for {
			for _, t := range slice.Items {
				if err := out.Write(ticketRecord(wire.TicketOf(t))); err != nil {
					return err
				}
			}
			if out.Flush(); out.Error() != nil {
				return out.Error()
			}
			if slice.Next == nil {
				return nil
			}
			page.Cursor = slice.Next
			if slice, err = r.page(ctx, c, in, filter, page); err != nil {
				return err
			}
		}
	}, nil
}

// ticketRecord writes a ticket in the order of ticketColumns.
func ticketRecord(t wire.Ticket) []string {
	assignee := ""
	if t.AssignedTo != nil {
		assignee = t.AssignedTo.Username
	}
	return []string{
		t.ID.String(), strconv.FormatInt(t.Number, 10), httpapi.Cell(t.Title), httpapi.Cell(t.Description), string(t.Priority), string(t.Status),
		httpapi.Cell(t.CreatedBy.Username), httpapi.Cell(assignee), t.CreatedAt.Text(), t.UpdatedAt.Text(), t.FirstResponseAt.Text(),
		t.ResolvedAt.Text(), t.ClosedAt.Text(), t.EscalatedAt.Text(), strconv.Itoa(t.CommentCount), strconv.Itoa(t.Version),
	}
}
