package wire

import (
	"github.com/google/uuid"

	"helpdesk/domain/message"
	"helpdesk/projections/view"
)

// InboundMessage is an email that somebody sent to the desk, and what became of it.
type InboundMessage struct {
	ID         uuid.UUID        `json:"id" required:"true"`
	Mailbox    uuid.UUID        `json:"mailbox" required:"true"`
	MessageID  *string          `json:"message_id" required:"true" description:"Its Message-ID, with angle brackets; null: it has none."`
	From       *string          `json:"from" required:"true" description:"The address that it says it is from; null: it says none."`
	To         string           `json:"to" required:"true" description:"The addresses in To and Cc, with commas between them."`
	Subject    string           `json:"subject" required:"true"`
	ReceivedAt Time             `json:"received_at" required:"true"`
	Size       int64            `json:"size" required:"true" description:"How many bytes are kept of it."`
	Truncated  bool             `json:"truncated" required:"true" description:"It was too large: its header alone is kept."`
	Verdict    *message.Verdict `json:"verdict" required:"true" description:"What became of it; null: it is not judged yet."`
	Reason     *MessageReason   `json:"reason" required:"true" description:"Null: it is not judged yet."`
	Ticket     *uuid.UUID       `json:"ticket" required:"true" description:"The ticket that it opened, or is in, or is about."`
	Comment    *uuid.UUID       `json:"comment" required:"true" description:"The comment that it became."`
	Email      *uuid.UUID       `json:"email" required:"true" description:"The email of the desk that it reports on."`
	Version    int              `json:"version" required:"true"`
}

// MessageReason is which rule led to a verdict.
type MessageReason struct {
	Code   message.Reason `json:"code" required:"true"`
	Detail string         `json:"detail" required:"true" description:"The reason in a sentence, which names the field or the rule."`
}

// Example is a message as the document shows it.
func (InboundMessage) Example() string {
	return `{"id": "0197c2a4-8f00-7000-8000-000000000005", "mailbox": "0197c2a4-8f00-7000-8000-000000000004", "message_id": "<1@example.org>",
		"from": "ada@example.org", "to": "support@example.com", "subject": "No ink", "received_at": "2026-01-31T12:00:00.000000Z", "size": 2048,
		"truncated": false, "verdict": "new_ticket", "reason": {"code": "new", "detail": "It goes on no conversation."},
		"ticket": "0197c2a4-8f00-7000-8000-000000000001", "comment": null, "email": null, "version": 2}`
}

// InboundMessageOf writes a message.
func InboundMessageOf(m view.Message) InboundMessage {
	out := InboundMessage{
		ID: m.ID, Mailbox: m.Mailbox, MessageID: textOf(m.MessageID), From: textOf(m.From), To: m.To, Subject: m.Subject,
		ReceivedAt: Time{m.ReceivedAt}, Size: m.Size, Truncated: m.Truncated, Ticket: m.Ticket, Comment: m.Comment, Email: m.Email, Version: m.Version,
	}
	if m.Verdict != "" {
		out.Verdict = &m.Verdict
		out.Reason = &MessageReason{Code: m.Reason, Detail: m.Detail}
	}
	return out
}

// textOf writes a text that there may be none of.
func textOf(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
