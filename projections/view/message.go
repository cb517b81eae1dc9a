package view

import (
	"time"

	"github.com/google/uuid"

	"helpdesk/domain/message"
	"helpdesk/eventstore"
)

// Message is an email that came in, as admins and auditors see it, and a row of
// read.inbound_messages, whose columns its tags declare.
type Message struct {
	ID         uuid.UUID       `db:"id,key"`
	Mailbox    uuid.UUID       `db:"mailbox_id,fixed"`
	Sender     uuid.UUID       `db:"sender_id,fixed"`
	MessageID  string          `db:"message_id"`
	From       string          `db:"from_address"`
	To         string          `db:"to_addresses"`
	Subject    string          `db:"subject"`
	Size       int64           `db:"size,fixed"`
	Truncated  bool            `db:"truncated,fixed"`
	Verdict    message.Verdict `db:"verdict"`
	Reason     message.Reason  `db:"reason"`
	Detail     string          `db:"detail"`
	Ticket     *uuid.UUID      `db:"ticket_id"`
	Comment    *uuid.UUID      `db:"comment_id"`
	Email      *uuid.UUID      `db:"email_id"`
	ReceivedAt time.Time       `db:"received_at,fixed"`
	UpdatedAt  time.Time       `db:"updated_at"`
	Version    int             `db:"version"`
}

// MessageOf returns the message with these events; ok is false when it was never received.
func MessageOf(events []eventstore.Envelope) (m Message, ok bool) {
	for _, e := range events {
		m.Apply(e)
	}
	return m, m.ID != uuid.Nil
}

// Apply folds one event of the message.
func (m *Message) Apply(e eventstore.Envelope) {
	switch d := e.Event.(type) {
	case message.Received:
		*m = Message{
			ID: e.StreamID, Mailbox: d.Mailbox, Sender: d.Sender.UUID, MessageID: d.MessageID, From: d.From, To: d.To, Subject: d.Subject,
			Size: d.Size, Truncated: d.Truncated, ReceivedAt: d.At,
		}
	case message.Judged:
		m.Verdict, m.Reason, m.Detail = d.Verdict, d.Reason, d.Detail
		m.Ticket, m.Comment, m.Email = some(d.Ticket), some(d.Comment), some(d.Email)
	case message.Discarded:
		m.Verdict, m.Reason, m.Detail = message.SetAside, message.ReasonByAdmin, d.Reason
		m.Ticket, m.Comment, m.Email = nil, nil, nil
	}
	m.UpdatedAt, m.Version = e.OccurredAt, e.Version
}

// some returns an id that there may be none of.
func some(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
