package readmodels

import (
	"bytes"
	"slices"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections/view"
)

// reads returns what somebody reads in the place of a text of a past world, of which
// now is what stands today: staff and auditors read it, others where it still stands.
func (w world) reads(viewer domain.Actor, text, now string) string {
	if w.now == nil || viewer.Role == domain.RoleAgent || viewer.Admin() || viewer.Role == domain.RoleAuditor || text == now {
		return text
	}
	return "[withdrawn]"
}

// titled returns the title of a row as somebody reads it.
func (w world) titled(viewer domain.Actor, r view.TicketRow) string {
	return w.reads(viewer, r.Title, w.now[r.ID].Title)
}

// said returns the text of a comment as somebody reads it.
func (w world) said(viewer domain.Actor, of, comment uuid.UUID, text string) string {
	return w.reads(viewer, text, w.now[of].Comments[ticket.CommentID{UUID: comment}].Text)
}

// counted returns the version of a ticket as somebody counts it, by the log.
func (w world) counted(viewer domain.Actor, r view.TicketRow) int {
	notes, of, version := map[ticket.CommentID]bool{}, map[ticket.AttachmentID]ticket.CommentID{}, 0
	for _, e := range w.log {
		if e.StreamID != r.ID || e.Version > r.Version {
			continue
		}
		var about ticket.CommentID
		switch d := e.Event.(type) {
		case ticket.CommentAdded:
			about = d.CommentID
			notes[about] = d.Internal
		case ticket.CommentEdited:
			about = d.CommentID
		case ticket.CommentRemoved:
			about = d.CommentID
		case ticket.AttachmentAdded:
			about = d.CommentID
			of[d.AttachmentID] = about
		case ticket.AttachmentRemoved:
			about = of[d.AttachmentID]
		}
		if viewer.Role != domain.RoleUser || !notes[about] {
			version++
		}
	}
	return version
}

// filesOf returns the files of a comment, by the log.
func (w world) filesOf(viewer domain.Actor, comment uuid.UUID) (all []view.Attachment) {
	for _, f := range w.want.files {
		if f.CommentID == nil || *f.CommentID != comment {
			continue
		}
		if _, stands := w.now[f.TicketID].Attachments[ticket.AttachmentID{UUID: f.ID}]; !stands && !ticket.SeesWithdrawn(viewer) {
			f.Filename = domain.Withdrawn
		}
		all = append(all, f.Show(viewer, w.states[f.TicketID].Number, w.person(f.AddedBy).Username))
	}
	slices.SortFunc(all, func(a, b view.Attachment) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return all
}

// lost leaves out whether the bytes of a file can be had: they are gone, or withheld with a
// ticket that is deleted by now, for every moment.
var lost = cmpopts.IgnoreFields(view.Attachment{}, "Gone", "Withheld")
