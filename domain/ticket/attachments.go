package ticket

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// AttachmentID identifies an attachment within the whole desk.
type AttachmentID struct{ uuid.UUID }

// Attachment is a file of a ticket, or of a comment on it, without its bytes.
type Attachment struct {
	ID           AttachmentID
	Comment      CommentID // zero: it is the ticket's own, beside the description
	Filename     string
	ContentType  string // what the bytes are
	DeclaredType string // what its sender called them; "": nothing
	Size         int64  // in bytes
	Digest       string // SHA-256 of the bytes as they are stored, which is sealed; hexadecimal
	By           domain.UserID
	Internal     bool // of an internal note
	Scanned      bool // something looked for malware in it, and found none
	AddedAt      time.Time
}

type (
	// AttachmentAdded adds a file to the ticket, or to a comment of the same append.
	AttachmentAdded struct {
		AttachmentID AttachmentID  `json:"attachment_id"`
		CommentID    CommentID     `json:"comment_id,omitzero"`
		AddedBy      domain.UserID `json:"added_by"`
		Filename     string        `json:"filename"`
		ContentType  string        `json:"content_type"`
		DeclaredType string        `json:"declared_type,omitempty"`
		Size         int64         `json:"size"`
		Digest       string        `json:"digest"`
		Internal     bool          `json:"internal,omitempty"`
		Scanned      bool          `json:"scanned,omitempty"`
		// AddedAt is the deciding process's clock; a user's fifteen minutes count
		// from it.
		AddedAt time.Time `json:"added_at"`
	}
	// AttachmentRemoved means that the bytes of a file, and their key, are destroyed.
	AttachmentRemoved struct {
		AttachmentID AttachmentID `json:"attachment_id"`
		Internal     bool         `json:"internal,omitempty"` // as when it was added
	}
	// RemoveAttachment destroys the bytes of a file.
	RemoveAttachment struct {
		By
		AttachmentID AttachmentID
		Now          time.Time
	}
)

// EventType returns the stored name of the event.
func (AttachmentAdded) EventType() string   { return "ticket.attachment_added" }
func (AttachmentRemoved) EventType() string { return "ticket.attachment_removed" }

// Attached returns the file that the event adds.
func (e AttachmentAdded) Attached() Attachment {
	return Attachment{
		ID: e.AttachmentID, Comment: e.CommentID, Filename: e.Filename, ContentType: e.ContentType, DeclaredType: e.DeclaredType,
		Size: e.Size, Digest: e.Digest, By: e.AddedBy, Internal: e.Internal, Scanned: e.Scanned, AddedAt: e.AddedAt,
	}
}

// AttachmentsMax is how many files a ticket is opened with at most, or a comment has.
const AttachmentsMax = 20

// Refusals of attachments.
var (
	ErrAttachments = &domain.Error{Kind: domain.KindInvalid, Code: "max_items", Message: "at most 20 files are allowed", Field: "attachments"}
	ErrAttached    = &domain.Error{Kind: domain.KindRejected, Code: "unknown_reference", Message: "it does not exist, is not yours or is attached already"}
)

// ErrInfected refuses a file in which malware was found; see [Infected].
var ErrInfected = &domain.Error{Kind: domain.KindRejected, Code: "attachment_infected", Message: "malware was found in the file"}

// Infected is [ErrInfected] with what was found.
type Infected struct{ Malware string }

// Error names what was found.
func (i Infected) Error() string { return i.Unwrap().Error() }

// Unwrap returns [ErrInfected] as a caller is told it.
func (i Infected) Unwrap() error {
	return ErrInfected.With("malware was found in the file: %s", i.Malware).On("file")
}

// with returns events and behind them those that add files which the actor uploaded to
// what is written at an instant: a comment, or the ticket itself. Whether they are there,
// and attached to nothing else, is for who appends to find out.
func with(events []domain.Event, a domain.Actor, files []Attachment, to CommentID, internal bool, now time.Time) ([]domain.Event, error) {
	if len(files) > AttachmentsMax {
		return nil, ErrAttachments
	}
	for i, f := range files {
		twice := slices.ContainsFunc(files[:i], func(other Attachment) bool { return other.ID == f.ID })
		if f.By != a.ID || twice {
			return nil, ErrAttached.On("attachments")
		}
		events = append(events, AttachmentAdded{
			AttachmentID: f.ID, CommentID: to, AddedBy: f.By, Filename: f.Filename, ContentType: f.ContentType, DeclaredType: f.DeclaredType,
			Size: f.Size, Digest: f.Digest, Internal: internal, Scanned: f.Scanned, AddedAt: now,
		})
	}
	return events, nil
}

func removeAttachment(s State, c RemoveAttachment) ([]domain.Event, error) {
	f, ok := s.Attachments[c.AttachmentID]
	if !ok || (f.Internal && !SeesInternal(c.Actor)) {
		return nil, domain.ErrNotFound
	}
	if err := f.mayRemove(c.Actor, c.Now); err != nil {
		return nil, err
	}
	return []domain.Event{AttachmentRemoved{AttachmentID: c.AttachmentID, Internal: f.Internal}}, nil
}

// mayRemove checks whether the actor, who sees the file, may remove it now.
func (f Attachment) mayRemove(a domain.Actor, now time.Time) error {
	switch {
	case a.Admin():
	case !writes(a), f.By != a.ID, f.Internal && !works(a):
		return domain.ErrForbidden
	case now.Sub(f.AddedAt) > UserEditWindow:
		return domain.ErrTooLate.With("a file can be removed for %d minutes", int(UserEditWindow.Minutes()))
	}
	return nil
}

// MayRemove reports whether the actor, who sees the file, may remove it now.
func (f Attachment) MayRemove(a domain.Actor, now time.Time) bool { return f.mayRemove(a, now) == nil }

// detach returns the events that remove the files of a comment.
func (s State) detach(from CommentID) (events []domain.Event) {
	for id, f := range s.Attachments {
		if f.Comment == from {
			events = append(events, AttachmentRemoved{AttachmentID: id, Internal: f.Internal})
		}
	}
	slices.SortFunc(events, func(a, b domain.Event) int {
		one, other := a.(AttachmentRemoved).AttachmentID, b.(AttachmentRemoved).AttachmentID
		return bytes.Compare(one.UUID[:], other.UUID[:])
	})
	return events
}

func evolveAttachments(files map[AttachmentID]Attachment, e domain.Event, own bool) map[AttachmentID]Attachment {
	next := writable(files, own)
	switch e := e.(type) {
	case AttachmentAdded:
		next[e.AttachmentID] = e.Attached()
	case AttachmentRemoved:
		delete(next, e.AttachmentID)
	}
	return next
}

// filenameMax is how long the name of a file may be, in bytes of UTF-8.
const filenameMax = 255

// Filename returns what a file is called whose sender called it name: the last element
// of a path, on one line, without characters that turn the direction of what is read, and
// not too long for file systems, with its ending. "attachment" where nothing is left.
func Filename(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, name))
	if name == "." || name == ".." || name == "/" || !domain.Visible(name) {
		return "attachment"
	}
	if len(name) <= filenameMax {
		return name
	}
	ending := path.Ext(name)
	if len(ending) > filenameMax/2 {
		ending = ""
	}
	return cut(strings.TrimSuffix(name, ending), filenameMax-len(ending)) + ending
}

// cut returns the beginning of a text, of at most so many bytes and of whole characters.
func cut(text string, most int) string {
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
