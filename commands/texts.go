package commands

import (
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// texts returns the places in a ticket's history of the texts that a command on it is
// decided on, and that its answer shows.
func texts(history []eventstore.Envelope, c ticket.Command) []int {
	of := ticket.Texts()
	switch c := c.(type) {
	case ticket.AddComment, ticket.RemoveComment:
		of = nil
	case ticket.EditComment:
		of = []ticket.Subject{{Field: ticket.FieldComment, CommentID: c.CommentID}}
	case ticket.RedactText:
		of = append(of, c.Subject)
	}
	return ticket.LastGiving(eventstore.Said(history), of...)
}
