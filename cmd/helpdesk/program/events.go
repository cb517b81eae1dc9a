package program

import (
	"helpdesk/domain/access"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// NewCodec returns the codec of the events of every aggregate. keys seal the texts of
// people, see [eventstore.NewCodec].
func NewCodec(keys eventstore.Keys) *eventstore.Codec {
	return eventstore.NewCodec(keys, ticket.Events(), user.Events(), email.Events(), access.Events())
}
