package comments

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Reader reads comments as they are now, for a viewer, and shows only what they may
// see. It is safe for concurrent use.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns the reader over a pool.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }

// where is the conditions of a query on comments.
type where struct{ projections.Where }

// commentView is a row of read.comments with its ticket's number and its
// author's name.
type commentView struct {
	view.CommentRow
	TicketNumber int64
	AuthorName   string
}

// commentsFrom is every comment, of alias c, with its ticket, of alias t.
const commentsFrom = "read.comments AS c JOIN read.tickets AS t ON t.id = c.ticket_id"

// commentColumns are those of a commentView.
var commentColumns = commentTable.Columns("c") + `, t.number AS ticket_number,
    coalesce((SELECT username FROM read.users WHERE id = c.author_id), '') AS author_name`

// commentsSQL reads comments of alias c with tickets of alias t.
var commentsSQL = "SELECT " + commentColumns + " FROM " + commentsFrom

// show returns the comment as people see it.
func (v commentView) show() view.Comment { return v.Show(v.TicketNumber, v.AuthorName) }

// visibleComments adds the condition that the comment of alias c, of the
// ticket of alias t, is visible to the viewer.
func (w *where) visibleComments(viewer domain.Actor) {
	w.VisibleTickets(viewer)
	if !ticket.SeesInternal(viewer) {
		w.Add("NOT c.internal")
	}
}

// Comments returns a page of the comments the viewer sees, oldest first: of
// one ticket, or of all when id is nil. Of a ticket they can't see there are
// none.
func (r *Reader) Comments(ctx context.Context, viewer domain.Actor, id *ticket.ID, p projections.Page) (projections.Slice[view.Comment], error) {
	if err := projections.Fresh(ctx, projections.CommentList, projections.TicketList, projections.UserList); err != nil {
		return projections.Slice[view.Comment]{}, err
	}
	l := listOf(viewer, id)
	l.Varies = id == nil && !viewer.SeesAll()
	views, err := l.Page(ctx, r.pool, p)
	if err != nil {
		return projections.Slice[view.Comment]{}, err
	}
	return projections.Map(views, commentView.show), nil
}

func listOf(viewer domain.Actor, id *ticket.ID) projections.List[commentView] {
	var w where
	w.visibleComments(viewer)
	if id != nil {
		w.Add("c.ticket_id = ?", *id)
	}
	return projections.List[commentView]{
		From: commentsFrom, Where: w.Where, Key: "c.created_at", Cast: "timestamptz", ID: "c.id", Columns: commentColumns,
		At:    func(v commentView) (string, uuid.UUID) { return projections.TimeKey(v.CreatedAt), v.ID },
		Bytes: func(v commentView) int { return len(v.Text) },
	}
}

// commentBytes is about what a comment takes beside its text.
const commentBytes = 400

// Thread returns as many of the comments of a ticket that the viewer sees as a page has
// room for, oldest first: from the beginning, or on one side of the cursor.
func (r *Reader) Thread(ctx context.Context, viewer domain.Actor, id ticket.ID, at *projections.Cursor) (projections.Slice[view.Comment], error) {
	if err := projections.Fresh(ctx, projections.CommentList, projections.TicketList, projections.UserList); err != nil {
		return projections.Slice[view.Comment]{}, err
	}
	const most = 10_000 // more than there is room for
	l := listOf(viewer, &id)
	l.Size = fmt.Sprintf("octet_length(c.text) + %d", commentBytes)
	l.Bytes = func(v commentView) int { return len(v.Text) + commentBytes }
	views, err := l.Page(ctx, r.pool, projections.Page{Size: most, Cursor: at})
	if err != nil {
		return projections.Slice[view.Comment]{}, err
	}
	return projections.Map(views, commentView.show), nil
}

// End is behind the last comment of a ticket: the newest of a [Reader.Thread] come before
// it.
func End() *projections.Cursor {
	return &projections.Cursor{Key: "infinity", ID: uuid.Max, Back: true}
}

// Upto is right behind a comment: it is the last of those before it.
func Upto(c view.Comment) *projections.Cursor {
	next := c.ID
	for i := len(next) - 1; i >= 0; i-- {
		if next[i]++; next[i] != 0 {
			break
		}
	}
	return &projections.Cursor{Key: projections.TimeKey(c.CreatedAt), ID: next, Back: true}
}

// AllComments returns every comment of the ticket that the viewer sees, oldest
// first.
func (r *Reader) AllComments(ctx context.Context, viewer domain.Actor, id ticket.ID) ([]view.Comment, error) {
	if err := projections.Fresh(ctx, projections.CommentList, projections.TicketList, projections.UserList); err != nil {
		return nil, err
	}
	var w where
	w.visibleComments(viewer)
	w.Add("c.ticket_id = ?", id)
	rows, _ := r.pool.Query(ctx, commentsSQL+w.String()+" ORDER BY c.created_at, c.id", w.Args...) // Collect returns its error
	views, err := projections.Collect[commentView](rows)
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("list the comments of ticket %s: %w", id, err))
	}
	shown := make([]view.Comment, len(views))
	for i, v := range views {
		shown[i] = v.show()
	}
	return shown, nil
}

// Comment returns the comment, [domain.ErrNotFound] when the viewer can't see
// it.
func (r *Reader) Comment(ctx context.Context, viewer domain.Actor, id ticket.CommentID) (view.Comment, error) {
	if err := projections.Fresh(ctx, projections.CommentList, projections.TicketList, projections.UserList); err != nil {
		return view.Comment{}, err
	}
	var w where
	w.visibleComments(viewer)
	w.Add("c.id = ?", id)
	v, err := projections.One[commentView](ctx, r.pool, "comment", commentsSQL+w.String(), w.Args...)
	return v.show(), err
}
