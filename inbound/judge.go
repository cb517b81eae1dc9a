package inbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/inbound/eml"
)

// Log is the part of the event store that messages are judged by.
type Log interface {
	commands.Log
	CarriedOut(ctx context.Context, commandID uuid.UUID) (uuid.UUID, eventstore.Appended, error)
}

// Numbers finds the ids of tickets by their numbers: [domain.ErrNotFound] where there is none.
type Numbers interface {
	TicketID(ctx context.Context, ref ticket.Ref) (ticket.ID, error)
}

// Rules are what an operator may set of how messages are judged.
type Rules struct {
	Authserv   string // who is believed that an author is who they say; "": nobody
	Limit      int    // messages of one address into one mailbox within an hour; 0: any number
	Own        string // the address that the desk sends from
	Visibility domain.AgentVisibility
}

// Judge decides what becomes of messages, and has it come. It is safe for concurrent use.
type Judge struct {
	*Ledger
	log        Log
	tickets    *commands.Tickets
	people     *commands.People
	emails     *commands.Emails
	numbers    Numbers
	rules      Rules
	noPassword string // the hash of a password that nobody knows
}

// NewJudge makes the judge of the messages of a ledger. noPassword is the hash of a password
// that nobody knows, which contacts have.
func NewJudge(l *Ledger, log Log, tickets *commands.Tickets, people *commands.People, numbers Numbers, noPassword string, rules Rules) *Judge {
	return &Judge{Ledger: l, log: log, tickets: tickets, people: people, emails: commands.NewEmails(log), numbers: numbers, noPassword: noPassword, rules: rules}
}

// incoming is a message that is being judged.
type incoming struct {
	message.State
	id      message.ID
	request commands.Request
	box     mailbox.State
	header  eml.Header
	raw     []byte
	history bool // it is from before the mailbox was in use: it comes in silently

	author user.Account // who has the address; the zero Account: nobody
	known  bool
}

// Judge decides what becomes of a message, once: what came of it before a crash is found
// again. It implements [saga.Judge].
func (j *Judge) Judge(ctx context.Context, q commands.Request, id message.ID) error {
	s, came, err := j.messages.State(ctx, id)
	if err != nil || !s.Exists || s.Judged {
		return err
	}
	m := &incoming{State: s, id: id, request: commands.Request{CorrelationID: q.CorrelationID, CausationID: came.EventID}}
	verdict, done, err := j.carriedOut(ctx, m)
	switch {
	case err != nil:
	case done:
		err = j.read(ctx, m)
	default:
		verdict, err = j.decide(ctx, m)
	}
	if err != nil {
		return err
	}
	verdict.Acknowledge = verdict.Verdict == message.NewTicket && m.acknowledged()
	_, err = j.messages.Judge(ctx, m.request, id, message.Judge{By: byService, Round: s.Round, Judged: verdict}, noteTicket(id, verdict))
	return err
}

// noteTicket notes which ticket a message is in, for those that refer to it.
func noteTicket(id message.ID, v message.Judged) eventstore.InTx {
	if !v.Joins() {
		return nil
	}
	return func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE received SET ticket_id = $2 WHERE id = $1`, id.UUID, v.Ticket); err != nil {
			return fmt.Errorf("note the ticket of a message: %w", err)
		}
		return nil
	}
}

// verdict returns a verdict without an effect.
func verdict(v message.Verdict, why message.Reason, detail string, args ...any) message.Judged {
	return message.Judged{Verdict: v, Reason: why, Detail: cut(fmt.Sprintf(detail, args...))}
}

// rule is a step in judging: done is false where it has nothing to say.
type rule func(ctx context.Context, m *incoming) (v message.Judged, done bool, err error)

// decide judges a message by the rules, in their order.
func (j *Judge) decide(ctx context.Context, m *incoming) (message.Judged, error) {
	if err := j.read(ctx, m); err != nil {
		return message.Judged{}, err
	}
	for _, r := range []rule{j.readable, j.same, j.loops, j.reports, j.machines, j.letIn, j.threads} {
		v, done, err := r(ctx, m)
		if err != nil || done {
			return v, err
		}
	}
	return j.open(ctx, m, message.NewTicket, m.newReason())
}

// read reads what is stored of a message, and who has its address.
func (j *Judge) read(ctx context.Context, m *incoming) (err error) {
	found, err := j.files.Find(ctx, m.id.UUID)
	if err != nil {
		return err
	}
	if u, ok := found[m.id.UUID]; ok { // else its sender was erased: nothing can be read
		r := j.files.Open(ctx, u)
		m.raw, err = io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil {
			return fmt.Errorf("read message %s: %w", m.id, err)
		}
	}
	m.header = eml.ParseHeader(m.raw)
	if m.box, err = j.mailboxes.State(ctx, mailbox.ID{UUID: m.Mailbox}); err != nil {
		return err
	}
	if at := m.header.Date(); !at.IsZero() && at.Before(m.box.ImportBefore) {
		m.history = true
	}
	address := m.header.From().Address
	if address == "" {
		return nil
	}
	m.author, err = j.accounts.Find(ctx, address)
	if errors.Is(err, domain.ErrNotFound) {
		m.author, err = user.Account{}, nil
		return nil
	}
	m.known = err == nil
	return err
}

// readable refuses what cannot be judged by what it says.
func (j *Judge) readable(_ context.Context, m *incoming) (message.Judged, bool, error) {
	switch {
	case m.Truncated:
		return verdict(message.TooLarge, message.ReasonTooLarge, "The message has more than %d bytes (HELPDESK_MAIL_MAX).", j.most), true, nil
	case len(m.raw) == 0:
		return verdict(message.Unreadable, message.ReasonMalformed, "The bytes of the message are destroyed."), true, nil
	case m.header.From().Address == "" && !m.header.FromServer():
		return verdict(message.Unreadable, message.ReasonNoSender, "From names no address."), true, nil
	}
	return message.Judged{}, false, nil
}

// same finds a message that came before by another way.
func (j *Judge) same(ctx context.Context, m *incoming) (message.Judged, bool, error) {
	const q = `
SELECT before.id, before.ticket_id FROM received AS own JOIN received AS before USING (mailbox_id, content)
WHERE own.id = $1 AND (before.at, before.id) < (own.at, own.id)
ORDER BY before.at, before.id LIMIT 1`
	var before uuid.UUID
	var in uuid.NullUUID
	err := j.pool.QueryRow(ctx, q, m.id.UUID).Scan(&before, &in)
	if errors.Is(err, pgx.ErrNoRows) {
		return message.Judged{}, false, nil
	}
	if err != nil {
		return message.Judged{}, false, eventstore.Unreachable(fmt.Errorf("look for the same message: %w", err))
	}
	v := verdict(message.Duplicate, message.ReasonSame, "Message %s has the same Message-ID, author, date, subject and body.", before)
	v.Ticket = in.UUID
	return v, true, nil
}

// stalled asks for a message to be judged a little later.
type stalled struct{ why string }

// stall is how long a message waits for another before it looks again, and stallMost how
// long in all: the other may be one that an operator has to decide on.
const (
	stall     = time.Second
	stallMost = time.Minute
)

// Error implements [error], and RetryAfter what the outbox asks.
func (s stalled) Error() string             { return s.why }
func (s stalled) RetryAfter() time.Duration { return stall }

// derived returns an id of something that comes of a message: the same each time, beginning
// with the time that the message came, as new ids do (RFC 9562 §5.7).
func (m *incoming) derived(what string) uuid.UUID {
	id := uuid.NewSHA1(m.id.UUID, []byte(what))
	copy(id[:6], m.id.UUID[:6])
	id[6] = id[6]&0x0f | 0x70
	return id
}

// effect returns the id of the command that a verdict has carried out.
func (m *incoming) effect(v message.Verdict) uuid.UUID { return uuid.NewSHA1(m.id.UUID, []byte(v)) }

// carriedOut returns the verdict of a message whose effect came before a crash, which is
// not decided again.
func (j *Judge) carriedOut(ctx context.Context, m *incoming) (message.Judged, bool, error) {
	for _, v := range []message.Verdict{message.NewTicket, message.FollowUp, message.Reply} {
		stream, _, err := j.log.CarriedOut(ctx, m.effect(v))
		if errors.Is(err, domain.ErrNotFound) {
			continue
		}
		if err != nil {
			return message.Judged{}, false, err
		}
		judged := verdict(v, message.ReasonNew, "It came of the message before a crash.")
		if judged.Ticket = stream; v == message.Reply {
			judged.Reason, judged.Comment = message.ReasonReference, m.derived("comment")
		}
		return judged, true, nil
	}
	return message.Judged{}, false, nil
}

// when returns when a message takes effect: of history, when it was written.
func (m *incoming) when() time.Time {
	if m.history {
		return m.header.Date()
	}
	return m.At
}

// reader returns a reader of the message.
func (m *incoming) reader() io.Reader { return bytes.NewReader(m.raw) }
