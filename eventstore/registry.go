package eventstore

import (
	"helpdesk/domain/letter"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
)

// NewCodec makes the codec of every event this project stores. Lines are added
// here, never removed: what was once written must stay readable. Each type and
// schema version has a golden file in testdata/events.
func NewCodec() *Codec {
	c := &Codec{types: map[string]eventType{}}

	add[ticket.Opened](c)
	add[ticket.Retitled](c)
	add[ticket.Described](c)
	add[ticket.Prioritised](c)
	add[ticket.Assigned](c)
	add[ticket.Unassigned](c)
	add[ticket.Started](c)
	add[ticket.Resolved](c)
	add[ticket.Closed](c)
	add[ticket.Reopened](c)
	add[ticket.Escalated](c)
	add[ticket.CommentAdded](c)
	add[ticket.CommentEdited](c)
	add[ticket.CommentRemoved](c)
	add[ticket.Deleted](c)

	add[user.Registered](c)
	add[user.ProfileChanged](c)
	add[user.RoleChanged](c)
	add[user.PasswordChanged](c)
	add[user.Deactivated](c)
	add[user.Reactivated](c)
	add[user.NotificationsChanged](c)

	add[letter.Queued](c)
	add[letter.HandedOver](c)
	add[letter.Postponed](c)
	add[letter.Sent](c)
	add[letter.Failed](c)
	add[letter.Doubted](c)
	add[letter.Requeued](c)

	return c
}
