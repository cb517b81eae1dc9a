package readmodels

import (
	"time"

	"github.com/google/uuid"

	"helpdesk/domain/email"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/projections/view"
)

// foldOneUser works out a row of read.users.
func foldOneUser(id uuid.UUID, events []eventstore.Envelope) view.UserRow {
	var s user.State
	for _, e := range events {
		s = user.Evolve(s, e.Event)
	}
	var at *time.Time
	why := ""
	for _, e := range events {
		if b, ok := e.Event.(user.AddressBounced); ok && s.Bounces {
			at, why = &e.OccurredAt, email.Reported(b.Status, b.Diagnostic)
		}
	}
	return view.UserRow{
		BouncedAt: at, Bounce: why,
		ID: id, Username: s.Username, Email: s.Email, FirstName: s.FirstName, LastName: s.LastName, Role: s.Role,
		IsActive: s.Active, CreatedAt: events[0].OccurredAt, UpdatedAt: events[len(events)-1].OccurredAt, Version: len(events),
		NotifyEscalated: s.Notifications.Escalated, NotifyAssigned: s.Notifications.Assigned,
		NotifyCommented: s.Notifications.Commented, NotifyResolved: s.Notifications.Resolved,
	}
}
