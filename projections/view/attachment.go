package view

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// Attachment is a file of a ticket or of a comment, without its bytes.
type Attachment struct {
	ID           uuid.UUID  `json:"id"`
	Ticket       uuid.UUID  `json:"ticket"`
	TicketNumber int64      `json:"ticket_number"`
	Comment      *uuid.UUID `json:"comment"` // nil: it is the ticket's own
	Filename     string     `json:"filename"`
	ContentType  string     `json:"content_type"`
	DeclaredType string     `json:"declared_type"`
	Size         int64      `json:"size"`
	Scanned      bool       `json:"scanned"` // something looked for malware in it, and found none
	Digest       string     `json:"digest"`  // SHA-256 of the bytes as they are stored, hexadecimal
	CreatedBy    Person     `json:"created_by"`
	CreatedAt    time.Time  `json:"created_at"`
	Gone         bool       `json:"gone"`               // its bytes are destroyed
	Withheld     bool       `json:"withheld,omitempty"` // nobody reads them, for its ticket is deleted
}

// HasThumbnail reports whether there may be a small image of a file of a media type.
func HasThumbnail(contentType string) bool {
	return slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, contentType)
}

// AttachmentRow is an attachment without the names around it: a row of
// read.attachments, whose columns its tags declare.
type AttachmentRow struct {
	ID           uuid.UUID  `db:"id,key"`
	TicketID     uuid.UUID  `db:"ticket_id,fixed"`
	CommentID    *uuid.UUID `db:"comment_id,fixed"`
	Filename     string     `db:"filename,fixed"`
	ContentType  string     `db:"content_type,fixed"`
	DeclaredType string     `db:"declared_type,fixed"`
	Size         int64      `db:"size,fixed"`
	Digest       string     `db:"digest,fixed"` // hexadecimal
	AddedBy      uuid.UUID  `db:"added_by,fixed"`
	Internal     bool       `db:"internal,fixed"`
	Scanned      bool       `db:"scanned,fixed"`
	CreatedAt    time.Time  `db:"created_at,fixed"`
	RemovedAt    *time.Time `db:"removed_at"`
}

// Attached returns the attachment that e, which has d, adds.
func Attached(e eventstore.Envelope, d ticket.AttachmentAdded) AttachmentRow {
	row := AttachmentRow{
		ID: d.AttachmentID.UUID, TicketID: e.StreamID, Filename: d.Filename, ContentType: d.ContentType, DeclaredType: d.DeclaredType,
		Size: d.Size, Digest: d.Digest, AddedBy: d.AddedBy.UUID, Internal: d.Internal, Scanned: d.Scanned, CreatedAt: e.OccurredAt,
	}
	if d.CommentID != (ticket.CommentID{}) {
		row.CommentID = &d.CommentID.UUID
	}
	return row
}

// Show returns the attachment as the viewer sees it, given the number of its ticket and the
// username of who brought it. What one that was removed was called is withdrawn.
func (r AttachmentRow) Show(viewer domain.Actor, number int64, by string) Attachment {
	if r.RemovedAt != nil && r.Filename != domain.Erased && !ticket.SeesWithdrawn(viewer) {
		r.Filename = domain.Withdrawn
	}
	return Attachment{
		ID: r.ID, Ticket: r.TicketID, TicketNumber: number, Comment: r.CommentID, Filename: r.Filename, ContentType: r.ContentType,
		DeclaredType: r.DeclaredType, Size: r.Size, Scanned: r.Scanned, Digest: r.Digest, CreatedBy: Person{ID: r.AddedBy, Username: by}, CreatedAt: r.CreatedAt,
		Gone: r.RemovedAt != nil || r.Filename == domain.Erased,
	}
}

// Files are the attachments of one ticket. The zero Files has none.
type Files struct {
	rows    []AttachmentRow
	deleted bool // the ticket is
}

// Apply folds one event of the ticket.
func (f *Files) Apply(e eventstore.Envelope) {
	switch d := e.Event.(type) {
	case ticket.AttachmentAdded:
		f.rows = append(f.rows, Attached(e, d))
	case ticket.CommentRemoved:
		f.rows = slices.DeleteFunc(f.rows, func(r AttachmentRow) bool { return r.CommentID != nil && *r.CommentID == d.CommentID.UUID })
	}
	f.Lose(e)
}

// Lose folds what an event of the ticket did to bytes, which can be read or not at every
// moment before it too.
func (f *Files) Lose(e eventstore.Envelope) {
	switch d := e.Event.(type) {
	case ticket.Deleted:
		f.deleted = true
	case ticket.Restored:
		f.deleted = false
	case ticket.AttachmentRemoved:
		for i := range f.rows {
			if f.rows[i].ID == d.AttachmentID.UUID {
				f.rows[i].RemovedAt = &e.OccurredAt
			}
		}
	}
}

// Show returns the attachments as the viewer sees them, in the order in which they came:
// with those whose bytes are gone, but for those of comments that were removed.
func (f *Files) Show(viewer domain.Actor, number int64, names Names) (shown []Attachment) {
	for _, r := range f.rows {
		if !r.Internal || ticket.SeesInternal(viewer) {
			a := r.Show(viewer, number, names[r.AddedBy])
			a.Withheld = f.deleted
			shown = append(shown, a)
		}
	}
	return shown
}

// AttachmentsOf returns the attachments that there are after these events of a ticket, as
// the viewer sees them.
func AttachmentsOf(viewer domain.Actor, events []eventstore.Envelope, names Names) []Attachment {
	var files Files
	var number int64
	for _, e := range events {
		if d, ok := e.Event.(ticket.Opened); ok {
			number = d.Number
		}
		files.Apply(e)
	}
	return files.Show(viewer, number, names)
}

// AttachmentsAt returns those of attachments that are of a comment, or with nil the
// ticket's own.
func AttachmentsAt(all []Attachment, comment *uuid.UUID) (of []Attachment) {
	for _, a := range all {
		if (a.Comment == nil) == (comment == nil) && (comment == nil || *a.Comment == *comment) {
			of = append(of, a)
		}
	}
	return of
}
