package httpapi

import (
	"context"
	"errors"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections/view"
)

// errFixed refuses to move a comment or to turn it into a note.
var errFixed = &domain.Error{
	Kind: domain.KindRejected, Code: "not_changeable", Message: "of a comment only the text can change",
}

// CommentPut is the body that gives a comment its members anew.
type CommentPut struct {
	CommentPath
	Text     string               `json:"text" required:"true" minLength:"1" maxLength:"20000" trim:"true"`
	Ticket   Optional[TicketName] `json:"ticket" minLength:"1" maxLength:"40" description:"Only as it is."`
	Internal Optional[bool]       `json:"internal" description:"Only as it is."`
}

func (a *API) putComment(ctx context.Context, c *Call, in CommentPut) (Written[Comment], error) {
	return a.editComment(ctx, c, in.CommentPath, &in.Text, in.Ticket, in.Internal)
}

// CommentPatch is the body that changes a comment.
type CommentPatch struct {
	CommentPath
	Text     Optional[string]     `json:"text" minLength:"1" maxLength:"20000" trim:"true"`
	Ticket   Optional[TicketName] `json:"ticket" minLength:"1" maxLength:"40" description:"Only as it is."`
	Internal Optional[bool]       `json:"internal" description:"Only as it is."`
}

func (a *API) patchComment(ctx context.Context, c *Call, in CommentPatch) (Written[Comment], error) {
	return a.editComment(ctx, c, in.CommentPath, in.Text.Ptr(), in.Ticket, in.Internal)
}

// editComment gives a comment a new text, if there is one. Members that cannot
// change may be repeated.
func (a *API) editComment(ctx context.Context, c *Call, path CommentPath, text *string, of Optional[TicketName], internal Optional[bool]) (Written[Comment], error) {
	comment, err := a.commentAt(ctx, c, path)
	if err != nil {
		return Written[Comment]{}, err
	}
	by := ticket.By{Actor: c.Actor}
	id := ticket.CommentID{UUID: comment.ID}
	edit := ticket.EditComment{By: by, CommentID: id, Text: comment.Text, Now: a.now()}
	var command ticket.Command = ticket.EditTicket{By: by} // changes nothing
	if text != nil {
		edit.Text = *text
		command = edit
	}
	moved := movedField(comment, of, internal)
	if text == nil || moved != "" {
		if err := a.mayEdit(ctx, comment, edit); err != nil {
			return Written[Comment]{}, err
		}
	}
	if moved == "internal" && !ticket.SeesInternal(c.Actor) {
		return Written[Comment]{}, domain.ErrForbidden.On(moved)
	}
	if moved != "" {
		return Written[Comment]{}, errFixed.On(moved)
	}
	out, err := a.commandComment(ctx, c, comment, command)
	if err != nil {
		return Written[Comment]{}, err
	}
	return a.writtenComment(ctx, c, id, out), nil
}

// mayEdit asks the rules whether the edit is allowed, and never carries it
// out: a version that cannot be is the last thing a command is refused for.
// What the read side holds as the text must not be written back, it may be
// behind.
func (a *API) mayEdit(ctx context.Context, comment view.Comment, edit ticket.EditComment) error {
	_, err := a.Tickets.Do(ctx, commands.Request{IfMatch: noVersion}, ticket.ID{UUID: comment.Ticket}, edit)
	if errors.Is(err, domain.ErrStale) {
		return nil
	}
	return err
}

// movedField names the member that would have to change and can't, "" for none.
func movedField(comment view.Comment, of Optional[TicketName], internal Optional[bool]) string {
	if of.Set {
		ref, err := parseTicket(string(of.Value))
		if err != nil || (ref.ID.UUID != comment.Ticket && ref.Number != comment.TicketNumber) {
			return "ticket"
		}
	}
	if internal.Set && internal.Value != comment.Internal {
		return "internal"
	}
	return ""
}

func (a *API) deleteComment(ctx context.Context, c *Call, in CommentPath) (Empty, error) {
	comment, err := a.commentAt(ctx, c, in)
	if err != nil {
		return Empty{}, err
	}
	_, err = a.commandComment(ctx, c, comment, ticket.RemoveComment{
		By: ticket.By{Actor: c.Actor}, CommentID: ticket.CommentID{UUID: comment.ID}, Now: a.now(),
	})
	return Empty{}, err
}

// commandComment carries out a command on the ticket a comment is part of.
func (a *API) commandComment(ctx context.Context, c *Call, comment view.Comment, command ticket.Command) (commands.Outcome, error) {
	return c.carryOut(ctx, func(r commands.Request) (commands.Outcome, error) {
		return a.Tickets.Do(ctx, r, ticket.ID{UUID: comment.Ticket}, command)
	})
}
