package tickets

import (
	"context"
	"encoding/json"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"helpdesk/cmd/helpdesk/program"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore/follow"
	"helpdesk/httpapi"
	commentsapi "helpdesk/httpapi/comments"
	"helpdesk/httpapi/events"
	ticketsapi "helpdesk/httpapi/tickets"
	"helpdesk/projections"
	"helpdesk/projections/comments"
	"helpdesk/projections/feed"
	"helpdesk/projections/history"
	"helpdesk/projections/search"
	"helpdesk/projections/tickets"
	"helpdesk/projections/view"
	"helpdesk/saga"
	"helpdesk/web"
	"helpdesk/web/queue"
	ticketspages "helpdesk/web/tickets"
	"helpdesk/workspace"
)

// Module returns tickets with their comments and histories.
func Module() program.Module {
	s := &settings{}
	return program.Module{
		Name:     "tickets",
		Settings: s,
		Events:   ticket.Events(),
		Projections: []follow.Follower{
			tickets.Follower(), comments.Follower(), history.Follower(), search.Follower(),
		},
		Manager:  manager,
		Work:     work,
		Routes:   s.routes,
		Pages:    s.pages,
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m)} },
		Export: []program.PersonFile{
			{Name: "tickets.ndjson", About: "their tickets, each with its public comments, one a line", Of: "tickets", Write: export},
		},
	}
}

func (s *settings) routes(c *program.Clients) []httpapi.Route {
	read, past := program.NewReader(c.Pool), history.NewPast(c.Store, c.Pool, c.Freshness)
	return slices.Concat(
		ticketsapi.Resource{App: c.App, Read: read, Past: past, History: history.NewReader(c.Store, c.Pool)}.Routes(),
		commentsapi.Resource{App: c.App, Read: read, Past: past, ReplyReopens: s.reopens()}.Routes(),
		events.Resource{
			Log: feed.NewEvents(c.Pool, c.Store), Feed: feed.NewFeed(c.Pool, c.Store, c.Notifier, c.Freshness), Streams: c.Streams,
			Types: c.Modules.Events(),
		}.Routes(),
	)
}

func (s *settings) pages(c *program.Clients) []web.Page {
	read, schedule := program.NewReader(c.Pool), saga.NewSchedule(c.Pool)
	return slices.Concat(
		(&queue.Section{
			App: c.App, Read: read, Schedule: schedule, Views: workspace.NewViews(c.Pool),
		}).Pages(),
		(&ticketspages.Section{
			App: c.App, Read: read, Schedule: schedule, Viewers: workspace.NewViewers(c.Pool),
			History: history.NewReader(c.Store, c.Pool), Past: history.NewPast(c.Store, c.Pool, c.Freshness),
			ReplyReopens: s.reopens(),
		}).Pages(),
	)
}

// conversation is a ticket as a person is handed it.
type conversation struct {
	view.Ticket
	Comments []view.Comment `json:"comments"`
}

// export writes the tickets that a person created, as they may see them.
func export(ctx context.Context, o *program.Operator, account user.Account, w io.Writer) (n int, err error) {
	self := domain.Actor{Kind: domain.ActorUser, ID: account.ID, Role: domain.RoleUser}
	read := program.NewReader(o.Pool)
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
