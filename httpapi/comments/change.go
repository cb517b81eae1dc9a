package comments

import (
	"context"
	"errors"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/wire"
	"helpdesk/projections/view"
)

// errFixed refuses to move a comment or to turn it into a note.
var errFixed = &domain.Error{
	Kind: domain.KindRejected, Code: "not_changeable", Message: "only the text of a comment can change",
}

// CommentPut is the body that gives a comment its members anew.
type CommentPut struct {
	CommentPath
	Text     string                         `json:"text" required:"true" minLength:"1" maxLength:"20000" trim:"true"`
	Ticket   bind.Optional[wire.TicketName] `json:"ticket" minLength:"1" maxLength:"40" description:"Only as it is."`
	Internal bind.Optional[bool]            `json:"internal" description:"Only as it is."`
}

// Example is the body, or the answer, as the document shows it.
func (CommentPut) Example() string {
	return `{"text": "It is the one on the second floor."}`
}

func (r Resource) put(ctx context.Context, c *httpapi.Call, in CommentPut) (wire.Comment, error) {
	return r.edit(ctx, c, in.CommentPath, &in.Text, in.Ticket, in.Internal)
}

// CommentPatch is the body that changes a comment.
type CommentPatch struct {
	CommentPath
	Text     bind.Optional[string]          `json:"text" minLength:"1" maxLength:"20000" trim:"true"`
	Ticket   bind.Optional[wire.TicketName] `json:"ticket" minLength:"1" maxLength:"40" description:"Only as it is."`
	Internal bind.Optional[bool]            `json:"internal" description:"Only as it is."`
}

// Example is the body, or the answer, as the document shows it.
func (CommentPatch) Example() string {
	return `{"text": "It is the one on the second floor."}`
}

func (r Resource) patch(ctx context.Context, c *httpapi.Call, in CommentPatch) (wire.Comment, error) {
	return r.edit(ctx, c, in.CommentPath, in.Text.Ptr(), in.Ticket, in.Internal)
}

// editComment gives a comment a new text, if there is one. Members that cannot
// change may be repeated.
func (r Resource) edit(ctx context.Context, c *httpapi.Call, path CommentPath, text *string, of bind.Optional[wire.TicketName], internal bind.Optional[bool]) (wire.Comment, error) {
	comment, err := r.toWrite(ctx, c, path)
	if err != nil {
		return wire.Comment{}, err
	}
	by := ticket.By{Actor: c.Actor}
	id := ticket.CommentID{UUID: comment.ID}
	edit := ticket.EditComment{By: by, CommentID: id, Text: comment.Text, Now: c.Now()}
	var command ticket.Command = ticket.EditTicket{By: by} // changes nothing
	if text != nil {
		edit.Text = *text
		command = edit
	}
	moved := movedField(comment, of, internal)
	if text == nil || moved != "" {
		if err := r.mayEdit(ctx, comment, edit); err != nil {
			return wire.Comment{}, err
		}
	}
	if moved == "internal" && !ticket.SeesInternal(c.Actor) {
		return wire.Comment{}, domain.ErrForbidden.On(moved)
	}
	if moved != "" {
		return wire.Comment{}, errFixed.On(moved)
	}
	out, err := r.command(ctx, c, comment, command)
	if err != nil {
		return wire.Comment{}, err
	}
	if text == nil { // the command does not know that it is about a comment
		return r.one(ctx, c, path)
	}
	return written(ctx, c, id, out)
}

// mayEdit asks the rules whether the edit is allowed, and never carries it
// out: a version that cannot be is the last thing a command is refused for.
// What the read side holds as the text must not be written back, it may be
// behind.
func (r Resource) mayEdit(ctx context.Context, comment view.Comment, edit ticket.EditComment) error {
	_, err := r.App.Tickets.Do(ctx, commands.Request{IfMatch: commands.NoVersion}, ticket.ID{UUID: comment.Ticket}, edit)
	if errors.Is(err, domain.ErrStale) {
		return nil
	}
	return err
}

// movedField names the member that would have to change and can't, "" for none.
func movedField(comment view.Comment, of bind.Optional[wire.TicketName], internal bind.Optional[bool]) string {
	if of.Set {
		ref, err := ticket.ParseRef(string(of.Value))
		if err != nil || (ref.ID.UUID != comment.Ticket && ref.Number != comment.TicketNumber) {
			return "ticket"
		}
	}
	if internal.Set && internal.Value != comment.Internal {
		return "internal"
	}
	return ""
}

func (r Resource) remove(ctx context.Context, c *httpapi.Call, in CommentPath) (httpapi.Empty, error) {
	comment, err := r.toWrite(ctx, c, in)
	if err != nil {
		return httpapi.Empty{}, err
	}
	_, err = r.command(ctx, c, comment, ticket.RemoveComment{
		By: ticket.By{Actor: c.Actor}, CommentID: ticket.CommentID{UUID: comment.ID}, Now: c.Now(),
	})
	return httpapi.Empty{}, err
}

// commandComment carries out a command on the ticket a comment is part of.
func (r Resource) command(ctx context.Context, c *httpapi.Call, comment view.Comment, command ticket.Command) (commands.Outcome, error) {
	return c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) {
		return r.App.Tickets.Do(ctx, q, ticket.ID{UUID: comment.Ticket}, command)
	})
}
