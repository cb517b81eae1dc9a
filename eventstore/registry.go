package eventstore

import (
	"helpdesk/domain/access"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
)

// NewCodec makes the codec of every event this project stores. Lines are added
// here, never removed: what was once written must stay readable. Each type and
// schema version has a golden file in testdata/events.
//
// keys seal the texts of people; nil leaves them as they are, and then nothing
// that is sealed can be read.
func NewCodec(keys Keys) *Codec {
	c := &Codec{types: map[string]eventType{}, keys: keys}

	addPersonal(c, func(e *ticket.Opened) texts {
		return texts{of: e.CreatedBy, in: []text{{"title", &e.Title}, {"description", &e.Description}}}
	})
	addPersonal(c, func(e *ticket.Retitled) texts {
		return texts{in: []text{{"title", &e.Title}}}
	})
	addPersonal(c, func(e *ticket.Described) texts {
		return texts{in: []text{{"description", &e.Description}}}
	})
	add[ticket.Prioritised](c)
	add[ticket.Assigned](c)
	add[ticket.Unassigned](c)
	addPersonal(c, func(e *ticket.Started) texts {
		return texts{in: []text{{"reason", &e.Reason}}}
	})
	addPersonal(c, func(e *ticket.Resolved) texts {
		return texts{in: []text{{"reason", &e.Reason}}}
	})
	addPersonal(c, func(e *ticket.Closed) texts {
		return texts{in: []text{{"reason", &e.Reason}}}
	})
	addPersonal(c, func(e *ticket.Reopened) texts {
		return texts{in: []text{{"reason", &e.Reason}}}
	})
	addPersonal(c, func(e *ticket.Escalated) texts {
		return texts{in: []text{{"reason", &e.Reason}}}
	})
	addPersonal(c, func(e *ticket.CommentAdded) texts {
		return texts{of: e.Author, in: []text{{"text", &e.Text}}}
	})
	addPersonal(c, func(e *ticket.CommentEdited) texts {
		return texts{in: []text{{"text", &e.Text}}}
	})
	add[ticket.CommentRemoved](c)
	add[ticket.Deleted](c)

	addPersonal(c, func(e *user.Registered) texts {
		return texts{in: []text{{"username", &e.Username}, {"email", &e.Email}, {"first_name", &e.FirstName}, {"last_name", &e.LastName}}}
	})
	addPersonal(c, func(e *user.ProfileChanged) texts {
		return texts{in: []text{{"email", &e.Email}, {"first_name", &e.FirstName}, {"last_name", &e.LastName}}}
	})
	add[user.RoleChanged](c)
	add[user.PasswordChanged](c)
	add[user.Deactivated](c)
	add[user.Reactivated](c)
	add[user.NotificationsChanged](c)
	add[user.Erased](c)
	add[user.TextsErased](c)

	addPersonal(c, func(e *email.Queued) texts {
		return texts{of: e.Recipient, in: []text{{"address", &e.Address}}}
	})
	add[email.HandedOver](c)
	addPersonal(c, func(e *email.Postponed) texts {
		return texts{in: []text{{"error", &e.Error}}}
	})
	add[email.Sent](c)
	addPersonal(c, func(e *email.Failed) texts {
		return texts{in: []text{{"error", &e.Error}}}
	})
	addPersonal(c, func(e *email.Doubted) texts {
		return texts{in: []text{{"error", &e.Error}}}
	})
	add[email.Requeued](c)

	addPersonal(c, func(e *access.SignedIn) texts {
		return texts{in: []text{{"address", &e.Address}, {"user_agent", &e.UserAgent}}}
	})
	addPersonal(c, func(e *access.SignInFailed) texts {
		return texts{in: []text{{"address", &e.Address}, {"user_agent", &e.UserAgent}}}
	})
	add[access.UnknownSignInFailed](c)
	addPersonal(c, func(e *access.TokenUsed) texts {
		return texts{in: []text{{"address", &e.Address}, {"user_agent", &e.UserAgent}}}
	})
	addPersonal(c, func(e *access.RecordRead) texts {
		return texts{in: []text{{"path", &e.Path}, {"query", &e.Query}, {"address", &e.Address}, {"user_agent", &e.UserAgent}}}
	})

	return c
}
