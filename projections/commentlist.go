package projections

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// commentRow is a row of read.comments.
type commentRow struct {
	ID        uuid.UUID
	TicketID  uuid.UUID
	AuthorID  uuid.UUID
	Text      string
	Internal  bool
	CreatedAt time.Time
	EditedAt  *time.Time
}

const addCommentsSQL = `
INSERT INTO comments (id, ticket_id, author_id, text, internal, created_at, edited_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::boolean[], $6::timestamptz[], $7::timestamptz[])`

const editCommentsSQL = `
UPDATE comments AS c SET text = e.text, edited_at = e.edited_at
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS e (id, text, edited_at)
WHERE c.id = e.id`

// commentsByID puts comments into the order of their ids, which is that of time:
// neighbours then go into the same pages of the indexes.
func commentsByID(m map[uuid.UUID]commentRow) []*commentRow {
	rows := make([]*commentRow, 0, len(m))
	for _, c := range m {
		rows = append(rows, &c)
	}
	slices.SortFunc(rows, func(a, b *commentRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return rows
}

// addComments is addCommentsSQL with the columns of rows.
func addComments(added map[uuid.UUID]commentRow) rowWrite {
	rows := commentsByID(added)
	return rowWrite{what: "add comments", sql: addCommentsSQL, n: len(rows), args: []any{
		column(rows, func(c *commentRow) uuid.UUID { return c.ID }),
		column(rows, func(c *commentRow) uuid.UUID { return c.TicketID }),
		column(rows, func(c *commentRow) uuid.UUID { return c.AuthorID }),
		column(rows, func(c *commentRow) string { return c.Text }),
		column(rows, func(c *commentRow) bool { return c.Internal }),
		column(rows, func(c *commentRow) time.Time { return c.CreatedAt }),
		column(rows, func(c *commentRow) *time.Time { return c.EditedAt }),
	}}
}

// editComments is editCommentsSQL with the columns of rows.
func editComments(edited map[uuid.UUID]commentRow) rowWrite {
	rows := commentsByID(edited)
	return rowWrite{what: "edit comments", sql: editCommentsSQL, n: len(rows), args: []any{
		column(rows, func(c *commentRow) uuid.UUID { return c.ID }),
		column(rows, func(c *commentRow) string { return c.Text }),
		column(rows, func(c *commentRow) *time.Time { return c.EditedAt }),
	}}
}

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
	return writeAll(ctx, tx, addComments(p.added), editComments(p.edited), rowWrite{
		what: "remove comments", sql: removeCommentsSQL, args: []any{p.removed, p.tickets}, n: len(p.removed) + len(p.tickets),
	})
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
