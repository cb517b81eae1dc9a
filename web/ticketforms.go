package web

import (
	"errors"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections/view"
)

// change does what a form of the ticket's page asks for. What is wrong with it is
// shown beside the form, with the ticket as it is now: sent again from there, it
// is meant.
func (s *Site) change(v *Visit, form string, do func(view.Ticket) error) (reply, error) {
	t, err := s.found(v)
	if err != nil {
		return reply{}, err
	}
	err = do(t)
	if err == nil {
		v.tell(form)
		if _, err := s.found(v); errors.Is(err, domain.ErrNotFound) { // given out of their own sight
			return redirect(queuePath), nil
		}
		return redirect(ticketAddress(t.Number)), nil
	}
	f := faultOf(err)
	if f == nil {
		return reply{}, err
	}
	if f.code == domain.ErrStale.Code {
		f.message = "Somebody changed this ticket since you loaded it. Look at what is new, then send this again if you still mean it."
	}
	if t, err = s.found(v); err != nil {
		return reply{}, err
	}
	return s.ticketPage(v, ticketView{Ticket: t, Form: form, Fault: f, Typed: v.field("text"), Internal: v.checked("internal")})
}

// do carries out the form's command on a ticket.
func (s *Site) do(v *Visit, t view.Ticket, c ticket.Command) error {
	_, err := v.carryOut(func(r commands.Request) (commands.Outcome, error) {
		return s.Tickets.Do(v.ctx(), r, ticket.ID{UUID: t.ID}, c)
	})
	return err
}

// comment adds a comment or a note, and brings the ticket to a status with it
// when the button says so.
func (s *Site) comment(v *Visit) (reply, error) {
	form := "commented"
	if v.checked("internal") {
		form = "noted"
	}
	return s.change(v, form, func(t view.Ticket) error {
		by := ticket.By{Actor: v.Actor}
		err := s.do(v, t, ticket.AddComment{
			By: by, CommentID: ticket.CommentID{UUID: uuid.Must(uuid.NewV7())}, Text: v.field("text"),
			Internal: v.checked("internal"), Now: s.now(),
		})
		if to := ticket.Status(v.form.Get("then")); err == nil && to != "" {
			err = s.then(v, t, ticket.ChangeStatus{By: by, To: to})
		}
		return err
	})
}

// then does what comes after a reply, which is sent whatever becomes of this.
func (s *Site) then(v *Visit, t view.Ticket, c ticket.Command) error {
	id, err := v.commandID("then")
	if err != nil {
		return err
	}
	out, err := v.once(commands.Request{ID: id}, func(r commands.Request) (commands.Outcome, error) {
		return s.Tickets.Do(v.ctx(), r, ticket.ID{UUID: t.ID}, c)
	})
	if err == nil {
		v.arrive(out.Position)
		return nil
	}
	v.form.Del("text") // else it would be offered to be sent again
	var rule *domain.Error
	if errors.As(err, &rule) {
		return rule.With("your reply is sent, but: %s", rule.Message)
	}
	return err
}

// changeComment gives a comment another text, or removes it.
func (s *Site) changeComment(v *Visit) (reply, error) {
	return s.change(v, "comment-changed", func(t view.Ticket) error {
		id, err := uuid.Parse(v.param("comment"))
		if err != nil {
			return domain.ErrNotFound
		}
		by, comment := ticket.By{Actor: v.Actor}, ticket.CommentID{UUID: id}
		if v.form.Get("do") == "remove" {
			return s.do(v, t, ticket.RemoveComment{By: by, CommentID: comment, Now: s.now()})
		}
		return s.do(v, t, ticket.EditComment{By: by, CommentID: comment, Text: v.field("text"), Now: s.now()})
	})
}

func (s *Site) editTicket(v *Visit) (reply, error) {
	title, description, priority := v.field("title"), v.field("description"), ticket.Priority(v.field("priority"))
	return s.change(v, "edited", func(t view.Ticket) error {
		return s.do(v, t, ticket.EditTicket{By: ticket.By{Actor: v.Actor}, Title: &title, Description: &description, Priority: &priority})
	})
}

func (s *Site) changeStatus(v *Visit) (reply, error) {
	to := ticket.Status(v.form.Get("to"))
	return s.change(v, "status", func(t view.Ticket) error {
		return s.do(v, t, ticket.ChangeStatus{By: ticket.By{Actor: v.Actor}, To: to, Reason: v.field("reason")})
	})
}

func (s *Site) assign(v *Visit) (reply, error) {
	return s.change(v, "assigned", func(t view.Ticket) error {
		c := ticket.AssignTicket{By: ticket.By{Actor: v.Actor}}
		var unknown error
		switch v.form.Get("to") {
		case "me":
			c.To = ticket.Assignee{ID: v.Actor.ID, ActiveStaff: v.Session.Account.ActiveStaff()}
		case "none":
		default:
			if c.To, _, unknown = s.assignee(v, v.field("assignee")); unknown != nil && faultOf(unknown) == nil {
				return unknown
			}
		}
		if unknown != nil && v.Actor.Admin() { // others are refused first for what they may not do at all
			return unknown
		}
		return s.do(v, t, c)
	})
}

func (s *Site) deleteTicket(v *Visit) (reply, error) {
	r, err := s.change(v, "deleted", func(t view.Ticket) error {
		return s.do(v, t, ticket.DeleteTicket{By: ticket.By{Actor: v.Actor}})
	})
	if err != nil || r.body != nil {
		return r, err
	}
	return redirect(queuePath), nil
}
