package tickets

import (
	"cmp"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// done is the notice of each form, shown on the next page, unless the form has one of
// its own.
var done = map[string]string{
	"commented":       "Reply sent.",
	"noted":           "Internal note added.",
	"comment-changed": "Comment updated.",
	"file-removed":    "File removed.",
	"edited":          "Ticket updated.",
	"status":          "Status updated.",
	"assigned":        "Assignee updated.",
	"redacted":        "Text redacted.",
}

// change does what a form of the ticket's page asks for. What is wrong with it is
// shown beside the form, with the ticket as it is now: sent again from there, it
// is meant.
func (s *Section) change(v *web.Visit, form string, do func(view.Ticket) error) (web.Reply, error) {
	t, err := s.found(v)
	if err != nil {
		return web.Reply{}, gone(s, v, err)
	}
	err = do(t)
	if err == nil {
		if text, has := done[form]; has {
			v.Tell(text)
		}
		if _, err := s.found(v); errors.Is(err, domain.ErrNotFound) { // given out of their own sight
			return web.Redirect(web.QueuePath), nil
		}
		return web.Redirect(web.TicketAddress(t.Number)), nil
	}
	f := web.FaultOf(err)
	if f == nil {
		return web.Reply{}, gone(s, v, err)
	}
	if f.Code == domain.ErrStale.Code {
		f.Message = "This ticket has changed since you loaded it. Review what is new, then submit again."
	}
	if t, err = s.found(v); err != nil {
		return web.Reply{}, gone(s, v, err)
	}
	return s.ticketPage(v, ticketView{Ticket: t, Form: form, Fault: f, Sent: v.Form, Kept: v.Files.Kept(), Comment: v.Param("comment")})
}

// gone returns what is said to somebody whose form is about a ticket that is not there for
// them, or not any more: no more than they may know. Other errors stay as they are.
func gone(s *Section, v *web.Visit, err error) error {
	var told *web.Failure
	if !errors.Is(err, domain.ErrNotFound) || errors.As(err, &told) {
		return err
	}
	happened := "It may have been deleted, or assigned to somebody else, since you opened it."
	if v.Actor.Oversees() {
		if id, err := s.App.TicketNamed(v.Context(), v.Param("ticket")); err == nil {
			if deleted, err := deletion(s, v, id); err == nil {
				happened = deleted.Summary + " Its page shows what it was."
			}
		}
	}
	return web.NewFailure(http.StatusNotFound, "The ticket is not available any more", happened+" Nothing was changed.")
}

// errNoComment is what is said where a comment is gone that a form is about.
var errNoComment = web.NewFailure(http.StatusNotFound, "The comment is not there any more", "It was removed since you opened the ticket. Nothing was changed.")

// do carries out the form's command on a ticket.
func (s *Section) do(v *web.Visit, t view.Ticket, c ticket.Command) error {
	return s.doAt(v, t, v.Form.Version(), c)
}

// doAt carries it out on a version of the ticket.
func (s *Section) doAt(v *web.Visit, t view.Ticket, version int, c ticket.Command) error {
	_, err := v.Execute("", version, func(r commands.Request) (commands.Outcome, error) {
		return s.App.Tickets.Do(v.Context(), r, ticket.ID{UUID: t.ID}, c)
	})
	return err
}

// reply adds a comment to the ticket as the visitor saw it, or as it is now where
// nothing came since that a reply could be about.
func (s *Section) reply(v *web.Visit, t view.Ticket, c ticket.AddComment) error {
	err := s.do(v, t, c)
	if !errors.Is(err, domain.ErrStale) {
		return err
	}
	news, unread := s.news(v, t)
	if unread != nil || news {
		return cmp.Or(unread, err)
	}
	return s.doAt(v, t, t.Version, c)
}

// news reports whether something was said, or the ticket was resolved, closed or
// reopened, that the visitor may see, since the version that their form was made from.
func (s *Section) news(v *web.Visit, t view.Ticket) (bool, error) {
	v.AtLeast(t.Position)
	page := projections.Page{Size: historyPage, Cursor: &projections.Cursor{Key: strconv.FormatInt(math.MaxInt64, 10), Back: true}}
	recent, err := s.History.Ticket(v.Context(), v.Actor, ticket.ID{UUID: t.ID}, page)
	if err != nil {
		return false, err
	}
	seen := false // whether what is recent goes back to what they saw
	for _, e := range recent.Items {
		switch {
		case isEmail(e):
		case e.Version <= v.Form.Version():
			seen = true
		case strings.HasPrefix(e.Type, "ticket.comment_"), e.Type == "ticket.resolved", e.Type == "ticket.closed", e.Type == "ticket.reopened":
			return true, nil
		}
	}
	return !seen, nil
}

// comment adds a comment or a note, and brings the ticket to a status with it
// when the button says so.
func (s *Section) comment(v *web.Visit) (web.Reply, error) {
	form := "commented"
	if v.Form.Checked("internal") {
		form = "noted"
	}
	return s.change(v, form, func(t view.Ticket) error {
		by, reopens := ticket.By{Actor: v.Actor}, s.ReplyReopens
		if v.Form.Checked("reopen") {
			reopens = append(slices.Clone(reopens), ticket.StatusClosed)
		}
		files, err := v.Files.Uploads()
		if err != nil {
			return err
		}
		err = s.reply(v, t, ticket.AddComment{
			By: by, CommentID: ticket.CommentID{UUID: uuid.Must(uuid.NewV7())}, Text: v.Form.Text("text"),
			Internal: v.Form.Checked("internal"), Reopens: reopens, Now: v.Now(), Attachments: files,
		})
		if errors.Is(err, ticket.ErrClosed) {
			return ticket.ErrClosed.With("This ticket is closed now. To reopen it with your reply, submit again.").On("")
		}
		if to := ticket.Status(v.Form.Get("then")); err == nil && to != "" {
			err = s.then(v, t, ticket.ChangeStatus{By: by, To: to})
		}
		return err
	})
}

// then does what comes after a reply, which is sent whatever becomes of this.
func (s *Section) then(v *web.Visit, t view.Ticket, c ticket.Command) error {
	_, err := v.Execute("then", 0, func(r commands.Request) (commands.Outcome, error) {
		return s.App.Tickets.Do(v.Context(), r, ticket.ID{UUID: t.ID}, c)
	})
	if err == nil {
		return nil
	}
	v.Form.Del("text") // else it would be offered to be sent again, with its files
	v.Form.Del("attachments")
	var rule *domain.Error
	if errors.As(err, &rule) {
		return rule.With("your reply was sent, but: %s", rule.Message)
	}
	return err
}

// changeComment gives a comment another text, or removes it.
func (s *Section) changeComment(v *web.Visit) (web.Reply, error) {
	return s.change(v, "comment-changed", func(t view.Ticket) error {
		id, err := uuid.Parse(v.Param("comment"))
		if err != nil {
			return domain.ErrNotFound
		}
		by, comment := ticket.By{Actor: v.Actor}, ticket.CommentID{UUID: id}
		var c ticket.Command = ticket.EditComment{By: by, CommentID: comment, Text: v.Form.Text("text"), Now: v.Now()}
		if v.Form.Get("do") == "remove" {
			c = ticket.RemoveComment{By: by, CommentID: comment, Now: v.Now()}
		}
		err = s.do(v, t, c)
		if _, unseen := s.found(v); errors.Is(err, domain.ErrNotFound) && unseen == nil {
			return errNoComment
		}
		return err
	})
}

// removingFiles returns the form that removes a file.
func removingFiles(s *Section) web.Handler {
	return func(v *web.Visit) (web.Reply, error) {
		return s.change(v, "file-removed", func(t view.Ticket) error {
			id, err := uuid.Parse(v.Form.Get("file"))
			if err != nil {
				return domain.ErrNotFound
			}
			return s.do(v, t, ticket.RemoveAttachment{By: ticket.By{Actor: v.Actor}, AttachmentID: ticket.AttachmentID{UUID: id}, Now: v.Now()})
		})
	}
}

func (s *Section) editTicket(v *web.Visit) (web.Reply, error) {
	title, description, priority := v.Form.Text("title"), v.Form.Text("description"), ticket.Priority(v.Form.Text("priority"))
	return s.change(v, "edited", func(t view.Ticket) error {
		return s.do(v, t, ticket.EditTicket{By: ticket.By{Actor: v.Actor}, Title: &title, Description: &description, Priority: &priority})
	})
}

func (s *Section) changeStatus(v *web.Visit) (web.Reply, error) {
	to := ticket.Status(v.Form.Get("to"))
	return s.change(v, "status", func(t view.Ticket) error {
		return s.do(v, t, ticket.ChangeStatus{By: ticket.By{Actor: v.Actor}, To: to, Reason: v.Form.Text("reason")})
	})
}

func (s *Section) assign(v *web.Visit) (web.Reply, error) {
	return s.change(v, "assigned", func(t view.Ticket) error {
		c, to := ticket.AssignTicket{By: ticket.By{Actor: v.Actor}}, commands.AssignNobody()
		name := v.Form.Text("assignee")
		switch v.Form.Get("to") {
		case "me":
			c.To = ticket.Assignee{ID: v.Actor.ID, ActiveStaff: v.Session.Account.ActiveStaff()}
		case "none":
		default:
			if v.Actor.Admin() && strings.TrimSpace(name) == "" { // others may not name anybody at all
				return domain.ErrRequired.With("enter a username").On("assignee")
			}
			var err error
			if to, err = s.App.AssigneeNamed(v.Context(), name); err != nil {
				return err
			}
			c.To = to.To
		}
		err := s.do(v, t, c)
		if !to.Known() && errors.Is(err, ticket.ErrAssignee) {
			return web.NoUser(name, "assignee")
		}
		return err
	})
}

// redact destroys a text for good, of a comment that was removed too.
func (s *Section) redact(v *web.Visit) (web.Reply, error) {
	return s.change(v, "redacted", func(t view.Ticket) error {
		if !v.Form.Checked("sure") {
			return domain.ErrRequired.With("tick that you are sure: nobody can undo this").On("sure")
		}
		subject := ticket.Subject{Field: ticket.Field(v.Form.Get("field"))}
		if subject.Field == ticket.FieldComment {
			id, err := uuid.Parse(v.Form.Get("comment"))
			if err != nil {
				return domain.ErrNotFound
			}
			subject.CommentID.UUID = id
		}
		return s.do(v, t, ticket.RedactText{By: ticket.By{Actor: v.Actor}, Subject: subject, Reason: v.Form.Text("reason")})
	})
}
