package mailboxes

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain/mailbox"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Reader reads mailboxes as they are now. It is safe for concurrent use.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns the reader over a pool.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }

// Mailbox returns the mailbox, [domain.ErrNotFound] when there is none of this id.
func (r *Reader) Mailbox(ctx context.Context, id mailbox.ID) (view.Mailbox, error) {
	if err := projections.Fresh(ctx, projections.MailboxList); err != nil {
		return view.Mailbox{}, err
	}
	return projections.One[view.Mailbox](ctx, r.pool, "mailbox", `SELECT `+table.Columns("")+` FROM read.mailboxes WHERE id = $1`, id.UUID)
}

// row is a mailbox with its place in the list: what the lower case of a name is depends on
// the database.
type row struct {
	view.Mailbox
	SortKey string
}

// Mailboxes returns a page of mailboxes by name, of those that are active or not where
// that is asked for.
func (r *Reader) Mailboxes(ctx context.Context, active *bool, p projections.Page) (projections.Slice[view.Mailbox], error) {
	if err := projections.Fresh(ctx, projections.MailboxList); err != nil {
		return projections.Slice[view.Mailbox]{}, err
	}
	l := projections.List[row]{
		From: "read.mailboxes AS m", Key: "lower(m.name)", Cast: "text", ID: "m.id",
		Columns: table.Columns("m") + `, lower(m.name) AS sort_key`, Varies: true,
		At: func(m row) (string, uuid.UUID) { return m.SortKey, m.ID },
	}
	if active != nil {
		l.Where.Add("m.is_active = ?", *active)
	}
	page, err := l.Page(ctx, r.pool, p)
	return projections.Map(page, func(m row) view.Mailbox { return m.Mailbox }), err
}
