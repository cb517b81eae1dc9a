// Package attachments is the files of tickets and comments, and their bytes.
package attachments

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"helpdesk/attachments"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/edge"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/wire"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Reader reads attachments as the viewer may see them, else [domain.ErrNotFound].
type Reader interface {
	Attachment(ctx context.Context, viewer domain.Actor, id ticket.AttachmentID) (view.Attachment, error)
	AttachmentPage(ctx context.Context, viewer domain.Actor, of ticket.ID, p projections.Page) (projections.Slice[view.Attachment], error)
	Ticket(ctx context.Context, viewer domain.Actor, ref ticket.Ref) (view.Ticket, error)
}

// Files are the bytes, and what is attached to nothing yet.
type Files interface {
	Find(ctx context.Context, ids ...uuid.UUID) (map[uuid.UUID]attachments.Upload, error)
	Loose(ctx context.Context, by domain.UserID, p projections.Page) (projections.Slice[attachments.Upload], error)
	Open(ctx context.Context, u attachments.Upload) io.ReadSeekCloser
	Thumbnail(ctx context.Context, u attachments.Upload) ([]byte, error)
	Drop(ctx context.Context, by domain.UserID, id ticket.AttachmentID) error
}

// Resource is the calls on attachments.
type Resource struct {
	App    *commands.App
	Read   Reader
	Files  Files
	Limits attachments.Limits
	// Uploading counts the uploads of each person that are under way.
	Uploading *edge.AtOnce
}

// Routes lists the calls.
func (r Resource) Routes() []httpapi.Route {
	return httpapi.Tagged("Attachments", "Files of tickets and comments.",
		httpapi.Route{
			Method: http.MethodPost, Path: "/api/attachments/", ID: "uploadAttachment",
			Summary: "Upload a file",
			About:   "A file of which a ticket or a comment is to be made, as the part `file` of a form, or as the body with `Content-Disposition: attachment; filename*=…`. Only its uploader sees it until it is attached, by its id in the body that opens a ticket or adds a comment; after a day it goes. Longer than HELPDESK_ATTACHMENT_MAX is 413; of a kind that is not taken (HELPDESK_ATTACHMENT_BLOCKED) 422 attachment_blocked; more than 200 MiB that are attached to nothing 422 too_many_uploads. With HELPDESK_ATTACHMENT_SCAN, one in which malware is found is 422 attachment_infected, and none is taken (503 scanner_unavailable) while the scanner is away.",
			Who:     httpapi.SignedIn, Status: http.StatusCreated, Handler: httpapi.UploadOf(r.upload, r.repeated),
			Never: []int{http.StatusPreconditionFailed, http.StatusUnsupportedMediaType},
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/uploads/", ID: "listUploads",
			Summary: "List one's own uploads",
			About:   "The caller's files that are attached to nothing yet, newest first. Each goes a day after it came.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.uploads),
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/tickets/{id}/attachments/", ID: "listAttachments",
			Summary: "List the files of a ticket",
			About:   "Those of its comments too, oldest first; those of internal notes for who reads notes.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.list),
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/attachments/{id}/", ID: "getAttachment",
			Summary: "Read what is known of a file",
			About:   "For who sees its ticket or comment; of an upload, for who brought it.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.one),
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/attachments/{id}/content/", ID: "getAttachmentContent",
			Summary: "Read the bytes of a file",
			About:   "With Range a part of them: 206. As a file to keep, whatever it is; with inline=true an image (PNG, JPEG, GIF, WebP, AVIF), PDF or plain text as one to show. 404 once it is removed or who brought it was erased.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.ContentOf(r.content),
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/attachments/{id}/thumbnail/", ID: "getAttachmentThumbnail",
			Summary: "Read a small image of a file",
			About:   "At most 320 pixels wide and high, upright, of a PNG, JPEG, GIF or WebP of at most 40 megapixels, as PNG or JPEG. 404 of any other file.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.ContentOf(r.thumbnail),
		},
		httpapi.Route{
			Method: http.MethodDelete, Path: "/api/attachments/{id}/", ID: "deleteAttachment",
			Summary: "Remove a file",
			About:   "One's own, within 15 minutes for all but admins, who remove any. Its bytes and their key are destroyed; the history keeps that it was there.",
			Who:     httpapi.SignedIn, Status: http.StatusNoContent, Handler: httpapi.Handle(r.remove),
		},
	)
}

// Path is the path of calls on one attachment.
type Path struct {
	Attachment string `path:"id" json:"-" description:"The attachment's id."`
}

func (p Path) id() (ticket.AttachmentID, error) {
	id, err := bind.ParseUUID(p.Attachment)
	return ticket.AttachmentID{UUID: id}, err
}

// OfTicket is the path of the list of a ticket's attachments.
type OfTicket struct {
	Ticket wire.TicketName `path:"id" json:"-" description:"The ticket's id or number."`
	httpapi.Listing
}

func (r Resource) list(ctx context.Context, c *httpapi.Call, in OfTicket) (httpapi.List[wire.Attachment], error) {
	var none httpapi.List[wire.Attachment]
	ref, err := ticket.ParseRef(string(in.Ticket))
	if err != nil {
		return none, err
	}
	page, err := c.Page(in.Listing)
	if err != nil {
		return none, err
	}
	t, err := r.Read.Ticket(ctx, c.Actor, ref)
	if err != nil {
		return none, err
	}
	slice, err := r.Read.AttachmentPage(ctx, c.Actor, ticket.ID{UUID: t.ID}, page)
	if err != nil {
		return none, err
	}
	return httpapi.ListOf(c, slice, wire.AttachmentOf)
}

// UploadQuery is the parameters of the list of uploads.
type UploadQuery struct{ httpapi.Listing }

func (r Resource) uploads(ctx context.Context, c *httpapi.Call, in UploadQuery) (httpapi.List[wire.Attachment], error) {
	page, err := c.Page(in.Listing)
	if err != nil {
		return httpapi.List[wire.Attachment]{}, err
	}
	loose, err := r.Files.Loose(ctx, c.Actor.ID, page)
	if err != nil {
		return httpapi.List[wire.Attachment]{}, err
	}
	me := c.Names(ctx, []uuid.UUID{c.Actor.ID.UUID})[c.Actor.ID.UUID]
	return httpapi.ListOf(c, loose, func(u attachments.Upload) wire.Attachment { return wire.UploadOf(u.Attachment, me) })
}

func (r Resource) one(ctx context.Context, c *httpapi.Call, in Path) (wire.Attachment, error) {
	id, err := in.id()
	if err != nil {
		return wire.Attachment{}, err
	}
	a, err := r.Read.Attachment(ctx, c.Actor, id)
	if err == nil {
		return wire.AttachmentOf(a), nil
	}
	if u, found := r.loose(ctx, c, id); errors.Is(err, domain.ErrNotFound) && found {
		return wire.UploadOf(u.Attachment, c.Names(ctx, []uuid.UUID{u.By.UUID})[u.By.UUID]), nil
	}
	return wire.Attachment{}, err
}

// loose returns an upload of the caller's that is attached to nothing yet.
func (r Resource) loose(ctx context.Context, c *httpapi.Call, id ticket.AttachmentID) (attachments.Upload, bool) {
	found, err := r.Files.Find(ctx, id.UUID)
	u, ok := found[id.UUID]
	return u, err == nil && ok && u.By == c.Actor.ID && u.To == (ticket.ID{})
}

func (r Resource) remove(ctx context.Context, c *httpapi.Call, in Path) (httpapi.Empty, error) {
	id, err := in.id()
	if err != nil {
		return httpapi.Empty{}, err
	}
	a, err := r.Read.Attachment(ctx, c.Actor, id)
	if errors.Is(err, domain.ErrNotFound) {
		return httpapi.Empty{}, r.Files.Drop(ctx, c.Actor.ID, id)
	}
	if err != nil {
		return httpapi.Empty{}, err
	}
	_, err = c.Execute(ctx, func(q commands.Request) (commands.Outcome, error) {
		return r.App.Tickets.Do(ctx, q, ticket.ID{UUID: a.Ticket}, ticket.RemoveAttachment{
			By: ticket.By{Actor: c.Actor}, AttachmentID: id, Now: c.Now(),
		})
	})
	return httpapi.Empty{}, err
}

// Content is the parameters of reading the bytes of a file.
type Content struct {
	Path
	Inline bool `query:"inline" description:"To be shown rather than kept, where that is safe."`
}

// sandboxed is the policy of what somebody brought: it runs nothing, and loads nothing.
const sandboxed = "sandbox; default-src 'none'"

// shown are the media types that a browser may show: none of them runs anything.
var shown = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "application/pdf", "text/plain"}

func (r Resource) content(ctx context.Context, c *httpapi.Call, in Content) (*httpapi.Content, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	u, err := r.readable(ctx, c, id)
	if err != nil {
		return nil, err
	}
	disposition := "attachment"
	if in.Inline && slices.Contains(shown, mediaType(u.ContentType)) {
		disposition = "inline"
	}
	c.Header.Set("Content-Type", u.ContentType)
	c.Header.Set("Content-Disposition", disposition+named(u.Filename))
	c.Header.Set("Content-Security-Policy", sandboxed)
	c.Header.Set("ETag", etag(u.Digest))
	return &httpapi.Content{Open: func(ctx context.Context) io.ReadSeekCloser { return r.Files.Open(ctx, u) }}, nil
}

func (r Resource) thumbnail(ctx context.Context, c *httpapi.Call, in Path) (*httpapi.Content, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	u, err := r.readable(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if !view.HasThumbnail(u.ContentType) {
		return nil, domain.ErrNotFound
	}
	small, err := r.Files.Thumbnail(ctx, u)
	if err != nil {
		return nil, err
	}
	c.Header.Set("Content-Type", http.DetectContentType(small))
	c.Header.Set("Content-Disposition", "inline")
	c.Header.Set("Content-Security-Policy", sandboxed)
	c.Header.Set("ETag", `"`+u.Digest[:32]+`-small"`)
	return &httpapi.Content{Open: func(context.Context) io.ReadSeekCloser { return nopCloser{bytes.NewReader(small)} }}, nil
}

// nopCloser is a reader of bytes that has nothing to close.
type nopCloser struct{ *bytes.Reader }

// Close implements [io.Closer].
func (nopCloser) Close() error { return nil }

// readable returns the file whose bytes the caller may read.
func (r Resource) readable(ctx context.Context, c *httpapi.Call, id ticket.AttachmentID) (attachments.Upload, error) {
	found, err := r.Files.Find(ctx, id.UUID)
	if err != nil {
		return attachments.Upload{}, err
	}
	u, ok := found[id.UUID]
	switch {
	case !ok:
		return u, domain.ErrNotFound
	case u.To == (ticket.ID{}) && u.By == c.Actor.ID:
		return u, nil
	}
	_, err = r.Read.Attachment(ctx, c.Actor, id)
	return u, err
}
