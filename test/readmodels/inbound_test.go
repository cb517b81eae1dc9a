package readmodels

import (
	"time"

	"github.com/google/uuid"

	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/eventstore"
	"helpdesk/projections/view"
)

// foldOneMailbox works out a row of read.mailboxes.
func foldOneMailbox(id uuid.UUID, events []eventstore.Envelope) view.Mailbox {
	var s mailbox.State
	for _, e := range events {
		s = mailbox.Evolve(s, e.Event)
	}
	var before *time.Time
	if !s.ImportBefore.IsZero() {
		before = &s.ImportBefore
	}
	newest := events[len(events)-1]
	return view.Mailbox{
		ID: id, Name: s.Name, Address: s.Address, DefaultPriority: s.DefaultPriority, Strangers: s.Strangers, ReopenDays: s.ReopenDays,
		ImportBefore: before, Acknowledge: !s.NoAcknowledgement, IsActive: s.Active, CreatedAt: events[0].OccurredAt, UpdatedAt: newest.OccurredAt, Version: newest.Version,
	}
}

// foldOneMessage works out a row of read.inbound_messages.
func foldOneMessage(id uuid.UUID, events []eventstore.Envelope) view.Message {
	var s message.State
	for _, e := range events {
		s = message.Evolve(s, e.Event)
	}
	newest := events[len(events)-1]
	return view.Message{
		ID: id, Mailbox: s.Mailbox, Sender: s.Sender.UUID, MessageID: s.MessageID, From: s.From, To: s.To, Subject: s.Subject,
		Size: s.Size, Truncated: s.Truncated, Verdict: s.Outcome.Verdict, Reason: s.Outcome.Reason, Detail: s.Outcome.Detail,
		Ticket: nullable(s.Outcome.Ticket), Comment: nullable(s.Outcome.Comment), Email: nullable(s.Outcome.Email),
		ReceivedAt: s.At, UpdatedAt: newest.OccurredAt, Version: newest.Version,
	}
}
