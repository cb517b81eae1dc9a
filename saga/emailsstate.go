package saga

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
)

// EmailsName is the name of the emails' follower.
const EmailsName = "emails"

// Emails returns the process manager that has the people concerned told by
// mail. issued, if not nil, is woken when it issued commands.
func Emails(issued *Notifier) follow.Follower {
	var some atomic.Bool // since the last page
	return follow.Follower{
		Name: EmailsName,
		Types: eventstore.Types(ticket.Opened{}, ticket.Assigned{}, ticket.CommentAdded{}, ticket.Resolved{}, ticket.Escalated{}, ticket.Deleted{},
			user.Registered{}, user.RoleChanged{}, user.Deactivated{}, user.Reactivated{}, user.NotificationsChanged{}, user.Erased{},
			ticket.Unassigned{}, ticket.Reopened{}, ticket.Restored{}, email.Requeued{}, email.Bounced{}, message.Judged{}),
		Apply: func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
			x, err := applyEmails(ctx, tx, events)
			if err == nil && len(x.outbox) > 0 {
				some.Store(true)
			}
			return err
		},
		Forget: forgetRequesters,
		Committed: func() {
			if some.Swap(false) && issued != nil {
				issued.NotifyOf([]string{SendEmail{}.Name(), SuppressAddress{}.Name()})
			}
		},
	}
}

// personRow is a row of saga.people.
type personRow struct {
	UserID          uuid.UUID   `json:"user_id"`
	Role            domain.Role `json:"role"`
	Active          bool        `json:"active"`
	NotifyEscalated bool        `json:"notify_escalated"`
	NotifyAssigned  bool        `json:"notify_assigned"`
	NotifyCommented bool        `json:"notify_commented"`
	NotifyResolved  bool        `json:"notify_resolved"`
	AcknowledgedAt  *time.Time  `json:"acknowledged_at"`
}

// requesterRow is a row of saga.requesters.
type requesterRow struct {
	TicketID   uuid.UUID     `json:"ticket_id"`
	CreatedBy  uuid.UUID     `json:"created_by"`
	AssignedTo uuid.NullUUID `json:"assigned_to"`
	Answered   bool          `json:"answered"`
}

const (
	loadRequestersSQL = `SELECT ticket_id, created_by, assigned_to, answered FROM saga.requesters WHERE ticket_id = ANY ($1)`

	loadPeopleSQL = `
SELECT user_id, role, active, notify_escalated, notify_assigned, notify_commented, notify_resolved, acknowledged_at
FROM saga.people
WHERE user_id = ANY ($1) OR ($2 AND role = 'admin' AND active)`

	writeRequestersSQL = `
INSERT INTO saga.requesters (ticket_id, created_by, assigned_to, answered)
SELECT ticket_id, created_by, assigned_to, answered FROM json_populate_recordset(NULL::saga.requesters, $1::json)`

	writeAssigneesSQL = `
UPDATE saga.requesters AS r SET assigned_to = n.assigned_to, answered = r.answered OR n.answered
FROM json_populate_recordset(NULL::saga.requesters, $1::json) AS n
WHERE r.ticket_id = n.ticket_id`

	forgetRequestersSQL = `DELETE FROM saga.requesters WHERE ticket_id = ANY ($1)`

	writePeopleSQL = `
INSERT INTO saga.people (user_id, role, active, notify_escalated, notify_assigned, notify_commented, notify_resolved, acknowledged_at)
SELECT user_id, role, active, notify_escalated, notify_assigned, notify_commented, notify_resolved, acknowledged_at
FROM json_populate_recordset(NULL::saga.people, $1::json)
ON CONFLICT (user_id) DO UPDATE SET
    role = excluded.role,
    active = excluded.active,
    notify_escalated = excluded.notify_escalated,
    notify_assigned = excluded.notify_assigned,
    notify_commented = excluded.notify_commented,
    notify_resolved = excluded.notify_resolved,
    acknowledged_at = excluded.acknowledged_at`
)

// applyEmails brings what is remembered up to date with a page, and returns what came
// of it.
func applyEmails(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) (*effects, error) {
	x := newEffects(EmailsName)
	d, err := loadDirectory(ctx, tx, events)
	if err != nil {
		return x, err
	}
	before := maps.Clone(d.Tickets)
	from := int64(-1) // where emails begin, once it is known
	for _, e := range events {
		d.fold(e)
		effects := d.React(e)
		if len(effects) > 0 && from < 0 {
			if err := tx.QueryRow(ctx, `SELECT position FROM saga.emails_from`).Scan(&from); err != nil {
				return x, fmt.Errorf("read where emails begin: %w", err)
			}
		}
		if e.Position <= from {
			continue
		}
		if err := x.add(causeOf(e), effects); err != nil {
			return x, err
		}
	}
	if err := d.write(ctx, tx, events, before); err != nil {
		return x, err
	}
	return x, x.write(ctx, tx)
}

// loadDirectory returns what is remembered of everybody and everything that
// the emails about a page may need.
func loadDirectory(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) (Directory, error) {
	d := Directory{People: map[domain.UserID]Person{}, Tickets: map[ticket.ID]Concerned{}}
	tickets, people, admins := concerned(events)
	if len(tickets) > 0 {
		rows, _ := tx.Query(ctx, loadRequestersSQL, tickets) // CollectRows returns its error
		loaded, err := pgx.CollectRows(rows, pgx.RowToStructByName[requesterRow])
		if err != nil {
			return d, fmt.Errorf("load the requesters: %w", err)
		}
		for _, r := range loaded {
			d.Tickets[ticket.ID{UUID: r.TicketID}] = Concerned{
				Requester: domain.UserID{UUID: r.CreatedBy}, Assignee: domain.UserID{UUID: r.AssignedTo.UUID}, Answered: r.Answered,
			}
			people = append(people, r.CreatedBy, r.AssignedTo.UUID)
		}
	}
	admins = admins || d.replies(events)
	if len(people) == 0 && !admins {
		return d, nil
	}
	rows, _ := tx.Query(ctx, loadPeopleSQL, people, admins) // CollectRows returns its error
	loaded, err := pgx.CollectRows(rows, pgx.RowToStructByName[personRow])
	if err != nil {
		return d, fmt.Errorf("load the people: %w", err)
	}
	for _, p := range loaded {
		known := Person{Role: p.Role, Active: p.Active, Wants: user.Notifications{
			Escalated: p.NotifyEscalated, Assigned: p.NotifyAssigned, Commented: p.NotifyCommented, Resolved: p.NotifyResolved,
		}}
		if p.AcknowledgedAt != nil {
			known.Acknowledged = *p.AcknowledgedAt
		}
		d.People[domain.UserID{UUID: p.UserID}] = known
	}
	return d, nil
}

// concerned returns whom and what the events of a page are about: tickets that
// emails may be about, people who may get them, and whether admins do.
func concerned(events []eventstore.Envelope) (tickets, people []uuid.UUID, admins bool) {
	opened := map[uuid.UUID]domain.UserID{} // requesters, by ticket
	for _, e := range events {
		switch f := e.Event.(type) {
		case ticket.Opened:
			opened[e.StreamID] = f.CreatedBy
		case ticket.Assigned:
			people = append(people, f.AssignedTo.UUID)
		case ticket.Unassigned:
			admins = admins || takenByDesk(e)
		case ticket.Escalated, ticket.Reopened:
			admins = true
			tickets = append(tickets, e.StreamID)
		case ticket.CommentAdded, ticket.Resolved:
			tickets = append(tickets, e.StreamID)
		case message.Judged:
			if f.Acknowledge {
				tickets = append(tickets, f.Ticket)
			}
		default:
			if e.StreamType == domain.UserStream {
				people = append(people, e.StreamID)
			}
		}
	}
	for _, id := range tickets {
		if requester, ok := opened[id]; ok {
			people = append(people, requester.UUID)
		}
	}
	return tickets, people, admins
}

// replies reports whether one of the events may be a reply of a requester: of those
// of whose tickets it is known, and of all tickets that are opened in the same page.
func (d Directory) replies(events []eventstore.Envelope) bool {
	return slices.ContainsFunc(events, func(e eventstore.Envelope) bool {
		c, ok := e.Event.(ticket.CommentAdded)
		t, known := d.Tickets[ticket.ID{UUID: e.StreamID}]
		return ok && !c.Internal && (!known || c.Author == t.Requester)
	})
}

// write stores what the events of a page changed.
func (d Directory) write(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope, before map[ticket.ID]Concerned) error {
	var opened, moved []requesterRow
	var gone []uuid.UUID
	begun := map[uuid.UUID]bool{} // tickets that are opened
	row := func(id uuid.UUID) requesterRow {
		t := d.Tickets[ticket.ID{UUID: id}]
		return requesterRow{
			TicketID: id, CreatedBy: t.Requester.UUID, AssignedTo: uuid.NullUUID{UUID: t.Assignee.UUID, Valid: !t.Assignee.IsZero()}, Answered: t.Answered,
		}
	}
	changed := map[uuid.UUID]personRow{}
	for _, e := range events {
		switch f := e.Event.(type) {
		case ticket.Opened:
			begun[e.StreamID] = true
			r := row(e.StreamID)
			r.CreatedBy = f.CreatedBy.UUID
			opened = append(opened, r)
		case ticket.Assigned, ticket.Unassigned:
			if !begun[e.StreamID] {
				moved = append(moved, row(e.StreamID))
			}
		case ticket.CommentAdded, ticket.Resolved:
			if r := row(e.StreamID); !begun[e.StreamID] && r.Answered && !before[ticket.ID{UUID: e.StreamID}].Answered {
				moved = append(moved, r)
			}
		case ticket.Deleted:
			if d.Tickets[ticket.ID{UUID: e.StreamID}].Deleted {
				gone = append(gone, e.StreamID)
			}
		}
		if f, ok := e.Event.(message.Judged); ok {
			if to := d.Tickets[ticket.ID{UUID: f.Ticket}].Requester; d.People[to].acknowledging == e.EventID {
				changed[to.UUID] = d.person(to)
			}
		}
		if e.StreamType == domain.UserStream {
			changed[e.StreamID] = d.person(domain.UserID{UUID: e.StreamID})
		}
	}
	if err := follow.WriteRows(ctx, tx, writeRequestersSQL, opened); err != nil {
		return fmt.Errorf("write the requesters: %w", err)
	}
	if err := follow.WriteRows(ctx, tx, writeAssigneesSQL, moved); err != nil {
		return fmt.Errorf("write the assignees: %w", err)
	}
	if err := forgetRequesters(ctx, tx, gone); err != nil {
		return err
	}
	people := make([]personRow, 0, len(changed))
	for _, p := range changed {
		people = append(people, p)
	}
	if err := follow.WriteRows(ctx, tx, writePeopleSQL, people); err != nil {
		return fmt.Errorf("write the people: %w", err)
	}
	return nil
}

// person returns the row of somebody.
func (d Directory) person(id domain.UserID) personRow {
	p := d.People[id]
	r := personRow{
		UserID: id.UUID, Role: p.Role, Active: p.Active,
		NotifyEscalated: p.Wants.Escalated, NotifyAssigned: p.Wants.Assigned,
		NotifyCommented: p.Wants.Commented, NotifyResolved: p.Wants.Resolved,
	}
	if !p.Acknowledged.IsZero() {
		r.AcknowledgedAt = &p.Acknowledged
	}
	return r
}

func forgetRequesters(ctx context.Context, tx pgx.Tx, tickets []uuid.UUID) error {
	if len(tickets) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, forgetRequestersSQL, tickets); err != nil {
		return fmt.Errorf("forget the requesters of tickets: %w", err)
	}
	return nil
}
