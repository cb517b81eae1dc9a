package saga

import (
	"context"
	"errors"
	"time"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
)

// How many commands of a kind a process has under way at once: they share statements
// and disk flushes. How many emails are with a mail server at a time is the mailer's.
const (
	escalationsAtOnce  = 64
	emailsAtOnce       = 128
	takeBacksAtOnce    = 4
	suppressionsAtOnce = 4
)

// Tickets carries out commands on tickets; see [commands.Tickets].
type Tickets interface {
	Do(ctx context.Context, r commands.Request, id ticket.ID, c ticket.Command) (commands.Outcome, error)
}

// Escalations returns the handler of [EscalateTicket]. A ticket that has moved
// on since the timer was set, or is gone, is left alone.
func Escalations(p Policy, tickets Tickets) Handler {
	return Handle(escalationsAtOnce, func(ctx context.Context, r commands.Request, c EscalateTicket) error {
		if wait := time.Until(c.ImportedAt.Add(importGrace)); c.silent() && wait > 0 {
			return &postponed{wait: wait, why: errors.New("the import may not be over yet")}
		}
		_, err := tickets.Do(ctx, r, ticket.ID{UUID: c.TicketID}, p.escalate(c))
		if errors.Is(err, commands.ErrRepeated) || errors.Is(err, domain.ErrNotFound) {
			return nil
		}
		return err
	})
}

// Mailing returns the handler of [SendEmail].
func Mailing(m *Sender) Handler { return handle(emailsAtOnce, m.Send) }

// Addresses records that emails come back; see [commands.People].
type Addresses interface {
	ReportBounce(ctx context.Context, r commands.Request, c user.ReportBounce) (commands.Outcome, error)
}

// Suppressions returns the handler of [SuppressAddress]. Who has another address by now is
// left alone.
func Suppressions(history History, addresses Addresses) Handler {
	return Handle(suppressionsAtOnce, func(ctx context.Context, r commands.Request, c SuppressAddress) error {
		events, err := loadWhole(ctx, history, c.Email)
		if err != nil {
			return err
		}
		sent := emailOf(events)
		report := user.ReportBounce{By: user.By{Actor: domain.System()}, ID: sent.Recipient, Address: sent.Address}
		for _, e := range events {
			if b, ok := e.Event.(email.Bounced); ok {
				report.AddressBounced = user.AddressBounced{Email: c.Email, Status: b.Status, Diagnostic: b.Diagnostic}
			}
		}
		_, err = addresses.ReportBounce(ctx, r, report)
		if errors.Is(err, commands.ErrRepeated) || errors.Is(err, domain.ErrNotFound) {
			return nil
		}
		return err
	})
}
