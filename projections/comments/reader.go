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
	l := projections.List[commentView]{
		From: commentsFrom, Key: "c.created_at", Cast: "timestamptz", ID: "c.id",
		Columns: commentColumns, Varies: id == nil && !viewer.SeesAll(),
		At:    func(v commentView) (string, uuid.UUID) { return projections.TimeKey(v.CreatedAt), v.ID },
		Bytes: func(v commentView) int { return len(v.Text) },
	}
	var w where
	w.visibleComments(viewer)
	if id != nil {
		w.Add("c.ticket_id = ?", *id)
	}
	l.Where = w.Where
	views, err := l.Page(ctx, r.pool, p)
	if err != nil {
		return projections.Slice[view.Comment]{}, err
	}
	return projections.Map(views, commentView.show), nil
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
