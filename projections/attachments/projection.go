// Package attachments is the files of tickets and comments: what there is to show of them
// but for their bytes.
package attachments

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

var table = projections.NewTable[view.AttachmentRow]("attachments")

const (
	forgetCommentsSQL = `DELETE FROM attachments WHERE comment_id = ANY ($1)`
	forgetTicketsSQL  = `DELETE FROM attachments WHERE ticket_id = ANY ($1)`
)

// Follower keeps read.attachments.
func Follower() follow.Follower {
	return projections.WithTexts(follow.Follower{
		Name:    projections.AttachmentList,
		Tables:  []string{"attachments"},
		Lookups: []string{"attachments_ticket", "attachments_comment"},
		Types: eventstore.Types(ticket.AttachmentAdded{}, ticket.AttachmentRemoved{}, ticket.CommentRemoved{},
			ticket.Deleted{}, ticket.Restored{}),
		Apply:  apply,
		Inline: true,
	}, forgetTicketsSQL)
}

// page is what a page of events comes to.
type page struct {
	added, removed    map[uuid.UUID]*view.AttachmentRow // removed: of those added before the page
	comments, tickets []uuid.UUID                       // that are not there any more
}

func apply(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	p := page{added: map[uuid.UUID]*view.AttachmentRow{}, removed: map[uuid.UUID]*view.AttachmentRow{}}
	for _, e := range events {
		p.fold(e)
	}
	return projections.WriteAll(ctx, tx,
		table.Insert("add attachments", byID(p.added)), table.Update("mark removed attachments", byID(p.removed)),
		projections.IDsTo("forget the attachments of comments", forgetCommentsSQL, p.comments),
		projections.IDsTo("forget the attachments of tickets", forgetTicketsSQL, p.tickets),
	)
}

func (p *page) fold(e eventstore.Envelope) {
	switch d := e.Event.(type) {
	case ticket.AttachmentAdded:
		row := view.Attached(e, d)
		p.added[row.ID] = &row
	case ticket.AttachmentRemoved:
		row := p.added[d.AttachmentID.UUID]
		if row == nil {
			row = &view.AttachmentRow{ID: d.AttachmentID.UUID}
			p.removed[row.ID] = row
		}
		row.RemovedAt = &e.OccurredAt
	case ticket.CommentRemoved:
		p.comments = append(p.comments, d.CommentID.UUID)
	case ticket.Deleted:
		p.tickets = append(p.tickets, e.StreamID)
	case ticket.Restored: // all of the ticket's events are here with it
		p.tickets = slices.DeleteFunc(p.tickets, func(id uuid.UUID) bool { return id == e.StreamID })
	}
}

// byID puts attachments into the order of their ids, which is that of time.
func byID(m map[uuid.UUID]*view.AttachmentRow) []*view.AttachmentRow {
	rows := make([]*view.AttachmentRow, 0, len(m))
	for _, row := range m {
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b *view.AttachmentRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return rows
}
