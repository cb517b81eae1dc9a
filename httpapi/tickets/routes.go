// Package tickets is tickets, and what can be done with them.
package tickets

import (
	"context"
	"net/http"
	"slices"
	"time"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/wire"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/projections/view"
)

// Reader reads tickets as the viewer may see them, else [domain.ErrNotFound].
type Reader interface {
	Ticket(ctx context.Context, viewer domain.Actor, ref ticket.Ref) (view.Ticket, error)
	Tickets(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error)
	// Thread lists the comments of a ticket, oldest first, as many as a page has room for.
	Thread(ctx context.Context, viewer domain.Actor, of ticket.ID, at *projections.Cursor) (projections.Slice[view.Comment], error)
	// Attachments lists the files of a ticket and of its comments, oldest first.
	Attachments(ctx context.Context, viewer domain.Actor, of ticket.ID) ([]view.Attachment, error)
}

// Past shows tickets as the system knew them at an instant; see
// [history.Past].
type Past interface {
	Ticket(ctx context.Context, viewer domain.Actor, ref ticket.Ref, at history.Moment) (history.PastTicket, error)
	Tickets(ctx context.Context, viewer domain.Actor, at time.Time, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error)
	Diff(ctx context.Context, viewer domain.Actor, ref ticket.Ref, from, to history.Moment, after *projections.Cursor) (history.Difference, error)
}

// History reads what happened to a ticket as far as the viewer may know, and
// [domain.ErrNotFound] of one they may not see.
type History interface {
	Ticket(ctx context.Context, viewer domain.Actor, id ticket.ID, p projections.Page) (projections.Slice[history.Entry], error)
}

// Resource is the calls on tickets.
type Resource struct {
	App     *commands.App
	Read    Reader
	Past    Past
	History History
}

// Routes lists the calls.
func (r Resource) Routes() []httpapi.Route {
	all := slices.Concat(r.onAll(), r.onOne(), r.verbs())
	return httpapi.Tagged("Tickets", "Tickets and what can be done with them.", httpapi.Remade(all, written)...)
}

// onAll are the calls on the list of tickets.
func (r Resource) onAll() []httpapi.Route {
	return []httpapi.Route{
		{
			Method: http.MethodGet, Path: "/api/tickets/", ID: "listTickets",
			Summary: "List tickets",
			About:   "What the caller may see, newest first unless asked otherwise. Filters are combined. With as_of the tickets of then, as far as the caller sees them now; admins and auditors are shown those deleted since too.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.list).Or(httpapi.ExportOf(httpapi.CSVType, r.export)),
			Headers: []string{"Memento-Datetime"}, Export: "exportTickets",
		},
		{
			Method: http.MethodPost, Path: "/api/tickets/", ID: "openTicket",
			Summary: "Open a ticket",
			About:   "Auditors don't. Staff may open one for another requester. A requester opens so many within an hour (HELPDESK_TICKETS_PER_HOUR); one more gets 429 too_many_tickets.",
			Who:     httpapi.SignedIn, Status: http.StatusCreated, Handler: httpapi.Handle(r.open),
		},
		{
			Method: http.MethodPost, Path: "/api/tickets/bulk/", ID: "bulkTickets",
			Summary: "Change many tickets at once",
			About:   "Up to 100 operations, one after the other, each as a call of its own would be answered; the answer is 200 whatever became of each. Where the time of a request (HELPDESK_REQUEST_TIME) is over before all had their turn, the others are 503 no_time, and are to be sent again. Versions are named by each operation, not by If-Match.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.bulk), Dear: true,
			Never:   []int{http.StatusPreconditionFailed},
			Headers: []string{"Event-Position", "Preference-Applied"},
		},
	}
}

// onOne are the calls on one ticket.
func (r Resource) onOne() []httpapi.Route {
	return []httpapi.Route{
		{
			Method: http.MethodGet, Path: "/api/tickets/{id}/", ID: "getTicket",
			Summary: "Read a ticket with its comments",
			About:   "A ticket as the caller may see it, with the comments they may see, oldest first; where these are longer than half a megabyte together, comments_next leads to the others. Its past, by as_of or version, is as the system knew it then, by when events were recorded, for whoever sees the ticket now; requesters read [withdrawn] in the place of a text that was removed or edited since; admins and auditors read that of deleted ones too. Where it did not exist then it is 404, and an instant to come is 400.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.one),
			Headers: []string{"Memento-Datetime", "Link"},
		},
		{
			Method: http.MethodPut, Path: "/api/tickets/{id}/", ID: "putTicket",
			Summary: "Give a ticket all its members anew",
			About:   "Title, description, priority and status are needed. One call is one append: all of it happens or nothing.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.put),
		},
		{
			Method: http.MethodPatch, Path: "/api/tickets/{id}/", ID: "patchTicket",
			Summary: "Change some members of a ticket",
			About:   "One call is one append: all of it happens or nothing. Where nothing changes nothing is written. The status in-progress makes the caller the assignee of an unassigned ticket; together with the assignee null, of a ticket that has one, it is refused with 422 ticket_unassigned.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.patch),
		},
		{
			Method: http.MethodDelete, Path: "/api/tickets/{id}/", ID: "deleteTicket",
			Summary: "Delete a ticket",
			About:   "Gone from every read; its events stay, and an admin can restore it. Requesters can while it is open, unassigned and without comments of others.",
			Who:     httpapi.SignedIn, Status: http.StatusNoContent, Handler: httpapi.Handle(r.remove),
		},
		{
			Method: http.MethodGet, Path: "/api/tickets/{id}/history/", ID: "ticketHistory",
			Summary: "Read what happened to a ticket and its emails",
			About:   "Every event of the ticket and of the emails about it, oldest first, as far as the caller may know: requesters read neither of internal notes nor of emails to others, and [withdrawn] in the place of a text that was removed or edited since. Admins and auditors read it of deleted tickets too.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.history), Dear: true,
		},
		{
			Method: http.MethodGet, Path: "/api/tickets/{id}/diff/", ID: "ticketDiff",
			Summary: "Compare a ticket at two versions or instants",
			About:   "What of the ticket and its comments, as far as the caller may see them, is another at to than at from: two versions, or two instants. Where the comments are longer than half a megabyte together, next leads on. Requesters read [withdrawn] in the place of a text that was removed or edited since. Where the ticket did not exist at one of them it is 404, and an instant to come is 400.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.diff), Dear: true,
		},
	}
}

// verbs are the steps of a ticket's life.
func (r Resource) verbs() []httpapi.Route {
	return []httpapi.Route{
		{
			Method: http.MethodPost, Path: "/api/tickets/{id}/assign/", ID: "assignTicket",
			Summary: "Assign a ticket, or unassign it",
			About:   "Agents assign themselves, admins anyone who is an active agent or admin. null: nobody; a ticket in progress then returns to open.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.assign),
		},
		{
			Method: http.MethodPost, Path: "/api/tickets/{id}/start/", ID: "startTicket",
			Summary: "Start work on a ticket",
			About:   "From open or escalated. Who starts work on an unassigned ticket takes it: they become its assignee in the same append, whether by this call, by status in a PUT or PATCH, or by a bulk call. A ticket in progress stays as it is.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.status(ticket.StatusInProgress)),
		},
		{
			Method: http.MethodPost, Path: "/api/tickets/{id}/resolve/", ID: "resolveTicket",
			Summary: "Resolve a ticket",
			About:   "From open, in progress or escalated. A resolved ticket stays as it is.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.status(ticket.StatusResolved)),
		},
		{
			Method: http.MethodPost, Path: "/api/tickets/{id}/close/", ID: "closeTicket",
			Summary: "Close a ticket",
			About:   "From any other status. A closed ticket stays as it is.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.status(ticket.StatusClosed)),
		},
		{
			Method: http.MethodPost, Path: "/api/tickets/{id}/reopen/", ID: "reopenTicket",
			Summary: "Reopen a ticket",
			About:   "From resolved or closed. An open ticket stays as it is.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.status(ticket.StatusOpen)),
		},
		{
			Method: http.MethodPost, Path: "/api/tickets/{id}/escalate/", ID: "escalateTicket",
			Summary: "Escalate a ticket",
			About:   "From open or in progress. An escalated ticket stays as it is.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.status(ticket.StatusEscalated)),
		},
		{
			Method: http.MethodPost, Path: "/api/tickets/{id}/redact/", ID: "redactTicket",
			Summary: "Redact a text of a ticket",
			About:   "For admins. The title or the description, and all that it read before, are destroyed for good, also of a ticket that was deleted: they read [redacted] everywhere and at every instant. With from and to the text stays as it reads now, with [redacted] in the place of these characters. The history says who did it and why.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.redact),
			Also: []int{http.StatusForbidden},
		},
		{
			Method: http.MethodPost, Path: "/api/tickets/{id}/restore/", ID: "restoreTicket",
			Summary: "Restore a deleted ticket",
			About:   "For admins. The ticket is again what it was when it was deleted: its status, assignee, comments, numbers and place in every list; its history has both. What is overdue by then escalates at once; an assignee who left meanwhile loses it as others do. Texts that were erased or redacted stay so, and emails that were cancelled are not sent. A ticket that is not deleted is 422.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(restoring(r)),
			Also: []int{http.StatusForbidden},
		},
	}
}

// TicketPath is the path of calls on one ticket.
type TicketPath struct {
	Ticket wire.TicketName `path:"id" json:"-" description:"The ticket's id or number."`
}
