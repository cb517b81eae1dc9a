package mailboxes

import (
	"context"
	"errors"
	"io"
	"time"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/message"
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
	var out commands.Outcome
	err = r.read(c, func(whole context.Context, body io.Reader) error {
		out, err = c.Execute(whole, func(q commands.Request) (commands.Outcome, error) { return r.Ledger.Receive(whole, q, id, body) })
		return err
	})
	if err != nil {
		return wire.InboundMessage{}, err
	}
	m, ok := view.MessageOf(out.Events)
	if !ok {
		return wire.InboundMessage{}, domain.ErrNotFound
	}
	c.Header.Set("Location", "/api/inbound-messages/"+m.ID.String()+"/")
	return wire.InboundMessageOf(m), c.Tag(m.Version)
}

// read has the body of a message read, unless the caller has too many under way.
func (r Resource) read(c *httpapi.Call, read func(whole context.Context, body io.Reader) error) error {
	whole, body := c.Upload()
	leave, ok := r.Receiving.Enter(whole, c.Actor.ID)
	if !ok {
		return errManyMessages
	}
	defer leave()
	err := read(whole, body)
	if err != nil {
		c.Header.Set("Connection", "close") // rather than read the rest
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errBroken
	}
	return err
}

// again returns the answer to a message that was taken in before. Another is refused.
func (r Resource) again(_ context.Context, c *httpapi.Call, first wire.InboundMessage) (wire.InboundMessage, error) {
	return first, r.read(c, func(whole context.Context, body io.Reader) error {
		same, err := r.Ledger.Holds(whole, message.ID{UUID: first.ID}, body)
		if err == nil && !same {
			err = httpapi.ErrKeyReused
		}
		return err
	})
}
