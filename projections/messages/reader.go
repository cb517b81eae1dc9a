package messages

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/message"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Reader reads emails that came in. It is safe for concurrent use.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns the reader over a pool.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }

// Filter narrows a list of messages; a zero member does not narrow.
type Filter struct {
	Verdicts []message.Verdict
	Mailbox  *uuid.UUID
	Ticket   *uuid.UUID
	From     string // the address, without regard to case
}

// Message returns the message, [domain.ErrNotFound] when there is none of this id.
func (r *Reader) Message(ctx context.Context, id message.ID) (view.Message, error) {
	if err := projections.Fresh(ctx, projections.InboundLedger); err != nil {
		return view.Message{}, err
	}
	return projections.One[view.Message](ctx, r.pool, "message", `SELECT `+table.Columns("")+` FROM read.inbound_messages WHERE id = $1`, id.UUID)
}

// Messages returns a page of messages, the newest first, narrowed by the filter.
func (r *Reader) Messages(ctx context.Context, f Filter, p projections.Page) (projections.Slice[view.Message], error) {
	if err := projections.Fresh(ctx, projections.InboundLedger); err != nil {
		return projections.Slice[view.Message]{}, err
	}
	l := projections.List[view.Message]{
		From: "read.inbound_messages AS m", Key: "m.received_at", Cast: "timestamptz", ID: "m.id", Desc: true,
		Columns: table.Columns("m"), Varies: true,
		At: func(m view.Message) (string, uuid.UUID) { return projections.TimeKey(m.ReceivedAt), m.ID },
	}
	if len(f.Verdicts) > 0 {
		l.Where.Add("m.verdict = ANY (?)", f.Verdicts)
	}
	if f.Mailbox != nil {
		l.Where.Add("m.mailbox_id = ?", *f.Mailbox)
	}
	if f.Ticket != nil {
		l.Where.Add("m.ticket_id = ?", *f.Ticket)
	}
	if f.From != "" {
		l.Where.Add("lower(m.from_address) = lower(?)", f.From)
	}
	return l.Page(ctx, r.pool, p)
}

// MessagesOf writes every message of somebody as a line of JSON, the oldest first, and
// returns how many there are.
func (r *Reader) MessagesOf(ctx context.Context, sender domain.UserID, to *json.Encoder) (n int, err error) {
	if err := projections.Fresh(ctx, projections.InboundLedger); err != nil {
		return 0, err
	}
	rows, _ := r.pool.Query(ctx, `SELECT `+table.Columns("")+` FROM read.inbound_messages WHERE sender_id = $1 ORDER BY received_at, id`, sender.UUID) // CollectRows returns its error
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[view.Message])
	if err != nil {
		return 0, eventstore.Unreachable(fmt.Errorf("list the messages of %s: %w", sender, err))
	}
	for _, m := range all {
		if err := to.Encode(m); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
