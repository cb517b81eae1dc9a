package readmodels

import (
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
)

// The rows of tables as they are documented, of which the tests make their own
// folds; see the comments on their columns.

type intervalRow struct {
	TicketID   uuid.UUID
	Version    int
	Position   int64
	Number     int64
	Title      string
	TitleBy    uuid.NullUUID
	Priority   ticket.Priority
	Status     ticket.Status
	CreatedBy  uuid.UUID
	AssignedTo uuid.NullUUID
	CreatedAt  time.Time
	ValidFrom  time.Time
	ValidTo    *time.Time
	KnownFrom  time.Time
	KnownTo    *time.Time
	Change     string
	CausedBy   uuid.UUID
}

type factRow struct {
	Position         int64
	TicketID         uuid.UUID
	Fact             string
	OccurredAt       time.Time
	RecordedAt       time.Time
	NextAt           *time.Time
	StatusBefore     *ticket.Status
	Status           *ticket.Status
	PriorityBefore   *ticket.Priority
	Priority         *ticket.Priority
	AssignedToBefore *uuid.UUID
	AssignedTo       *uuid.UUID
	ActorKind        domain.ActorKind
	ActorID          *uuid.UUID
	WaitUS           *int64
	WaitBucket       *int16
	AgentID          *uuid.UUID
	AgentNextAt      *time.Time
	EnteredPosition  *int64
	EnteredAt        *time.Time
}

type measureRow struct {
	TicketID        uuid.UUID
	Number          int64
	CreatedBy       uuid.UUID
	OpenedAt        time.Time
	Status          *ticket.Status
	StatusSince     time.Time
	Priority        ticket.Priority
	AssignedTo      *uuid.UUID
	FirstResponseAt *time.Time
	FirstResolvedAt *time.Time
	ResolvedAt      *time.Time
	Starts          int
	Resolutions     int
	Closings        int
	Reopenings      int
	Returns         int
	Escalations     int
	Priorities      int
	Assignments     int
	Unassignments   int
	Deletions       int
	Restorations    int
	DeletedStatus   *ticket.Status
	OpenUS          int64
	InProgressUS    int64
	EscalatedUS     int64
	ResolvedUS      int64
	ClosedUS        int64
	Position        int64
	EnteredPosition int64
	EnteredAt       time.Time
}

type unitKey struct {
	Unit  string
	Since time.Time
}

type ticketCountKey struct {
	unitKey
	Priority ticket.Priority
}

type ticketCount struct {
	ticketCountKey
	ticketSums
}

type ticketSums struct {
	Opened        int64
	Resolved      int64
	Reopened      int64
	Escalated     int64
	Closed        int64
	NetOpen       int64
	NetInProgress int64
	NetEscalated  int64
	NetResolved   int64
	NetClosed     int64
}

type agentCount struct {
	unitKey
	AgentID *uuid.UUID
	agentSums
}

type agentSums struct {
	Assigned       int64
	FirstResponses int64
	Resolved       int64
	Reopened       int64
	Escalated      int64
}

type waitCountKey struct {
	unitKey
	Fact     string
	Priority *ticket.Priority
	AgentID  *uuid.UUID
}

type waitCount struct {
	waitCountKey
	TotalUS int64
	Buckets []byte
}

// stay returns how long the ticket was in a status.
func stay(t *measureRow, s ticket.Status) *int64 {
	return map[ticket.Status]*int64{
		ticket.StatusOpen: &t.OpenUS, ticket.StatusInProgress: &t.InProgressUS, ticket.StatusEscalated: &t.EscalatedUS,
		ticket.StatusResolved: &t.ResolvedUS, ticket.StatusClosed: &t.ClosedUS,
	}[s]
}
