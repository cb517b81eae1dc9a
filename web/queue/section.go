// Package queue is the list of tickets: filters, search, saved views, what is done
// to many tickets at once, and the form that opens one.
package queue

import (
	"context"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/people"
	"helpdesk/projections/view"
	"helpdesk/web"
	"helpdesk/workspace"
)

// Reader lists what tickets a viewer may see; see [projections.Reader].
type Reader interface {
	Ticket(ctx context.Context, viewer domain.Actor, ref ticket.Ref) (view.Ticket, error)
	Tickets(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error)
	Users(ctx context.Context, f people.Filter, p projections.Page) (projections.Slice[view.User], error)
	CountTickets(ctx context.Context, viewer domain.Actor, filters []projections.TicketFilter, most int, within time.Duration) ([]int, error)
}

// Schedule finds when tickets escalate; see [saga.Schedule].
type Schedule interface {
	Due(ctx context.Context, tickets []uuid.UUID) (map[uuid.UUID]time.Time, error)
}

// Views keeps the views of the queue that people saved; see [workspace.Views].
type Views interface {
	List(ctx context.Context, owner domain.UserID) ([]workspace.View, error)
	Save(ctx context.Context, owner domain.UserID, view workspace.View) error
	Remove(ctx context.Context, owner domain.UserID, name string) error
}

// Section is the pages of this package. All fields are needed.
type Section struct {
	App      *commands.App
	Read     Reader
	Schedule Schedule
	Views    Views
}

// Pages returns the pages and forms of the section.
func (s *Section) Pages() []web.Page {
	return []web.Page{
		web.Get("tickets", web.SignedIn, s.showQueue).InMenu(10, "Tickets"),
		web.Post("tickets/new", web.SignedIn, s.openTicket).TakesFiles(),
		web.Get("tickets/new", web.SignedIn, s.showOpening),
		web.Post("tickets/bulk", web.SignedIn, s.bulk).Dear(),
		web.Get("tickets/bulk/delete", web.SignedIn, s.askToDelete),
		web.Post("tickets/views", web.SignedIn, s.saveView),
		web.Post("tickets/views/remove", web.SignedIn, s.removeView),
	}
}
