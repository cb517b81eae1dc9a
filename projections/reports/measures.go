package reports

import (
	"time"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
)

// measureRow is a row of read.ticket_measures.
type measureRow struct {
	TicketID        uuid.UUID       `db:"ticket_id,key"`
	Number          int64           `db:"number,fixed"`
	CreatedBy       uuid.UUID       `db:"created_by,fixed"`
	OpenedAt        time.Time       `db:"opened_at,fixed"`
	Status          *ticket.Status  `db:"status"`
	StatusSince     time.Time       `db:"status_since"`
	Priority        ticket.Priority `db:"priority"`
	AssignedTo      *uuid.UUID      `db:"assigned_to"`
	FirstResponseAt *time.Time      `db:"first_response_at"`
	FirstResolvedAt *time.Time      `db:"first_resolved_at"`
	ResolvedAt      *time.Time      `db:"resolved_at"`
	Starts          int             `db:"starts"`
	Resolutions     int             `db:"resolutions"`
	Closings        int             `db:"closings"`
	Reopenings      int             `db:"reopenings"`
	Returns         int             `db:"returns"`
	Escalations     int             `db:"escalations"`
	Priorities      int             `db:"priorities"`
	Assignments     int             `db:"assignments"`
	Unassignments   int             `db:"unassignments"`
	Deletions       int             `db:"deletions"`
	Restorations    int             `db:"restorations"`
	DeletedStatus   *ticket.Status  `db:"deleted_status"`
	OpenUS          int64           `db:"open_us"`
	InProgressUS    int64           `db:"in_progress_us"`
	EscalatedUS     int64           `db:"escalated_us"`
	ResolvedUS      int64           `db:"resolved_us"`
	ClosedUS        int64           `db:"closed_us"`
	Position        int64           `db:"position"`
	EnteredPosition int64           `db:"entered_position"`
	EnteredAt       time.Time       `db:"entered_at"`
}

var measureTable = projections.NewTable[measureRow]("ticket_measures")

// apply folds one event and returns what it is as a fact; "": none.
func (t *measureRow) apply(e eventstore.Envelope) string {
	at := e.OccurredAt
	switch d := e.Event.(type) {
	case ticket.CommentAdded:
		if d.Internal || d.Author.UUID == t.CreatedBy || t.FirstResponseAt != nil {
			return ""
		}
		t.FirstResponseAt = &at
		return factFirstResponse
	case ticket.Prioritised:
		t.Priority = d.Priority
		t.Priorities++
		return factPrioritised
	case ticket.Assigned:
		t.AssignedTo = &d.AssignedTo.UUID
		t.Assignments++
		return factAssigned
	case ticket.Unassigned:
		t.AssignedTo = nil
		t.Unassignments++
		return factUnassigned
	case ticket.Deleted:
		t.leave(at)
		t.DeletedStatus, t.Status = t.Status, nil
		t.Deletions++
		return factDeleted
	case ticket.Restored:
		t.leave(at)
		t.Status, t.DeletedStatus = t.DeletedStatus, nil
		t.Restorations++
		return factRestored
	}
	to, ok := ticket.StatusAfter(e.Event)
	if !ok {
		return ""
	}
	t.leave(at)
	t.Status = &to
	return t.become(e)
}

// leave ends the stay in the present status. Events whose times are out of
// their order have been nowhere for less than no time.
func (t *measureRow) leave(at time.Time) {
	if t.Status != nil {
		*t.stay(*t.Status) += max(at.Sub(t.StatusSince).Microseconds(), 0)
	}
	t.StatusSince = at
}

// stay returns how long the ticket was in a status.
func (t *measureRow) stay(s ticket.Status) *int64 {
	switch s {
	case ticket.StatusOpen:
		return &t.OpenUS
	case ticket.StatusInProgress:
		return &t.InProgressUS
	case ticket.StatusEscalated:
		return &t.EscalatedUS
	case ticket.StatusResolved:
		return &t.ResolvedUS
	default:
		return &t.ClosedUS
	}
}

// become counts a change of status and returns what it is as a fact.
func (t *measureRow) become(e eventstore.Envelope) string {
	at := e.OccurredAt
	switch e.Event.(type) {
	case ticket.Started:
		t.Starts++
		return factStarted
	case ticket.Resolved:
		t.Resolutions++
		t.ResolvedAt = &at
		if t.FirstResolvedAt == nil {
			t.FirstResolvedAt = &at
		}
		return factResolved
	case ticket.Closed:
		t.Closings++
		return factClosed
	case ticket.Reopened:
		t.Reopenings++
		t.ResolvedAt = nil
		return factReopened
	case ticket.Returned:
		t.Returns++
		return factReturned
	case ticket.Escalated:
		t.Escalations++
		return factEscalated
	default:
		return factOpened
	}
}

// times returns how often a fact has happened to the ticket so far.
func (t *measureRow) times(fact string) int {
	switch fact {
	case factStarted:
		return t.Starts
	case factResolved:
		return t.Resolutions
	case factClosed:
		return t.Closings
	case factReopened:
		return t.Reopenings
	case factReturned:
		return t.Returns
	case factEscalated:
		return t.Escalations
	case factPrioritised:
		return t.Priorities
	case factAssigned:
		return t.Assignments
	case factUnassigned:
		return t.Unassignments
	case factDeleted:
		return t.Deletions
	case factRestored:
		return t.Restorations
	}
	return 1 // opened, first response
}
