package comments

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

var commentTable = projections.NewTable[view.CommentRow]("comments")

// commentsByID puts comments into the order of their ids, which is that of time:
// neighbours then go into the same pages of the indexes.
func commentsByID(m map[uuid.UUID]view.CommentRow) []*view.CommentRow {
	rows := make([]*view.CommentRow, 0, len(m))
	for _, c := range m {
		rows = append(rows, &c)
	}
	slices.SortFunc(rows, func(a, b *view.CommentRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return rows
}

const removeCommentsSQL = `DELETE FROM comments WHERE id = ANY ($1) OR ticket_id = ANY ($2)`

const forgetCommentsSQL = `DELETE FROM comments WHERE ticket_id = ANY ($1)`

// Follower keeps read.comments.
func Follower() follow.Follower {
	return projections.WithTexts(follow.Follower{
		Name:    projections.CommentList,
		Tables:  []string{"comments"},
		Lookups: []string{"comments_ticket"},
		Types: eventstore.Types(ticket.CommentAdded{}, ticket.CommentEdited{},
			ticket.CommentRemoved{}, ticket.TextRedacted{}, ticket.Deleted{}, ticket.Restored{}),
		Apply:  applyCommentList,
		Inline: true,
	}, forgetCommentsSQL)
}

// commentPage is what a page of events comes to: one entry a comment.
type commentPage struct {
	added   map[uuid.UUID]view.CommentRow
	edited  map[uuid.UUID]view.CommentRow // of comments added before the page
	removed []uuid.UUID
	tickets []uuid.UUID // deleted, with all their comments
}

func applyCommentList(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	p := commentPage{added: map[uuid.UUID]view.CommentRow{}, edited: map[uuid.UUID]view.CommentRow{}}
	for _, e := range events {
		p.fold(e)
	}
	return projections.WriteAll(ctx, tx, commentTable.Insert("add comments", commentsByID(p.added)), commentTable.Update("edit comments", commentsByID(p.edited)), projections.Write{
		What: "remove comments", SQL: removeCommentsSQL, Args: []any{p.removed, p.tickets}, N: len(p.removed) + len(p.tickets),
	})
}

// edit changes a comment, of this page or from before it.
func (p *commentPage) edit(id ticket.CommentID, change func(*view.CommentRow)) {
	rows := p.edited
	row, ok := p.added[id.UUID]
	if ok {
		rows = p.added
	}
	change(&row)
	rows[id.UUID] = row
}

func (p *commentPage) fold(e eventstore.Envelope) {
	switch d := e.Event.(type) {
	case ticket.CommentAdded:
		p.added[d.CommentID.UUID] = view.Added(e, d)
	case ticket.CommentEdited:
		p.edit(d.CommentID, func(row *view.CommentRow) { row.Edit(e, d) })
	case ticket.TextRedacted:
		if d.Field == ticket.FieldComment {
			p.edit(d.CommentID, func(row *view.CommentRow) { row.Redact(e, d) })
		}
	case ticket.CommentRemoved:
		p.removed = append(p.removed, d.CommentID.UUID)
	case ticket.Deleted:
		p.tickets = append(p.tickets, e.StreamID)
	case ticket.Restored: // all of the ticket's events are here with it
		p.tickets = slices.DeleteFunc(p.tickets, func(id uuid.UUID) bool { return id == e.StreamID })
	}
}
