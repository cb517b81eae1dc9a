// Package view is what tickets, comments and people look like to whoever asks,
// and how that follows from their events. It is pure: no SQL, no clock. The
// projections fold events with it into their tables, looks at the past fold the
// events of one ticket, and the answer of a write is made with it from the events
// that were decided, without a read of any table.
package view

import (
	"github.com/google/uuid"

	"helpdesk/domain"
)

// Names are usernames by the ids of people. Somebody without one is shown with
// an empty name.
type Names map[uuid.UUID]string

// Person is somebody as others see them.
type Person struct {
	ID       uuid.UUID `json:"id"`
	Username string    `json:"username"`
}

// Actor is who did something. ID and Username are nil for the service itself.
type Actor struct {
	Kind     domain.ActorKind `json:"kind"`
	ID       *uuid.UUID       `json:"id"`
	Username *string          `json:"username"`
}
