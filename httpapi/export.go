package httpapi

import (
	"context"
	"encoding/csv"
	"strconv"
	"strings"

	"helpdesk/projections"
)

// csvType is the media type of an export (RFC 4180, RFC 7111).
const csvType = "text/csv; charset=utf-8; header=present"

// exportPage is how many tickets an export reads at a time.
const exportPage = 500

// ticketColumns is the first line of an export.
var ticketColumns = []string{
	"id", "number", "title", "description", "priority", "status", "created_by", "assigned_to",
	"created_at", "updated_at", "first_response_at", "resolved_at", "closed_at", "escalated_at", "comment_count", "version",
}

// exportTickets returns the whole list as CSV: the filters and the ordering of
// the list hold, its pages do not. Pages are read one after the other, so a
// ticket that changes meanwhile is met as [projections.Cursor] says.
func (a *API) exportTickets(ctx context.Context, c *Call, in TicketQuery) (Stream, error) {
	filter, err := a.ticketFilter(ctx, c.Actor, in)
	if err != nil {
		return nil, err
	}
	page := projections.Page{Size: exportPage}
	slice, err := a.ticketsRead(ctx, c, in, filter, page) // the first, while a refusal can still be told
	if err != nil {
		return nil, err
	}
	if in.AsOf.Set {
		a.memento(c, in.AsOf.Value)
	}
	c.header.Set("Content-Disposition", `attachment; filename="tickets.csv"`)
	return func(ctx context.Context, w *StreamWriter) error {
		out := csv.NewWriter(w)
		out.UseCRLF = true // RFC 4180 §2
		if err := out.Write(ticketColumns); err != nil {
			return err
		}
		for {
			for _, t := range slice.Items {
				if err := out.Write(ticketRecord(ticketView(t))); err != nil {
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
			if slice, err = a.ticketsRead(ctx, c, in, filter, page); err != nil {
				return err
			}
		}
	}, nil
}

// ticketRecord writes a ticket in the order of ticketColumns.
func ticketRecord(t Ticket) []string {
	assignee := ""
	if t.AssignedTo != nil {
		assignee = t.AssignedTo.Username
	}
	return []string{
		t.ID.String(), strconv.FormatInt(t.Number, 10), cell(t.Title), cell(t.Description), string(t.Priority), string(t.Status),
		cell(t.CreatedBy.Username), cell(assignee), t.CreatedAt.text(), t.UpdatedAt.text(), t.FirstResponseAt.text(),
		t.ResolvedAt.text(), t.ClosedAt.text(), t.EscalatedAt.text(), strconv.Itoa(t.CommentCount), strconv.Itoa(t.Version),
	}
}

// cell keeps a spreadsheet from taking somebody's text for a formula: where it
// begins like one, an apostrophe comes before it (OWASP "CSV Injection").
func cell(text string) string {
	if strings.IndexAny(strings.TrimLeft(text, " "), "=+-@\t\r\n＝＋－＠") == 0 {
		return "'" + text
	}
	return text
}
