package view

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// Ticket is a ticket as API.md shows it to one viewer.
type Ticket struct {
	ID              uuid.UUID       `json:"id"`
	Number          int64           `json:"number"`
	Title           string          `json:"title"`
	Description     string          `json:"description"`
	Priority        ticket.Priority `json:"priority"`
	Status          ticket.Status   `json:"status"`
	CreatedBy       Person          `json:"created_by"`
	AssignedTo      *Person         `json:"assigned_to"`
	CreatedAt       time.Time       `json:"created_at"`
	UpdatedAt       time.Time       `json:"updated_at"`
	FirstResponseAt *time.Time      `json:"first_response_at"`
	ResolvedAt      *time.Time      `json:"resolved_at"`
	ClosedAt        *time.Time      `json:"closed_at"`
	EscalatedAt     *time.Time      `json:"escalated_at"`
	CommentCount    int             `json:"comment_count"` // of those the viewer may see
	Version         int             `json:"version"`
	Position        int64           `json:"-"` // of its newest event: other projections may be behind it
	Replied         bool            `json:"-"` // the requester commented, and nobody did anything about it
}

// TicketRow is all there is to show of a ticket, whoever looks: a row of
// read.tickets, whose columns its tags declare. The zero row is a ticket without
// events.
type TicketRow struct {
	ID               uuid.UUID       `db:"id,key"`
	Number           int64           `db:"number,fixed"`
	Title            string          `db:"title"`
	Description      string          `db:"description"`
	Priority         ticket.Priority `db:"priority"`
	PriorityRank     int             `db:"priority_rank"`
	Status           ticket.Status   `db:"status"`
	CreatedBy        uuid.UUID       `db:"created_by,fixed"`
	OpenedBy         uuid.UUID       `db:"opened_by,fixed"`
	AssignedTo       *uuid.UUID      `db:"assigned_to"`
	CreatedAt        time.Time       `db:"created_at,fixed"`
	UpdatedAt        time.Time       `db:"updated_at"`
	PublicUpdatedAt  *time.Time      `db:"public_updated_at"` // without internal notes, where that is another
	FirstResponseAt  *time.Time      `db:"first_response_at"`
	ResolvedAt       *time.Time      `db:"resolved_at"`
	ClosedAt         *time.Time      `db:"closed_at"`
	EscalatedAt      *time.Time      `db:"escalated_at"`
	PublicComments   int             `db:"public_comments"`
	InternalComments int             `db:"internal_comments"`
	Reply            *uuid.UUID      `db:"reply"`
	Version          int             `db:"version"`
	NoteEvents       int             `db:"note_events"` // of these events, how many are about internal notes
	Position         int64           `db:"position"`

	Deleted bool `db:"-"` // it has no row any more
}

// TicketOf returns the ticket with these events as its viewer sees it, as it was last
// where it was deleted; ok is false when it was never opened. Whether the viewer may see it is
// for the caller to know: whoever gives a ticket away sees how they left it.
func TicketOf(viewer domain.Actor, events []eventstore.Envelope, names Names) (t Ticket, ok bool) {
	var row TicketRow
	for _, e := range events {
		row.Apply(e)
	}
	if row.Version == 0 {
		return Ticket{}, false
	}
	return row.Named(viewer, names), true
}

// Standing returns the events of a ticket as the viewer is shown them: with all
// texts for who sees withdrawn ones, else with those that stand now. It MUST be
// given all of the ticket's events; those of other streams stay as they are.
func Standing(viewer domain.Actor, events []eventstore.Envelope) []eventstore.Envelope {
	if ticket.SeesWithdrawn(viewer) {
		return events
	}
	now := ticket.Fold(eventstore.Said(events))
	shown := slices.Clone(events)
	for i := range shown {
		shown[i].Event = now.Standing(shown[i].Event)
	}
	return shown
}

// Left returns the events of a ticket as a command left it as the viewer is shown them,
// given what came since: without texts that were withdrawn by it from who reads none.
func Left(viewer domain.Actor, events, since []eventstore.Envelope) []eventstore.Envelope {
	if len(since) == 0 {
		return events
	}
	return Standing(viewer, slices.Concat(events, since))[:len(events)]
}

// PeopleIn returns the ids of those whom the events of a ticket name: who opened
// it, its assignees and the authors of its comments, each once.
func PeopleIn(events []eventstore.Envelope) (ids []uuid.UUID) {
	met := map[uuid.UUID]bool{}
	for _, e := range events {
		var id domain.UserID
		switch d := e.Event.(type) {
		case ticket.Opened:
			id = d.CreatedBy
		case ticket.Assigned:
			id = d.AssignedTo
		case ticket.CommentAdded:
			id = d.Author
		}
		if !id.IsZero() && !met[id.UUID] {
			met[id.UUID] = true
			ids = append(ids, id.UUID)
		}
	}
	return ids
}

// Apply folds one event of the ticket.
func (r *TicketRow) Apply(e eventstore.Envelope) {
	at := e.OccurredAt
	switch d := e.Event.(type) {
	case ticket.Opened:
		*r = TicketRow{
			ID: e.StreamID, Number: d.Number, Title: d.Title, Description: d.Description,
			CreatedBy: d.CreatedBy.UUID, OpenedBy: d.OpenedBy.UUID, CreatedAt: at,
		}
		r.prioritise(d.Priority)
	case ticket.Retitled:
		r.Title = d.Title
	case ticket.Described:
		r.Description = d.Description
	case ticket.TextRedacted:
		r.redact(d)
	case ticket.Prioritised:
		r.prioritise(d.Priority)
	case ticket.Assigned:
		r.AssignedTo = &d.AssignedTo.UUID
	case ticket.Unassigned:
		r.AssignedTo = nil
	case ticket.Deleted:
		r.Deleted = true
	case ticket.Restored:
		r.Deleted = false
	case ticket.CommentAdded:
		r.addComment(d, at)
	case ticket.CommentRemoved:
		r.count(d.Internal, -1)
		if r.Reply != nil && *r.Reply == d.CommentID.UUID {
			r.Reply = nil
		}
	}
	if to, ok := ticket.StatusAfter(e.Event); ok {
		r.become(to, e)
	}
	r.note(e.Event)
	r.UpdatedAt, r.Version, r.Position = at, e.Version, e.Position
}

// note keeps what those go by who are not to know of internal notes.
func (r *TicketRow) note(e domain.Event) {
	if !ticket.AboutNote(e) {
		r.PublicUpdatedAt = nil
		return
	}
	r.NoteEvents++
	if r.PublicUpdatedAt == nil {
		before := r.UpdatedAt
		r.PublicUpdatedAt = &before
	}
}

func (r *TicketRow) redact(d ticket.TextRedacted) {
	switch d.Field {
	case ticket.FieldTitle:
		r.Title = d.Text
	case ticket.FieldDescription:
		r.Description = d.Text
	}
}

func (r *TicketRow) prioritise(p ticket.Priority) {
	r.Priority, r.PriorityRank = p, p.Rank()
}

func (r *TicketRow) become(to ticket.Status, e eventstore.Envelope) {
	r.Status = to
	at := e.OccurredAt
	switch e.Event.(type) {
	case ticket.Resolved:
		r.ResolvedAt, r.Reply = &at, nil
	case ticket.Closed:
		r.ClosedAt, r.Reply = &at, nil
	case ticket.Escalated:
		r.EscalatedAt = &at
	case ticket.Reopened:
		r.ResolvedAt, r.ClosedAt = nil, nil
	}
}

func (r *TicketRow) addComment(d ticket.CommentAdded, at time.Time) {
	r.count(d.Internal, 1)
	switch {
	case d.Internal:
	case d.Author.UUID == r.CreatedBy:
		r.Reply = &d.CommentID.UUID
	default:
		r.Reply = nil
		if r.FirstResponseAt == nil {
			r.FirstResponseAt = &at
		}
	}
}

func (r *TicketRow) count(internal bool, by int) {
	if internal {
		r.InternalComments += by
	} else {
		r.PublicComments += by
	}
}

// VersionFor returns the ticket's version as the viewer counts it: without events of
// internal notes for those who see none.
func (r TicketRow) VersionFor(viewer domain.Actor) int {
	if ticket.SeesInternal(viewer) {
		return r.Version
	}
	return r.Version - r.NoteEvents
}

// UpdatedFor returns when the ticket last changed for the viewer: by no internal note for
// those who see none.
func (r TicketRow) UpdatedFor(viewer domain.Actor) time.Time {
	if ticket.SeesInternal(viewer) || r.PublicUpdatedAt == nil {
		return r.UpdatedAt
	}
	return *r.PublicUpdatedAt
}

// Named returns the ticket as the viewer sees it, with the names of its people.
func (r TicketRow) Named(viewer domain.Actor, names Names) Ticket {
	var assignee string
	if r.AssignedTo != nil {
		assignee = names[*r.AssignedTo]
	}
	return r.Show(viewer, names[r.CreatedBy], assignee)
}

// Show returns the ticket as the viewer sees it, given the usernames of its
// requester and of its assignee, if it has one.
func (r TicketRow) Show(viewer domain.Actor, requester, assignee string) Ticket {
	t := Ticket{
		ID: r.ID, Number: r.Number, Title: r.Title, Description: r.Description,
		Priority: r.Priority, Status: r.Status, CreatedBy: Person{ID: r.CreatedBy, Username: requester},
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedFor(viewer), FirstResponseAt: r.FirstResponseAt,
		ResolvedAt: r.ResolvedAt, ClosedAt: r.ClosedAt, EscalatedAt: r.EscalatedAt,
		CommentCount: r.PublicComments, Version: r.VersionFor(viewer), Position: r.Position, Replied: r.Reply != nil,
	}
	if r.AssignedTo != nil {
		t.AssignedTo = &Person{ID: *r.AssignedTo, Username: assignee}
	}
	if ticket.SeesInternal(viewer) {
		t.CommentCount += r.InternalComments
	}
	return t
}

// State returns what a ticket that is shown tells of its state: every member,
// without the comments, who opened it and how often. names are those of the people
// in it.
func (t Ticket) State() (s ticket.State, names ticket.Names) {
	s = ticket.State{
		Exists: true, Opening: 1, Number: t.Number, Title: t.Title, Description: t.Description,
		Priority: t.Priority, Status: t.Status, CreatedBy: domain.UserID{UUID: t.CreatedBy.ID},
	}
	people := map[domain.UserID]string{s.CreatedBy: t.CreatedBy.Username}
	if t.AssignedTo != nil {
		s.AssignedTo = domain.UserID{UUID: t.AssignedTo.ID}
		people[s.AssignedTo] = t.AssignedTo.Username
	}
	return s, func(id domain.UserID) string { return people[id] }
}
