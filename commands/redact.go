package commands

import (
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// redacted returns the texts that a command on a ticket with this history destroys.
func redacted(history []eventstore.Envelope, c ticket.Command) (texts []eventstore.TextOf) {
	redact, ok := c.(ticket.RedactText)
	if !ok {
		return nil
	}
	for _, e := range history {
		if of, member, ok := ticket.Gives(e.Event, redact.Field); ok && of == redact.Subject {
			texts = append(texts, eventstore.TextOf{Position: e.Position, Member: member})
		}
	}
	return texts
}
