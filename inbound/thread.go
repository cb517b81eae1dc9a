package inbound

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/auth"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// conversation is the ticket that a message goes on with.
type conversation struct {
	id     ticket.ID
	state  ticket.State
	closed time.Time // when it was closed last; zero: never
	newest time.Time // when the newest of its events happened
	why    message.Judged
}

// ours returns the tickets of those message ids that are of emails of the desk, or that such
// emails refer to.
func (j *Judge) ours(ctx context.Context, ids []string) (map[string]ticket.ID, error) {
	streams := map[uuid.UUID]string{}
	var wanted []uuid.UUID
	for _, id := range ids {
		if stream, ok := named(id); ok && streams[stream] == "" {
			streams[stream] = id
			wanted = append(wanted, stream)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	events, err := j.log.Outline(ctx, wanted...)
	if err != nil {
		return nil, err
	}
	found := map[string]ticket.ID{}
	for _, e := range events {
		switch e.StreamType {
		case domain.TicketStream:
			found[streams[e.StreamID]] = ticket.ID{UUID: e.StreamID}
		case domain.EmailStream:
			if q, ok := email.Brings(e.Event); ok {
				found[streams[e.StreamID]] = ticket.ID{UUID: q.TicketID}
			}
		}
	}
	return found, nil
}

// referred returns the conversation that the header of a message refers to: by the id of an
// email of the desk, else by that of a message which is in a ticket.
func (j *Judge) referred(ctx context.Context, m *incoming) (c conversation, ok bool, err error) {
	references := m.header.References()
	ours, err := j.ours(ctx, references)
	if err != nil {
		return c, false, err
	}
	for _, id := range references {
		if of, known := ours[id]; known && of.UUID != uuid.Nil {
			if c, ok, err = j.conversation(ctx, of); err != nil || ok {
				c.why = verdict(message.Reply, message.ReasonReference, "It refers to %s, an email of the desk.", id)
				return c, ok, err
			}
		}
	}
	theirs, err := j.received(ctx, m, references)
	if err != nil {
		return c, false, err
	}
	for _, id := range references {
		if of, known := theirs[id]; known {
			if c, ok, err = j.conversation(ctx, of); err != nil || ok {
				c.why = verdict(message.Reply, message.ReasonReference, "It refers to %s, which is in the ticket.", id)
				return c, ok, err
			}
		}
	}
	return c, false, nil
}

// received returns the tickets of those message ids that came in before. Of several messages
// of one id the author's own counts, else the first: anybody can give theirs the id of
// another. It is too early where one of them is being judged.
func (j *Judge) received(ctx context.Context, m *incoming, ids []string) (map[string]ticket.ID, error) {
	digests, of := make([][]byte, len(ids)), map[string]string{}
	for i, id := range ids {
		digests[i] = digestOf(id)
		of[string(digests[i])] = id
	}
	const q = `
SELECT id, message_id, ticket_id FROM received WHERE message_id = ANY ($1) AND (at, id) < ($2, $3)
ORDER BY sender_id = $4 DESC, at, id`
	rows, _ := j.pool.Query(ctx, q, digests, m.At, m.id.UUID, m.Sender.UUID) // CollectRows returns its error
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		ID        uuid.UUID
		MessageID []byte
		Ticket    uuid.NullUUID
	}])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("look for messages by their ids: %w", err))
	}
	found := map[string]ticket.ID{}
	for _, r := range all {
		id := of[string(r.MessageID)]
		if _, earlier := found[id]; earlier {
			continue
		}
		if r.Ticket.Valid {
			found[id] = ticket.ID{UUID: r.Ticket.UUID}
			continue
		}
		before, _, err := j.messages.State(ctx, message.ID{UUID: r.ID})
		if err != nil {
			return nil, err
		}
		if !before.Judged && j.now().Sub(before.At) < stallMost {
			return nil, stalled{"the message that it answers is being judged"}
		}
	}
	return found, nil
}

// conversation returns a ticket to go on with; not ok: there is none of this id any more.
func (j *Judge) conversation(ctx context.Context, id ticket.ID) (c conversation, ok bool, err error) {
	events, err := j.log.Outline(ctx, id.UUID)
	if err != nil {
		return c, false, err
	}
	c = conversation{id: id, state: ticket.Fold(eventstore.Said(events))}
	for _, e := range events {
		if e.OccurredAt.After(c.newest) {
			c.newest = e.OccurredAt
		}
		if _, closes := e.Event.(ticket.Closed); closes {
			c.closed = e.OccurredAt
		}
	}
	return c, c.state.Exists, nil
}

// numbered is how a subject names a ticket.
var numbered = regexp.MustCompile(`\[#(\d{1,18})\]`)

// bySubject returns the conversation whose number is in the subject.
func (j *Judge) bySubject(ctx context.Context, m *incoming) (c conversation, ok bool, err error) {
	match := numbered.FindStringSubmatch(m.header.Get("Subject"))
	if match == nil {
		return c, false, nil
	}
	number, _ := strconv.ParseInt(match[1], 10, 64) // it has the form
	id, err := j.numbers.TicketID(ctx, ticket.Ref{Number: number})
	if errors.Is(err, domain.ErrNotFound) {
		return c, false, nil
	}
	if err != nil {
		return c, false, err
	}
	c, ok, err = j.conversation(ctx, id)
	c.why = verdict(message.Reply, message.ReasonSubject, "Subject has %s.", match[0])
	return c, ok, err
}

// actor returns who acts by a message: a requester, but for staff who are proven.
func (j *Judge) actor(m *incoming) domain.Actor {
	a := auth.Actor(m.author, j.rules.Visibility)
	if m.author.Role != domain.RoleUser && !m.header.Proven(j.rules.Authserv) {
		a.Role = domain.RoleUser
	}
	if m.history {
		a.Kind = domain.ActorImport
	}
	return a
}

// may reports whether the author of a message may go on with a conversation: its requester,
// and staff who are proven and see it.
func (j *Judge) may(m *incoming, c conversation) bool {
	if !m.known {
		return false
	}
	a := j.actor(m)
	a.Kind = domain.ActorUser // history is for whom it was
	return a.Role != domain.RoleAuditor && c.state.VisibleTo(a)
}

// threads has a message go on with a conversation, where there is one and its author may.
func (j *Judge) threads(ctx context.Context, m *incoming) (message.Judged, bool, error) {
	c, ok, err := j.referred(ctx, m)
	if err != nil {
		return message.Judged{}, false, err
	}
	if ok && !j.may(m, c) {
		switch {
		case m.Released:
			return message.Judged{}, false, nil // it becomes a ticket of its own
		case m.known && m.author.Role.Staff() && !m.header.Proven(j.rules.Authserv):
			return verdict(message.Quarantined, message.ReasonUnproven, "%s But no Authentication-Results that is believed proves that its author is of the staff (HELPDESK_MAIL_AUTHSERV_ID).", c.why.Detail), true, nil
		}
		return verdict(message.Quarantined, message.ReasonInThread, "%s But its author is neither the requester nor staff who see the ticket.", c.why.Detail), true, nil
	}
	if !ok {
		if c, ok, err = j.bySubject(ctx, m); err != nil || !ok || !j.may(m, c) {
			return message.Judged{}, false, err
		}
	}
	v, err := j.reply(ctx, m, c)
	return v, true, err
}

// letIn asks whether the author of a message is let in.
func (j *Judge) letIn(ctx context.Context, m *incoming) (message.Judged, bool, error) {
	switch {
	case m.Released:
		return message.Judged{}, false, nil
	case m.known && !m.author.Active:
		return verdict(message.Quarantined, message.ReasonDeactivated, "The account of its author is deactivated."), true, nil
	case m.known || m.box.Strangers == mailbox.Accept:
		return message.Judged{}, false, nil
	}
	if c, ok, err := j.referred(ctx, m); err != nil || ok {
		return verdict(message.Quarantined, message.ReasonInThread, "%s But its author is not known.", c.why.Detail), true, err
	}
	if m.box.Strangers == mailbox.Refuse {
		return verdict(message.Refused, message.ReasonStranger, "Its author is not known, and the mailbox refuses strangers."), true, nil
	}
	return verdict(message.Quarantined, message.ReasonStranger, "Its author is not known, and the mailbox has strangers wait."), true, nil
}
