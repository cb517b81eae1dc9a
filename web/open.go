package web

import (
	"errors"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
)

// openForm is the form that opens a ticket.
type openForm struct {
	Command, Title, Description, Priority, Requester string
	ForOthers                                        bool
	Fault                                            *fault
}

func (s *Site) showOpening(v *Visit) (reply, error) {
	own, others := ticket.MayOpen(v.Actor)
	if !own {
		return reply{}, domain.ErrForbidden
	}
	return show("Open a ticket", openPage(openForm{Command: newCommand(), Priority: string(ticket.Low), ForOthers: others})), nil
}

func (s *Site) openTicket(v *Visit) (reply, error) {
	_, others := ticket.MayOpen(v.Actor)
	form := openForm{
		Command: v.field("command"), Title: v.field("title"), Description: v.field("description"),
		Priority: v.field("priority"), Requester: strings.TrimSpace(v.field("requester")), ForOthers: others,
	}
	out, err := s.open(v, form)
	if form.Fault = faultOf(err); form.Fault != nil {
		return show("Open a ticket", openPage(form)).with(form.Fault), nil
	}
	if err != nil {
		return reply{}, err
	}
	t, err := s.Read.Ticket(v.ctx(), v.Actor, ticket.Ref{ID: ticket.ID{UUID: out.StreamID}})
	if err != nil { // opened for another, or not readable yet
		v.tell("opened")
		return redirect(queuePath), nil
	}
	v.tell("opened")
	return redirect(ticketAddress(t.Number)), nil
}

func (s *Site) open(v *Visit, form openForm) (commands.Outcome, error) {
	c := ticket.OpenTicket{
		By: ticket.By{Actor: v.Actor}, Title: form.Title, Description: form.Description, Priority: ticket.Priority(form.Priority),
	}
	if form.Requester != "" {
		account, err := s.Accounts.Find(v.ctx(), form.Requester)
		if errors.Is(err, domain.ErrNotFound) {
			account, err = user.Account{ID: user.ID{UUID: uuid.New()}}, domain.ErrUnknown.With("nobody is called %s", form.Requester).On("requester")
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
	return v.carryOut(func(r commands.Request) (commands.Outcome, error) { return s.Tickets.Open(v.ctx(), r, id, c) })
}

// ticketAddress is where the page of a ticket is.
func ticketAddress(number int64) string { return queuePath + strconv.FormatInt(number, 10) + "/" }
