package mailboxes

import (
	"context"
	"errors"
	"io"
	"time"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/mailbox"
	"helpdesk/httpapi"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/wire"
	"helpdesk/projections/view"
)

// ReceivingMost is how many messages a person has under way at most.
const ReceivingMost = 8

// Refusals of messages by the edge.
var (
	errManyMessages = problem.TooMany("too_many_messages_at_once", "you have too many messages under way; wait until one has ended", 5*time.Second)
	errBroken       = problem.Bad("unreadable_body", "the body could not be read to its end")
)

func (r Resource) receive(_ context.Context, c *httpapi.Call, in Path) (wire.InboundMessage, error) {
	if err := mayConfigure(c); err != nil {
		return wire.InboundMessage{}, err
	}
	id, err := in.id()
	if err != nil {
		return wire.InboundMessage{}, err
	}
	m, err := r.take(c, func(whole context.Context, body io.Reader) (commands.Outcome, error) {
		return c.Execute(whole, func(q commands.Request) (commands.Outcome, error) { return r.Ledger.Receive(whole, q, id, body) })
	})
	if err != nil {
		return wire.InboundMessage{}, err
	}
	c.Header.Set("Location", "/api/inbound-messages/"+m.ID.String()+"/")
	return wire.InboundMessageOf(m), c.Tag(m.Version)
}

// take has a message taken in, unless the caller has too many under way.
func (r Resource) take(c *httpapi.Call, receive func(whole context.Context, body io.Reader) (commands.Outcome, error)) (m view.Message, err error) {
	whole, body := c.Upload()
	leave, ok := r.Receiving.Enter(whole, c.Actor.ID)
	if !ok {
		return m, errManyMessages
	}
	defer leave()
	out, err := receive(whole, body)
	if err != nil {
		c.Header.Set("Connection", "close") // rather than read the rest
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errBroken
		}
		return m, err
	}
	if m, ok = view.MessageOf(out.Events); !ok {
		err = domain.ErrNotFound
	}
	return m, err
}

// again returns the answer to a message that was taken in before. Another is taken in, too,
// for none is lost, and the key is refused.
func (r Resource) again(_ context.Context, c *httpapi.Call, first wire.InboundMessage) (wire.InboundMessage, error) {
	m, err := r.take(c, func(whole context.Context, body io.Reader) (commands.Outcome, error) {
		return r.Ledger.Receive(whole, c.Cause(), mailbox.ID{UUID: first.Mailbox}, body)
	})
	if err == nil && m.ID != first.ID {
		err = httpapi.ErrKeyReused.With("a message came with this idempotency key before; this is another, and was taken in, too")
	}
	return first, err
}
