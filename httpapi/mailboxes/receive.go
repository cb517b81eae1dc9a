package mailboxes

import (
	"context"
	"errors"
	"io"
	"time"

	"helpdesk/commands"
	"helpdesk/domain"
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
	whole, body := c.Upload()
	leave, ok := r.Receiving.Enter(whole, c.Actor.ID)
	if !ok {
		return wire.InboundMessage{}, errManyMessages
	}
	defer leave()
	out, err := c.Execute(whole, func(q commands.Request) (commands.Outcome, error) { return r.Ledger.Receive(whole, q, id, body) })
	if err != nil {
		c.Header.Set("Connection", "close") // rather than read the rest
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errBroken
		}
		return wire.InboundMessage{}, err
	}
	m, ok := view.MessageOf(out.Events)
	if !ok {
		return wire.InboundMessage{}, domain.ErrNotFound
	}
	c.Header.Set("Location", "/api/inbound-messages/"+m.ID.String()+"/")
	return wire.InboundMessageOf(m), c.Tag(m.Version)
}
