package wire

import (
	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/projections/view"
)

// Attachment is a file of a ticket or of a comment, or an upload that is to become one.
type Attachment struct {
	ID           uuid.UUID  `json:"id" required:"true"`
	Filename     string     `json:"filename" required:"true"`
	ContentType  string     `json:"content_type" required:"true" description:"What the bytes are, whatever they were called."`
	DeclaredType string     `json:"declared_type" required:"true" description:"What their sender called them; empty: nothing."`
	Size         int64      `json:"size" required:"true" description:"In bytes."`
	Ticket       *uuid.UUID `json:"ticket" required:"true" description:"Null: it is attached to nothing yet, and goes after a day."`
	TicketNumber *int64     `json:"ticket_number" required:"true"`
	Comment      *uuid.UUID `json:"comment" required:"true" description:"Null: the ticket was opened with it."`
	Inline       bool       `json:"inline" required:"true" description:"Whether it is shown within the text of the email that it came with."`
	ContentID    *string    `json:"content_id" required:"true" description:"By which that text names it."`
	Scan         string     `json:"scan" required:"true" enum:"none,pending,clean" description:"Whether it was looked at for malware."`
	CreatedBy    Person     `json:"created_by" required:"true"`
	CreatedAt    Time       `json:"created_at" required:"true"`
	ContentURL   *string    `json:"content_url" required:"true" description:"Where its bytes are; null: it was removed, its ticket is deleted, or who brought it was erased."`
	ThumbnailURL *string    `json:"thumbnail_url" required:"true" description:"Where a small image of it is; null: there is none."`
}

// Example is an attachment as the document shows it.
func (Attachment) Example() string {
	return `{"id": "0197c2a4-8f00-7000-8000-000000000003", "filename": "printer.png", "content_type": "image/png", "declared_type": "image/png",
		"size": 48213, "ticket": "0197c2a4-8f00-7000-8000-000000000001", "ticket_number": 1, "comment": null, "inline": false, "content_id": null,
		"scan": "none", "created_by": {"id": "0197c2a4-8f00-7000-8000-00000000000a", "username": "ada"}, "created_at": "2026-01-31T12:00:00.000000Z",
		"content_url": "/api/attachments/0197c2a4-8f00-7000-8000-000000000003/content/", "thumbnail_url": "/api/attachments/0197c2a4-8f00-7000-8000-000000000003/thumbnail/"}`
}

// scanOf returns the state of a file that is there: what something is found in is not taken.
func scanOf(scanned bool) string {
	if scanned {
		return "clean"
	}
	return "none"
}

// AttachmentOf writes an attachment.
func AttachmentOf(a view.Attachment) Attachment {
	out := Attachment{
		ID: a.ID, Filename: a.Filename, ContentType: a.ContentType, DeclaredType: a.DeclaredType, Size: a.Size,
		Ticket: &a.Ticket, TicketNumber: &a.TicketNumber, Comment: a.Comment, Scan: scanOf(a.Scanned),
		CreatedBy: PersonOf(a.CreatedBy), CreatedAt: Time{a.CreatedAt},
	}
	if !a.Gone && !a.Withheld {
		out.ContentURL, out.ThumbnailURL = addresses(a.ID, a.ContentType)
	}
	return out
}

// AttachmentsOf writes attachments.
func AttachmentsOf(all []view.Attachment) []Attachment {
	out := make([]Attachment, len(all))
	for i, a := range all {
		out[i] = AttachmentOf(a)
	}
	return out
}

// UploadOf writes a file that is attached to nothing yet, of somebody with that username.
func UploadOf(a ticket.Attachment, username string) Attachment {
	out := Attachment{
		ID: a.ID.UUID, Filename: a.Filename, ContentType: a.ContentType, DeclaredType: a.DeclaredType, Size: a.Size,
		Scan: scanOf(a.Scanned), CreatedBy: Person{ID: a.By.UUID, Username: username}, CreatedAt: At(a.AddedAt),
	}
	out.ContentURL, out.ThumbnailURL = addresses(out.ID, out.ContentType)
	return out
}

// addresses returns where the bytes of a file are, and a small image of it; nil: nowhere.
func addresses(id uuid.UUID, contentType string) (content, thumbnail *string) {
	at := "/api/attachments/" + id.String() + "/"
	if view.HasThumbnail(contentType) {
		thumbnail = new(at + "thumbnail/")
	}
	return new(at + "content/"), thumbnail
}
