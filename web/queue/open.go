package queue

import (
	"strings"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/web"
)

// openForm is the form that opens a ticket.
type openForm struct {
	Command, Title, Description, Priority, Requester string
	ForOthers                                        bool
	Kept                                             []ticket.Attachment // files that came with it
	Fault                                            *web.Fault
}

func (s *Section) showOpening(v *web.Visit) (web.Reply, error) {
	own, others := ticket.MayOpen(v.Actor)
	if !own {
		return web.Reply{}, domain.ErrForbidden
	}
	return web.Show("New ticket", openPage(openForm{Command: web.NewCommand(), Priority: string(ticket.Low), ForOthers: others})), nil
}

func (s *Section) openTicket(v *web.Visit) (web.Reply, error) {
	_, others := ticket.MayOpen(v.Actor)
	form := openForm{
		Command: v.Form.Text("command"), Title: v.Form.Text("title"), Description: v.Form.Text("description"),
		Priority: v.Form.Text("priority"), Requester: strings.TrimSpace(v.Form.Text("requester")), ForOthers: others,
	}
	out, err := s.open(v, form)
	if form.Fault = web.FaultOf(err); form.Fault != nil {
		form.Kept = v.Files.Kept()
		return web.Show("New ticket", openPage(form)).With(form.Fault), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	t, err := s.Read.Ticket(v.Context(), v.Actor, ticket.Ref{ID: ticket.ID{UUID: out.StreamID}})
	if err != nil { // opened for another, or not readable yet
		v.Tell("Ticket created.")
		return web.Redirect(web.QueuePath), nil
	}
	v.Tell("Ticket created.")
	return web.Redirect(web.TicketAddress(t.Number)), nil
}

func (s *Section) open(v *web.Visit, form openForm) (commands.Outcome, error) {
	c := ticket.OpenTicket{
		By: ticket.By{Actor: v.Actor}, Title: form.Title, Description: form.Description, Priority: ticket.Priority(form.Priority), Now: v.Now(),
	}
	var err error
	if c.Attachments, err = v.Files.Uploads(); err != nil {
		return commands.Outcome{}, err
	}
	if form.Requester != "" {
		account, known, err := s.App.PersonNamed(v.Context(), form.Requester)
		if err == nil && !known {
			err = web.NoUser(form.Requester, "requester")
		}
		c.CreatedBy = account.ID
		if _, refused := ticket.Decide(ticket.State{}, c); refused != nil {
			err = refused // first what they may not do at all
		}
		if err != nil {
			return commands.Outcome{}, err
		}
	}
	id := ticket.ID{UUID: uuid.Must(uuid.NewV7())}
	return v.CarryOut(func(r commands.Request) (commands.Outcome, error) { return s.App.Tickets.Open(v.Context(), r, id, c) })
}
