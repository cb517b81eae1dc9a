package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// commentRow is a row of read.comments.
type commentRow struct {
	ID        uuid.UUID  `json:"id"`
	TicketID  uuid.UUID  `json:"ticket_id"`
	AuthorID  uuid.UUID  `json:"author_id"`
	Text      string     `json:"text"`
	Internal  bool       `json:"internal"`
	CreatedAt time.Time  `json:"created_at"`
	EditedAt  *time.Time `json:"edited_at"`
}

const addCommentsSQL = `
INSERT INTO comments (id, ticket_id, author_id, text, internal, created_at, edited_at)
SELECT id, ticket_id, author_id, text, internal, created_at, edited_at
FROM json_populate_recordset(NULL::comments, $1::json)`

const editCommentsSQL = `
UPDATE comments AS c SET text = e.text, edited_at = e.edited_at
FROM json_populate_recordset(NULL::comments, $1::json) AS e
WHERE c.id = e.id`

const removeCommentsSQL = `DELETE FROM comments WHERE id = ANY ($1) OR ticket_id = ANY ($2)`

const forgetCommentsSQL = `DELETE FROM comments WHERE ticket_id = ANY ($1)`

// commentList keeps read.comments.
func commentList() eventstore.Follower {
	return withTexts(eventstore.Follower{
		Name:    "comment_list",
		Tables:  []string{"comments"},
		Lookups: []string{"comments_ticket"},
		Types: eventstore.Types(ticket.CommentAdded{}, ticket.CommentEdited{},
			ticket.CommentRemoved{}, ticket.Deleted{}),
		Apply: applyCommentList,
	}, forgetCommentsSQL)
}

// commentPage is what a page of events comes to: one entry a comment.
type commentPage struct {
	added   map[uuid.UUID]commentRow
	edited  map[uuid.UUID]commentRow // of comments added before the page
	removed []uuid.UUID
	tickets []uuid.UUID // deleted, with all their comments
}

func applyCommentList(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	p := commentPage{added: map[uuid.UUID]commentRow{}, edited: map[uuid.UUID]commentRow{}}
	for _, e := range events {
		p.fold(e)
	}
	if err := eventstore.WriteRows(ctx, tx, addCommentsSQL, values(p.added)); err != nil {
		return fmt.Errorf("add comments: %w", err)
	}
	if err := eventstore.WriteRows(ctx, tx, editCommentsSQL, values(p.edited)); err != nil {
		return fmt.Errorf("edit comments: %w", err)
	}
	if len(p.removed)+len(p.tickets) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, removeCommentsSQL, p.removed, p.tickets); err != nil {
		return fmt.Errorf("remove comments: %w", err)
	}
	return nil
}

func (p *commentPage) fold(e eventstore.Envelope) {
	at := e.OccurredAt
	switch d := e.Event.(type) {
	case ticket.CommentAdded:
		p.added[d.CommentID.UUID] = commentRow{
			ID: d.CommentID.UUID, TicketID: e.StreamID, AuthorID: d.Author.UUID,
			Text: d.Text, Internal: d.Internal, CreatedAt: at,
		}
	case ticket.CommentEdited:
		rows := p.edited
		row, ok := p.added[d.CommentID.UUID]
		if ok {
			rows = p.added
		}
		row.ID, row.Text, row.EditedAt = d.CommentID.UUID, d.Text, &at
		rows[row.ID] = row
	case ticket.CommentRemoved:
		p.removed = append(p.removed, d.CommentID.UUID)
	case ticket.Deleted:
		p.tickets = append(p.tickets, e.StreamID)
	}
}

func values[K comparable, V any](m map[K]V) []V {
	all := make([]V, 0, len(m))
	for _, v := range m {
		all = append(all, v)
	}
	return all
}
