package saga

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/email"
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
			email.Requeued{}),
		Apply: func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
			x, err := applyEmails(ctx, tx, events)
			if err == nil && len(x.outbox) > 0 {
				some.Store(true)
			}
			return err
		},
		Committed: func() {
			if some.Swap(false) && issued != nil {
				issued.NotifyOf([]string{SendEmail{}.Name()})
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
}

// requesterRow is a row of saga.requesters.
type requesterRow struct {
	TicketID  uuid.UUID `json:"ticket_id"`
	CreatedBy uuid.UUID `json:"created_by"`
}

const (
	loadRequestersSQL = `SELECT ticket_id, created_by FROM saga.requesters WHERE ticket_id = ANY ($1)`

	loadPeopleSQL = `
SELECT user_id, role, active, notify_escalated, notify_assigned, notify_commented, notify_resolved
FROM saga.people
WHERE user_id = ANY ($1) OR ($2 AND role = 'admin' AND active)`

	writeRequestersSQL = `
INSERT INTO saga.requesters (ticket_id, created_by)
SELECT ticket_id, created_by FROM json_populate_recordset(NULL::saga.requesters, $1::json)`

	forgetRequestersSQL = `DELETE FROM saga.requesters WHERE ticket_id = ANY ($1)`

	writePeopleSQL = `
INSERT INTO saga.people (user_id, role, active, notify_escalated, notify_assigned, notify_commented, notify_resolved)
SELECT user_id, role, active, notify_escalated, notify_assigned, notify_commented, notify_resolved
FROM json_populate_recordset(NULL::saga.people, $1::json)
ON CONFLICT (user_id) DO UPDATE SET
    role = excluded.role,
    active = excluded.active,
    notify_escalated = excluded.notify_escalated,
    notify_assigned = excluded.notify_assigned,
    notify_commented = excluded.notify_commented,
    notify_resolved = excluded.notify_resolved`
)

// applyEmails brings what is remembered up to date with a page, and returns what came
// of it.
func applyEmails(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) (*effects, error) {
	x := newEffects(EmailsName)
	d, err := loadDirectory(ctx, tx, events)
	if err != nil {
		return x, err
	}
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
	if err := d.write(ctx, tx, events); err != nil {
		return x, err
	}
	return x, x.write(ctx, tx)
}

// loadDirectory returns what is remembered of everybody and everything that
// the emails about a page may need.
func loadDirectory(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) (Directory, error) {
	d := Directory{People: map[domain.UserID]Person{}, Requesters: map[ticket.ID]domain.UserID{}}
	tickets, people, admins := concerned(events)
	if len(tickets) > 0 {
		rows, _ := tx.Query(ctx, loadRequestersSQL, tickets) // CollectRows returns its error
		loaded, err := pgx.CollectRows(rows, pgx.RowToStructByName[requesterRow])
		if err != nil {
			return d, fmt.Errorf("load the requesters: %w", err)
		}
		for _, r := range loaded {
			d.Requesters[ticket.ID{UUID: r.TicketID}] = domain.UserID{UUID: r.CreatedBy}
			people = append(people, r.CreatedBy)
		}
	}
	if len(people) == 0 && !admins {
		return d, nil
	}
	rows, _ := tx.Query(ctx, loadPeopleSQL, people, admins) // CollectRows returns its error
	loaded, err := pgx.CollectRows(rows, pgx.RowToStructByName[personRow])
	if err != nil {
		return d, fmt.Errorf("load the people: %w", err)
	}
	for _, p := range loaded {
		d.People[domain.UserID{UUID: p.UserID}] = Person{Role: p.Role, Active: p.Active, Wants: user.Notifications{
			Escalated: p.NotifyEscalated, Assigned: p.NotifyAssigned, Commented: p.NotifyCommented, Resolved: p.NotifyResolved,
		}}
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
		case ticket.Escalated:
			admins = true
			tickets = append(tickets, e.StreamID)
		case ticket.CommentAdded, ticket.Resolved:
			tickets = append(tickets, e.StreamID)
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

// write stores what the events of a page changed.
func (d Directory) write(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	var opened []requesterRow
	var gone []uuid.UUID
	changed := map[uuid.UUID]personRow{}
	for _, e := range events {
		switch f := e.Event.(type) {
		case ticket.Opened:
			opened = append(opened, requesterRow{TicketID: e.StreamID, CreatedBy: f.CreatedBy.UUID})
		case ticket.Deleted:
			gone = append(gone, e.StreamID)
		}
		if e.StreamType == domain.UserStream {
			p := d.People[domain.UserID{UUID: e.StreamID}]
			changed[e.StreamID] = personRow{
				UserID: e.StreamID, Role: p.Role, Active: p.Active,
				NotifyEscalated: p.Wants.Escalated, NotifyAssigned: p.Wants.Assigned,
				NotifyCommented: p.Wants.Commented, NotifyResolved: p.Wants.Resolved,
			}
		}
	}
	if err := follow.WriteRows(ctx, tx, writeRequestersSQL, opened); err != nil {
		return fmt.Errorf("write the requesters: %w", err)
	}
	if len(gone) > 0 {
		if _, err := tx.Exec(ctx, forgetRequestersSQL, gone); err != nil {
			return fmt.Errorf("forget the requesters of deleted tickets: %w", err)
		}
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
