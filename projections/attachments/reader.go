package attachments

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

// Reader reads attachments as they are now, for a viewer, and shows only what they may
// see. It is safe for concurrent use.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns the reader over a pool.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }

// row is a row of read.attachments with its ticket's number and the name of who brought it.
type row struct {
	view.AttachmentRow
	TicketNumber int64
	AddedByName  string
}

func (r row) show(viewer domain.Actor) view.Attachment {
	return r.Show(viewer, r.TicketNumber, r.AddedByName)
}

// from is every attachment, of alias a, with its ticket, of alias t.
const from = "read.attachments AS a JOIN read.tickets AS t ON t.id = a.ticket_id"

// columns are those of a row.
var columns = table.Columns("a") + `, t.number AS ticket_number,
    coalesce((SELECT username FROM read.users WHERE id = a.added_by), '') AS added_by_name`

// sql reads attachments of alias a with tickets of alias t.
var sql = "SELECT " + columns + " FROM " + from

// where is the conditions of a query on attachments.
type where struct{ projections.Where }

// visible adds the condition that the attachment is visible to the viewer.
func (w *where) visible(viewer domain.Actor) {
	w.VisibleTickets(viewer)
	if !ticket.SeesInternal(viewer) {
		w.Add("NOT a.internal")
	}
}

// reads are the projections that the queries read.
var reads = []string{projections.AttachmentList, projections.TicketList, projections.UserList}

// Attachment returns the attachment, [domain.ErrNotFound] when the viewer can't see it.
func (r *Reader) Attachment(ctx context.Context, viewer domain.Actor, id ticket.AttachmentID) (view.Attachment, error) {
	if err := projections.Fresh(ctx, reads...); err != nil {
		return view.Attachment{}, err
	}
	var w where
	w.visible(viewer)
	w.Add("a.id = ?", id)
	found, err := projections.One[row](ctx, r.pool, "attachment", sql+w.String(), w.Args...)
	return found.show(viewer), err
}

// Attachments returns all attachments of a ticket that the viewer sees, those of its
// comments too, oldest first.
func (r *Reader) Attachments(ctx context.Context, viewer domain.Actor, of ticket.ID) ([]view.Attachment, error) {
	var w where
	w.visible(viewer)
	w.Add("a.ticket_id = ?", of)
	return r.list(ctx, viewer, w)
}

// AttachmentPage returns a page of [Reader.Attachments].
func (r *Reader) AttachmentPage(ctx context.Context, viewer domain.Actor, of ticket.ID, p projections.Page) (projections.Slice[view.Attachment], error) {
	if err := projections.Fresh(ctx, reads...); err != nil {
		return projections.Slice[view.Attachment]{}, err
	}
	l := projections.List[row]{
		From: from, Key: "a.created_at", Cast: "timestamptz", ID: "a.id", Columns: columns,
		At: func(f row) (string, uuid.UUID) { return projections.TimeKey(f.CreatedAt), f.ID },
	}
	var w where
	w.visible(viewer)
	w.Add("a.ticket_id = ?", of)
	l.Where = w.Where
	page, err := l.Page(ctx, r.pool, p)
	return projections.Map(page, func(f row) view.Attachment { return f.show(viewer) }), err
}

// AttachmentsTo returns the attachments of comments, which the viewer sees.
func (r *Reader) AttachmentsTo(ctx context.Context, viewer domain.Actor, comments []uuid.UUID) ([]view.Attachment, error) {
	if len(comments) == 0 {
		return nil, nil
	}
	var w where
	w.Add("a.comment_id = ANY (?)", comments)
	return r.list(ctx, viewer, w)
}

// AttachmentsBy returns the attachments that somebody brought and is still shown, oldest
// first.
func (r *Reader) AttachmentsBy(ctx context.Context, who domain.UserID) ([]view.Attachment, error) {
	var w where
	w.Add("a.added_by = ?", who)
	return r.list(ctx, domain.System(), w)
}

func (r *Reader) list(ctx context.Context, viewer domain.Actor, w where) ([]view.Attachment, error) {
	if err := projections.Fresh(ctx, reads...); err != nil {
		return nil, err
	}
	rows, _ := r.pool.Query(ctx, sql+w.String()+" ORDER BY a.created_at, a.id", w.Args...) // Collect returns its error
	found, err := projections.Collect[row](rows)
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("list attachments: %w", err))
	}
	all := make([]view.Attachment, len(found))
	for i, f := range found {
		all[i] = f.show(viewer)
	}
	return all, nil
}
