// Package comments is what is said on tickets.
package comments

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/wire"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Reader reads comments as the viewer may see them, else [domain.ErrNotFound].
type Reader interface {
	// Comments lists one ticket's, or with nil all that are visible, oldest first.
	Comments(ctx context.Context, viewer domain.Actor, of *ticket.ID, p projections.Page) (projections.Slice[view.Comment], error)
	Comment(ctx context.Context, viewer domain.Actor, id ticket.CommentID) (view.Comment, error)
	// AttachmentsTo lists the files of comments, which the viewer sees.
	AttachmentsTo(ctx context.Context, viewer domain.Actor, comments []uuid.UUID) ([]view.Attachment, error)
}

// Past knows comments that are not there any more.
type Past interface {
	// Comments lists those of an instant: one ticket's, or with nil all that are
	// visible.
	Comments(ctx context.Context, viewer domain.Actor, at time.Time, of *ticket.Ref, p projections.Page) (projections.Slice[view.Comment], error)
	// Comment returns a comment by the log, however old the projections are.
	Comment(ctx context.Context, viewer domain.Actor, id ticket.CommentID) (view.Comment, error)
	// TicketOf returns the ticket that a comment is or was on.
	TicketOf(ctx context.Context, id ticket.CommentID) (ticket.ID, error)
}

// Resource is the calls on comments.
type Resource struct {
	App  *commands.App
	Read Reader
	Past Past
	// ReplyReopens are the statuses in which a comment of the requester reopens
	// the ticket.
	ReplyReopens []ticket.Status
}

// Routes lists the calls.
func (r Resource) Routes() []httpapi.Route {
	return httpapi.Remade(httpapi.Tagged("Comments", "Comments on tickets, and internal notes.",
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/comments/", ID: "listComments",
			Summary: "List comments",
			About:   "Oldest first; of one ticket, or of all the caller may see. Of a ticket the caller can't see there are none. With as_of those of then, in the order in which they were recorded.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.list),
			Headers: []string{"Memento-Datetime"},
		},
		httpapi.Route{
			Method: http.MethodPost, Path: "/api/comments/", ID: "addComment",
			Summary: "Comment on a ticket",
			About:   "If-Match names a version of the ticket. Internal notes are for staff to write and read; auditors read them. A public comment of the requester reopens a resolved ticket (HELPDESK_REOPEN_ON_REPLY); on a closed one it is refused with 422 ticket_closed: reopen the ticket first. A ticket with as many comments as it takes (HELPDESK_TICKET_COMMENTS), or with a history as long as it becomes (HELPDESK_TICKET_BYTES), takes no more: 422 ticket_full. A requester adds so many comments within an hour (HELPDESK_COMMENTS_PER_HOUR); one more gets 429 too_many_comments.",
			Who:     httpapi.SignedIn, Status: http.StatusCreated, Handler: httpapi.Handle(r.add),
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/comments/{id}/", ID: "getComment",
			Summary: "Read a comment",
			About:   "A comment, or a note if the caller may see notes.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.one),
		},
		httpapi.Route{
			Method: http.MethodPut, Path: "/api/comments/{id}/", ID: "putComment",
			Summary: "Give a comment a new text",
			About:   "Only the text can change, within 15 minutes for users.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.put),
		},
		httpapi.Route{
			Method: http.MethodPatch, Path: "/api/comments/{id}/", ID: "patchComment",
			Summary: "Change a comment",
			About:   "Only the text can change, within 15 minutes for users.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.patch),
		},
		httpapi.Route{
			Method: http.MethodDelete, Path: "/api/comments/{id}/", ID: "deleteComment",
			Summary: "Remove a comment",
			About:   "One's own, within 15 minutes for users; admins any.",
			Who:     httpapi.SignedIn, Status: http.StatusNoContent, Handler: httpapi.Handle(r.remove),
		},
		httpapi.Route{
			Method: http.MethodPost, Path: "/api/comments/{id}/redact/", ID: "redactComment",
			Summary: "Redact a comment",
			About:   "For admins. The text of the comment, and all that it read before, are destroyed for good, also of one that was removed: they read [redacted] everywhere and at every instant. With from and to the text stays as it reads now, with [redacted] in the place of these characters. The history says who did it and why.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.redact),
			Also: []int{http.StatusForbidden},
		},
	), again)
}

// CommentPath is the path of calls on one comment.
type CommentPath struct {
	Comment string `path:"id" json:"-" description:"The comment's id."`
}

// CommentQuery is the parameters of the list of comments.
type CommentQuery struct {
	httpapi.Listing
	Ticket wire.TicketName          `query:"ticket" minLength:"1" maxLength:"40" description:"A ticket's id or number."`
	AsOf   bind.Optional[time.Time] `query:"as_of" description:"The comments as they were known at this instant, in the order in which they were recorded."`
}

func (r Resource) list(ctx context.Context, c *httpapi.Call, in CommentQuery) (httpapi.List[wire.Comment], error) {
	page, err := c.Page(in.Listing)
	if err != nil {
		return httpapi.List[wire.Comment]{}, err
	}
	if in.AsOf.Set {
		return r.past(ctx, c, in, page)
	}
	slice, err := r.now(ctx, c, string(in.Ticket), page)
	if err == nil {
		err = r.addFiles(ctx, c.Actor, slice.Items)
	}
	if err != nil {
		return httpapi.List[wire.Comment]{}, err
	}
	return httpapi.ListOf(c, slice, wire.CommentOf)
}

// pastComments returns listComments for an instant in the past.
func (r Resource) past(ctx context.Context, c *httpapi.Call, in CommentQuery, page projections.Page) (httpapi.List[wire.Comment], error) {
	var of *ticket.Ref
	if in.Ticket != "" {
		ref, err := commentedTicket(string(in.Ticket))
		if err != nil {
			return httpapi.List[wire.Comment]{}, err
		}
		of = &ref
	}
	slice, err := r.Past.Comments(ctx, c.Actor, in.AsOf.Value, of, page)
	if err == nil {
		err = r.addFiles(ctx, c.Actor, slice.Items) // what is there still of what came with them
	}
	if err != nil {
		return httpapi.List[wire.Comment]{}, httpapi.InFuture(err, "as_of")
	}
	out, err := httpapi.ListOf(c, slice, wire.CommentOf)
	c.Memento(in.AsOf.Value)
	return out, err
}

// commentedTicket reads the filter by ticket.
func commentedTicket(name string) (ticket.Ref, error) {
	ref, err := ticket.ParseRef(name)
	if err != nil {
		return ref, problem.Param("ticket", "format", "must be a ticket's id or number")
	}
	return ref, nil
}

// commentsOf reads the comments of the ticket named, of all with "". There are
// none on a ticket that the caller can't see.
func (r Resource) now(ctx context.Context, c *httpapi.Call, name string, page projections.Page) (projections.Slice[view.Comment], error) {
	var of *ticket.ID
	if name != "" {
		ref, err := commentedTicket(name)
		if err != nil {
			return projections.Slice[view.Comment]{}, err
		}
		of = &ref.ID
		if ref.Number != 0 {
			id, err := r.App.Numbers.TicketID(ctx, ref)
			if err != nil {
				return noComments(page, err)
			}
			of = &id
		}
	}
	slice, err := r.Read.Comments(ctx, c.Actor, of, page)
	if err != nil {
		return noComments(page, err)
	}
	return slice, nil
}

// noComments returns an empty page in place of [domain.ErrNotFound].
func noComments(page projections.Page, err error) (projections.Slice[view.Comment], error) {
	var none projections.Slice[view.Comment]
	if !errors.Is(err, domain.ErrNotFound) {
		return none, err
	}
	if page.Count {
		none.Count = new(int64)
	}
	return none, nil
}

// CommentAdding is the body that adds a comment.
type CommentAdding struct {
	Ticket   wire.TicketName     `json:"ticket" required:"true" minLength:"1" maxLength:"40" description:"The ticket's id or number."`
	Text     string              `json:"text" required:"true" minLength:"1" maxLength:"20000" trim:"true"`
	Internal bind.Optional[bool] `json:"internal" description:"An internal note; false when left out."`

	Attachments []string `json:"attachments" maxItems:"20" nullable:"false" description:"Ids of uploads of the caller's that are attached to nothing yet."`
}

// Example is the body, or the answer, as the document shows it.
func (CommentAdding) Example() string {
	return `{"ticket": 1, "text": "It is the one on the third floor."}`
}

func (r Resource) add(ctx context.Context, c *httpapi.Call, in CommentAdding) (wire.Comment, error) {
	of, err := r.App.TicketNamed(ctx, string(in.Ticket))
	if err != nil {
		return wire.Comment{}, unknownTicket(err)
	}
	files, err := r.App.Uploads(ctx, c.Actor, in.Attachments)
	if err != nil {
		return wire.Comment{}, err
	}
	id := ticket.CommentID{UUID: c.NewID()}
	out, err := c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) {
		return r.App.Tickets.Do(ctx, q, of, ticket.AddComment{
			By: ticket.By{Actor: c.Actor}, CommentID: id, Text: in.Text, Internal: in.Internal.Value,
			Reopens: r.ReplyReopens, Now: c.Now(), Attachments: files,
		})
	})
	if errors.Is(err, ticket.ErrClosed) {
		return wire.Comment{}, ticket.ErrClosed.With("the ticket is closed: POST /api/tickets/%s/reopen/ reopens it, then comment", in.Ticket)
	}
	if err != nil {
		return wire.Comment{}, unknownTicket(err)
	}
	c.Header.Set("Location", "/api/comments/"+id.String()+"/")
	return written(ctx, c, id, out)
}

// unknownTicket is the one answer for a ticket in a body that does not exist
// and one that the caller can't see.
func unknownTicket(err error) error {
	if errors.Is(err, domain.ErrNotFound) {
		return domain.ErrUnknown.On("ticket")
	}
	return err
}

// written is a comment just written, as the command left it.
func written(ctx context.Context, c *httpapi.Call, id ticket.CommentID, out commands.Outcome) (wire.Comment, error) {
	out, err := httpapi.InFull(ctx, c, out, ticket.Subject{Field: ticket.FieldComment, CommentID: id})
	if err != nil {
		return wire.Comment{}, err
	}
	names := c.Names(ctx, view.AuthorOf(out.Events, id)) // who brought its files too
	events := view.Left(c.Actor, out.Events, out.Since)
	comment, ok := view.CommentOf(events, id, names)
	if !ok {
		return wire.Comment{}, domain.ErrNotFound
	}
	comment.Attachments = view.AttachmentsAt(view.AttachmentsOf(c.Actor, events, names), &comment.ID)
	return wire.CommentOf(comment), nil
}

// again is the comment of a call that was answered before: the path has its id, or the
// address of the one that was made.
func again(ctx context.Context, c *httpapi.Call, out commands.Outcome) (wire.Comment, error) {
	path := strings.TrimPrefix(cmp.Or(c.Header.Get("Location"), c.Request.URL.Path), "/api/comments/")
	name, _, _ := strings.Cut(path, "/")
	id, err := bind.ParseUUID(name)
	if err != nil {
		return wire.Comment{}, err
	}
	comment, err := written(ctx, c, ticket.CommentID{UUID: id}, out)
	if comment.Internal && !ticket.SeesInternal(c.Actor) { // who wrote it is no staff any more
		return wire.Comment{}, domain.ErrNotFound
	}
	return comment, err
}

func (r Resource) one(ctx context.Context, c *httpapi.Call, in CommentPath) (wire.Comment, error) {
	comment, err := r.at(ctx, c, in)
	if err != nil {
		return wire.Comment{}, err
	}
	one := []view.Comment{comment}
	err = r.addFiles(ctx, c.Actor, one)
	return wire.CommentOf(one[0]), err
}

// addFiles gives comments the files that they have.
func (r Resource) addFiles(ctx context.Context, viewer domain.Actor, comments []view.Comment) error {
	ids := make([]uuid.UUID, len(comments))
	for i, c := range comments {
		ids[i] = c.ID
	}
	files, err := r.Read.AttachmentsTo(ctx, viewer, ids)
	for i := range comments {
		comments[i].Attachments = view.AttachmentsAt(files, &comments[i].ID)
	}
	return err
}

// toWrite is at, for a write: what a projection that an operator holds cannot know is read
// from the log.
func (r Resource) toWrite(ctx context.Context, c *httpapi.Call, path CommentPath) (view.Comment, error) {
	comment, err := r.at(ctx, c, path)
	if !errors.Is(err, projections.ErrPaused) {
		return comment, err
	}
	id, err := bind.ParseUUID(path.Comment)
	if err != nil {
		return comment, err
	}
	return r.Past.Comment(ctx, c.Actor, ticket.CommentID{UUID: id})
}

// commentAt reads the comment that the path names, if the caller may see it.
func (r Resource) at(ctx context.Context, c *httpapi.Call, path CommentPath) (view.Comment, error) {
	id, err := bind.ParseUUID(path.Comment)
	if err != nil {
		return view.Comment{}, err
	}
	return r.Read.Comment(ctx, c.Actor, ticket.CommentID{UUID: id})
}
