package commands

import (
	"slices"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// texts returns the places in a ticket's history of the texts that commands on it are
// decided on, and that their answers show.
func texts(history []eventstore.Envelope, commands ...ticket.Command) []int {
	var of []ticket.Subject
	for _, c := range commands {
		switch c := c.(type) {
		case ticket.AddComment, ticket.RemoveComment:
		case ticket.EditComment:
			of = append(of, ticket.Subject{Field: ticket.FieldComment, CommentID: c.CommentID})
		case ticket.RedactText:
			of = append(append(of, ticket.Texts()...), c.Subject)
		default:
			of = append(of, ticket.Texts()...)
		}
	}
	places := ticket.LastGiving(eventstore.Said(history), of...)
	slices.Sort(places)
	return slices.Compact(places)
}
