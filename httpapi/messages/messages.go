// Package messages is the ledger of emails that came in.
package messages

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/google/uuid"

	"helpdesk/attachments"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/wire"
	"helpdesk/projections"
	"helpdesk/projections/messages"
	"helpdesk/projections/view"
)

// Reader reads messages as the read side shows them.
type Reader interface {
	Message(ctx context.Context, id message.ID) (view.Message, error)
	Messages(ctx context.Context, f messages.Filter, p projections.Page) (projections.Slice[view.Message], error)
}

// Files are the bytes of messages.
type Files interface {
	Find(ctx context.Context, ids ...uuid.UUID) (map[uuid.UUID]attachments.Upload, error)
	Open(ctx context.Context, u attachments.Upload) io.ReadSeekCloser
}

// Resource is the calls on messages.
type Resource struct {
	App   *commands.App
	Read  Reader
	Files Files
}

// Routes lists the calls.
func (r Resource) Routes() []httpapi.Route {
	verb := func(name, id, summary, about string, handler httpapi.Handler) httpapi.Route {
		return httpapi.Route{
			Method: http.MethodPost, Path: "/api/inbound-messages/{id}/" + name + "/", ID: id, Summary: summary, About: about,
			Who: httpapi.SignedIn, Status: http.StatusOK, Handler: handler,
		}
	}
	return httpapi.Remade(httpapi.Tagged("Inbound messages", "Emails that came in, and what became of each.",
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/inbound-messages/", ID: "listInboundMessages",
			Summary: "List emails that came in",
			About:   "For admins and auditors, the newest first.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.list),
			Also: []int{http.StatusForbidden},
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/inbound-messages/{id}/", ID: "getInboundMessage",
			Summary: "Read what became of an email that came in",
			About:   "For admins and auditors.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.one),
			Also: []int{http.StatusForbidden},
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/inbound-messages/{id}/raw/", ID: "getInboundMessageRaw",
			Summary: "Read an email that came in, byte for byte",
			About:   "For admins and auditors. Of one that was too large the header. 404 once its sender was erased.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.ContentOf(r.raw),
			Also: []int{http.StatusForbidden},
		},
		verb("reprocess", "reprocessInboundMessage", "Judge an email once more",
			"For admins: by the rules of today. One that became a ticket or a comment, or reported on an email, keeps its verdict.", httpapi.Handle(r.reprocess)),
		verb("release", "releaseInboundMessage", "Let an email out of quarantine",
			"For admins. Its author, known or not, is let in: it becomes a ticket or, where they may, a comment. 422 not_quarantined for any other.", httpapi.Handle(r.release)),
		verb("discard", "discardInboundMessage", "Set an email aside",
			"For admins, with a reason. 422 message_has_effect for one that became a ticket or a comment.", httpapi.Handle(r.discard)),
	), func(_ context.Context, _ *httpapi.Call, out commands.Outcome) (wire.InboundMessage, error) {
		return written(out)
	})
}

// Path is the path of calls on one message.
type Path struct {
	Message string `path:"id" json:"-" description:"The message's id."`
}

func (p Path) id() (message.ID, error) {
	id, err := bind.ParseUUID(p.Message)
	return message.ID{UUID: id}, err
}

// Query is the parameters of the list of messages.
type Query struct {
	httpapi.Listing
	Verdict []message.Verdict `query:"verdict" description:"Repeated or separated by commas."`
	Mailbox string            `query:"mailbox" minLength:"36" maxLength:"36" format:"uuid" description:"A mailbox's id."`
	Ticket  wire.TicketName   `query:"ticket" minLength:"1" maxLength:"40" description:"A ticket's id or number."`
	From    string            `query:"from" minLength:"1" maxLength:"254" description:"The address that they say they are from, without regard to case."`
}

func (r Resource) list(ctx context.Context, c *httpapi.Call, in Query) (httpapi.List[wire.InboundMessage], error) {
	var none httpapi.List[wire.InboundMessage]
	if err := httpapi.MayOversee(c.Actor); err != nil {
		return none, err
	}
	page, err := c.Page(in.Listing)
	if err != nil {
		return none, err
	}
	f, there, err := r.filter(ctx, in)
	if err != nil {
		return none, err
	}
	if !there {
		return httpapi.ListOf(c, projections.Slice[view.Message]{Count: noneOf(page)}, wire.InboundMessageOf)
	}
	slice, err := r.Read.Messages(ctx, f, page)
	if err != nil {
		return none, err
	}
	return httpapi.ListOf(c, slice, wire.InboundMessageOf)
}

// noneOf returns the count of a list that is empty, where one is asked for.
func noneOf(p projections.Page) *int64 {
	if !p.Count {
		return nil
	}
	return new(int64)
}

// filter returns the filter that is asked for; not there: no message can be of a ticket or
// a mailbox that there cannot be.
func (r Resource) filter(ctx context.Context, in Query) (f messages.Filter, there bool, err error) {
	f.From, f.Verdicts = in.From, in.Verdict
	if in.Mailbox != "" {
		id, err := uuid.Parse(in.Mailbox)
		if err != nil {
			return f, false, nil
		}
		f.Mailbox = &id
	}
	if in.Ticket != "" {
		id, err := r.App.TicketNamed(ctx, string(in.Ticket))
		if errors.Is(err, domain.ErrNotFound) {
			return f, false, nil
		}
		if err != nil {
			return f, false, err
		}
		f.Ticket = &id.UUID
	}
	return f, true, nil
}

func (r Resource) one(ctx context.Context, c *httpapi.Call, in Path) (wire.InboundMessage, error) {
	m, err := r.message(ctx, c, in)
	if err == nil {
		err = c.Tag(m.Version)
	}
	return wire.InboundMessageOf(m), err
}

// message returns the message that a path names, for who may read it.
func (r Resource) message(ctx context.Context, c *httpapi.Call, in Path) (view.Message, error) {
	if err := httpapi.MayOversee(c.Actor); err != nil {
		return view.Message{}, err
	}
	id, err := in.id()
	if err != nil {
		return view.Message{}, err
	}
	return r.Read.Message(ctx, id)
}

func (r Resource) raw(ctx context.Context, c *httpapi.Call, in Path) (*httpapi.Content, error) {
	m, err := r.message(ctx, c, in)
	if err != nil {
		return nil, err
	}
	found, err := r.Files.Find(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	u, there := found[m.ID]
	if !there || u.To != (ticket.ID{UUID: m.ID}) {
		return nil, domain.ErrNotFound
	}
	c.Header.Set("Content-Type", "message/rfc822")
	c.Header.Set("Content-Disposition", `attachment; filename="`+m.ID.String()+`.eml"`)
	c.Header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	c.Header.Set("ETag", `"`+u.Digest[:32]+`"`)
	return &httpapi.Content{Open: func(ctx context.Context) io.ReadSeekCloser { return r.Files.Open(ctx, u) }}, nil
}

func (r Resource) reprocess(ctx context.Context, c *httpapi.Call, in Path) (wire.InboundMessage, error) {
	return r.do(ctx, c, in, message.Reprocess{By: message.By{Actor: c.Actor}})
}

func (r Resource) release(ctx context.Context, c *httpapi.Call, in Path) (wire.InboundMessage, error) {
	return r.do(ctx, c, in, message.Release{By: message.By{Actor: c.Actor}})
}

// Discarding is the body that sets a message aside.
type Discarding struct {
	Path
	Reason string `json:"reason" required:"true" minLength:"1" maxLength:"1000"`
}

// Example is the body, or the answer, as the document shows it.
func (Discarding) Example() string { return `{"reason": "Advertising."}` }

func (r Resource) discard(ctx context.Context, c *httpapi.Call, in Discarding) (wire.InboundMessage, error) {
	return r.do(ctx, c, in.Path, message.Discard{By: message.By{Actor: c.Actor}, Reason: in.Reason})
}

func (r Resource) do(ctx context.Context, c *httpapi.Call, in Path, command message.Command) (wire.InboundMessage, error) {
	id, err := in.id()
	if err != nil {
		return wire.InboundMessage{}, err
	}
	out, err := c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) { return r.App.Messages.Do(ctx, q, id, command) })
	if err != nil {
		return wire.InboundMessage{}, err
	}
	m, err := written(out)
	if err == nil {
		err = c.Tag(m.Version)
	}
	return m, err
}

// written is a message as a command left it.
func written(out commands.Outcome) (wire.InboundMessage, error) {
	m, ok := view.MessageOf(out.Events)
	if !ok {
		return wire.InboundMessage{}, domain.ErrNotFound
	}
	return wire.InboundMessageOf(m), nil
}
