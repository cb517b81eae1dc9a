package tickets

import (
	"context"
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"helpdesk/cmd/helpdesk/program"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Module returns tickets with their comments, histories and reports.
func Module() program.Module {
	return program.Module{
		Name:        "tickets",
		Events:      ticket.Events(),
		Projections: projections.Followers(),
		Commands:    func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m)} },
		Export: []program.PersonFile{
			{Name: "tickets.ndjson", About: "their tickets, each with its public comments, one a line", Of: "tickets", Write: export},
		},
	}
}

// conversation is a ticket as a person is handed it.
type conversation struct {
	view.Ticket
	Comments []view.Comment `json:"comments"`
}

// export writes the tickets that a person created, as they may see them.
func export(ctx context.Context, o *program.Operator, account user.Account, w io.Writer) (n int, err error) {
	self := domain.Actor{Kind: domain.ActorUser, ID: account.ID, Role: domain.RoleUser}
	read := projections.NewReader(o.Pool)
	page := projections.Page{Size: 100}
	for {
		filter := projections.TicketFilter{CreatedBy: &account.ID, OrderBy: projections.ByCreated}
		slice, err := read.Tickets(ctx, self, filter, page)
		if err != nil {
			return n, err
		}
		for _, t := range slice.Items {
			comments, err := read.AllComments(ctx, self, ticket.ID{UUID: t.ID})
			if err != nil {
				return n, err
			}
			if err := json.NewEncoder(w).Encode(conversation{t, comments}); err != nil {
				return n, err
			}
			n++
		}
		if page.Cursor = slice.Next; page.Cursor == nil {
			return n, nil
		}
	}
}
