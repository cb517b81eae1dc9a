package ticket

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// file is an upload of somebody's.
func file(n byte, a domain.Actor) Attachment {
	return Attachment{ID: AttachmentID{uuid.UUID{1: n}}, Filename: "log.txt", ContentType: "text/plain", Size: 3, Digest: string(rune(n)), By: a.ID}
}

// attached is the event by which a file comes to a ticket, or to a comment.
func attached(f Attachment, to CommentID, internal bool) AttachmentAdded {
	return AttachmentAdded{
		AttachmentID: f.ID, CommentID: to, AddedBy: f.By, Filename: f.Filename, ContentType: f.ContentType,
		Size: f.Size, Digest: f.Digest, Internal: internal, AddedAt: noon,
	}
}

func TestAttach(t *testing.T) {
	open := func(files ...Attachment) OpenTicket {
		return OpenTicket{By: by(ann), Number: 7, Title: "Printer", Description: "It smokes.", Attachments: files, Now: noon}
	}
	add := func(a domain.Actor, internal bool, files ...Attachment) AddComment {
		return AddComment{By: by(a), CommentID: first, Text: "so", Internal: internal, Reopens: []Status{StatusResolved}, Now: noon, Attachments: files}
	}
	many := make([]Attachment, AttachmentsMax+1)
	for i := range many {
		many[i] = file(byte(i), ann)
	}
	one, two, notes := file(1, ann), file(2, ann), file(3, eve)
	checkRules(t, []rule{
		{name: "a ticket is opened with files", when: open(one, two), then: []domain.Event{opened(), attached(one, CommentID{}, false), attached(two, CommentID{}, false)}},
		{name: "a comment has files", given: given(), when: add(ann, false, one), then: []domain.Event{said(first, ann, "so"), attached(one, first, false)}},
		{name: "a note's files are the note's", given: given(), when: add(eve, true, notes), then: []domain.Event{noted(first, eve, "so"), attached(notes, first, true)}},
		{name: "a reply with files reopens", given: given(Resolved{}), when: add(ann, false, one), then: []domain.Event{said(first, ann, "so"), Reopened{CommentID: first}, attached(one, first, false)}},
		{name: "nobody attaches another's", given: given(), when: add(ann, false, notes), refused: ErrAttached, field: "attachments"},
		{name: "nor one file twice", given: given(), when: add(ann, false, one, one), refused: ErrAttached},
		{name: "nor more than are allowed", when: open(many...), refused: ErrAttachments},
		{name: "as many as are allowed", given: given(), when: add(ann, false, many[1:]...), then: append([]domain.Event{said(first, ann, "so")}, allOf(many[1:])...)},
	})
}

func allOf(files []Attachment) (events []domain.Event) {
	for _, f := range files {
		events = append(events, attached(f, first, false))
	}
	return events
}

func TestRemoveAttachment(t *testing.T) {
	one, note := file(1, ann), file(2, eve)
	has := given(attached(one, CommentID{}, false), noted(first, eve, "so"), attached(note, first, true))
	remove := func(a domain.Actor, f Attachment, after time.Duration) RemoveAttachment {
		return RemoveAttachment{By: by(a), AttachmentID: f.ID, Now: noon.Add(after)}
	}
	gone, noteGone := []domain.Event{AttachmentRemoved{AttachmentID: one.ID}}, []domain.Event{AttachmentRemoved{AttachmentID: note.ID, Internal: true}}
	checkRules(t, []rule{
		{name: "their own", given: has, when: remove(ann, one, UserEditWindow), then: gone},
		{name: "not after a quarter of an hour", given: has, when: remove(ann, one, UserEditWindow+1), refused: domain.ErrTooLate},
		{name: "admins at any time", given: has, when: remove(rob, one, time.Hour), then: gone},
		{name: "staff not another's", given: has, when: remove(eve, one, 0), refused: domain.ErrForbidden},
		{name: "auditors none", given: has, when: remove(ida, one, 0), refused: domain.ErrForbidden},
		{name: "one of a note, by its author", given: has, when: remove(eve, note, 0), then: noteGone},
		{name: "which a requester knows nothing of", given: has, when: remove(ann, note, 0), refused: domain.ErrNotFound},
		{name: "one that is not there", given: has, when: remove(rob, file(9, rob), 0), refused: domain.ErrNotFound},
		{
			name: "with the comment they are of", given: has, when: RemoveComment{By: by(eve), CommentID: first, Now: noon},
			then: []domain.Event{CommentRemoved{CommentID: first, Internal: true}, AttachmentRemoved{AttachmentID: note.ID, Internal: true}},
		},
	})
}

func TestFilename(t *testing.T) {
	long := strings.Repeat("ä", 200)
	for name, want := range map[string]string{
		"log.txt": "log.txt", " a b.pdf ": "a b.pdf", "/etc/passwd": "passwd", `C:\Users\ann\Bild.png`: "Bild.png",
		"": "attachment", "..": "attachment", "a/..": "attachment", "\u200b": "attachment", "evil\u202egnp.exe": "evilgnp.exe",
		"one\ntwo.txt": "onetwo.txt", "half\xff.txt": "half.txt", long + ".jpeg": strings.Repeat("ä", 125) + ".jpeg",
		"a." + long: "a." + strings.Repeat("ä", 126),
	} {
		t.Run(fmt.Sprintf("%.20q", name), func(t *testing.T) {
			if got := Filename(name); got != want || len(got) > filenameMax || !utf8.ValidString(got) {
				t.Errorf("%q becomes %q, want %q", name, got, want)
			}
		})
	}
}
