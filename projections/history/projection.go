package history

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections"
)

// intervalRow is a row of read.ticket_history: a ticket while its title,
// priority, status and assignee stayed what they were.
type intervalRow struct {
	TicketID   uuid.UUID       `db:"ticket_id"`
	Version    int             `db:"version"`
	Position   int64           `db:"position"`
	Number     int64           `db:"number"`
	Title      string          `db:"title"`
	TitleBy    uuid.NullUUID   `db:"title_by"`
	Priority   ticket.Priority `db:"priority"`
	Status     ticket.Status   `db:"status"`
	CreatedBy  uuid.UUID       `db:"created_by"`
	AssignedTo uuid.NullUUID   `db:"assigned_to"`
	CreatedAt  time.Time       `db:"created_at"`
	ValidFrom  time.Time       `db:"valid_from"`
	ValidTo    *time.Time      `db:"valid_to"`
	KnownFrom  time.Time       `db:"known_from"`
	KnownTo    *time.Time      `db:"known_to"`
	Change     string          `db:"change"`
	CausedBy   uuid.UUID       `db:"caused_by"`

	Deleted bool `db:"-"` // there is no row of it, but what it says is what a restored ticket is again
}

var intervalTable = projections.NewTable[intervalRow]("ticket_history")

// endIntervalsSQL ends the last intervals of the tickets $1, at $2 by when it
// happened and at $3 by when it was recorded, and returns them.
var endIntervalsSQL = `
UPDATE ticket_history AS h SET valid_to = e.valid_to, known_to = e.known_to
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS e (ticket_id, valid_to, known_to)
WHERE h.ticket_id = e.ticket_id AND h.known_to IS NULL
RETURNING ` + intervalTable.Columns("h")

const forgetHistorySQL = `DELETE FROM ticket_history WHERE ticket_id = ANY ($1)`

// Follower keeps read.ticket_history.
func Follower() follow.Follower {
	return projections.WithTexts(follow.Follower{
		Name: projections.TicketHistory,
		Types: eventstore.Types(ticket.Opened{}, ticket.Retitled{}, ticket.Prioritised{}, ticket.Assigned{}, ticket.Unassigned{},
			ticket.Started{}, ticket.Resolved{}, ticket.Closed{}, ticket.Reopened{}, ticket.Returned{}, ticket.Escalated{}, ticket.TextRedacted{}, ticket.Deleted{},
			ticket.Restored{}),
		Tables:  []string{"ticket_history"},
		Lookups: []string{"ticket_history_ticket"},
		Apply:   applyTicketHistory,
	}, forgetHistorySQL)
}

// applyTicketHistory writes most intervals whole: one that begins and ends
// within the page is never updated.
func applyTicketHistory(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	events = beginIntervals(events)
	last, err := endIntervals(ctx, tx, events)
	if err != nil {
		return err
	}
	rows := make([]*intervalRow, 0, len(events))
	for _, e := range events {
		before := last[e.StreamID]
		if before != nil && before.KnownTo == nil {
			at, recorded := e.OccurredAt, e.RecordedAt
			before.ValidTo, before.KnownTo = &at, &recorded
		}
		row, err := intervalAfter(before, e)
		if err != nil {
			return err
		}
		if last[e.StreamID] = row; !row.Deleted {
			rows = append(rows, row)
		}
	}
	if err := intervalTable.Copy(ctx, tx, rows); err != nil {
		return fmt.Errorf("add intervals: %w", err)
	}
	return nil
}

// beginIntervals returns the events that begin an interval, or end one: a redaction does
// with that of the title.
func beginIntervals(events []eventstore.Envelope) []eventstore.Envelope {
	return slices.DeleteFunc(slices.Clone(events), func(e eventstore.Envelope) bool {
		d, redacts := e.Event.(ticket.TextRedacted)
		return redacts && d.Field != ticket.FieldTitle
	})
}

// endIntervals ends, for each ticket that was there before the page, its last
// interval at its first event of the page, and returns it.
func endIntervals(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) (map[uuid.UUID]*intervalRow, error) {
	last := map[uuid.UUID]*intervalRow{}
	seen := make(map[uuid.UUID]bool, len(events))
	var ids []uuid.UUID
	var validTo, knownTo []time.Time
	for _, e := range events {
		if !seen[e.StreamID] && e.Version > 1 {
			ids, validTo, knownTo = append(ids, e.StreamID), append(validTo, e.OccurredAt), append(knownTo, e.RecordedAt)
		}
		seen[e.StreamID] = true
	}
	if len(ids) == 0 {
		return last, nil
	}
	rows, _ := tx.Query(ctx, endIntervalsSQL, projections.Planned([]any{ids, validTo, knownTo})...) // CollectRows returns its error
	ended, err := pgx.CollectRows(rows, pgx.RowToAddrOfStructByName[intervalRow])
	if err != nil {
		return nil, fmt.Errorf("end intervals: %w", err)
	}
	for _, row := range ended {
		last[row.TicketID] = row
	}
	return last, nil
}

// intervalAfter returns the interval that e begins after the one before, Deleted while
// the ticket is.
func intervalAfter(before *intervalRow, e eventstore.Envelope) (*intervalRow, error) {
	row := intervalRow{}
	switch d := e.Event.(type) {
	case ticket.Opened:
		row = intervalRow{
			TicketID: e.StreamID, Number: d.Number, Title: d.Title, TitleBy: e.PersonID, Priority: d.Priority,
			CreatedBy: d.CreatedBy.UUID, CreatedAt: e.OccurredAt,
		}
	default:
		if before == nil {
			return nil, fmt.Errorf("%s of ticket %s, which is not there", e.Type, e.StreamID)
		}
		row = *before
	}
	switch d := e.Event.(type) {
	case ticket.Retitled:
		row.Title, row.TitleBy = d.Title, e.PersonID
	case ticket.TextRedacted:
		row.Title, row.TitleBy = d.Text, e.PersonID
	case ticket.Prioritised:
		row.Priority = d.Priority
	case ticket.Assigned:
		row.AssignedTo = uuid.NullUUID{UUID: d.AssignedTo.UUID, Valid: true}
	case ticket.Unassigned:
		row.AssignedTo = uuid.NullUUID{}
	case ticket.Deleted:
		row.Deleted = true
	case ticket.Restored: // all of the ticket's events are here with it
		row.Deleted = false
	}
	if to, ok := ticket.StatusAfter(e.Event); ok {
		row.Status = to
	}
	row.Version, row.Position, row.Change, row.CausedBy = e.Version, e.Position, e.Type, e.EventID
	row.ValidFrom, row.ValidTo, row.KnownFrom, row.KnownTo = e.OccurredAt, nil, e.RecordedAt, nil
	return &row, nil
}
