package projections

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
)

// What can happen to a ticket that a report counts.
const (
	factOpened        = "opened"
	factStarted       = "started"
	factResolved      = "resolved"
	factClosed        = "closed"
	factReopened      = "reopened"
	factEscalated     = "escalated"
	factDeleted       = "deleted"
	factPrioritised   = "prioritised"
	factAssigned      = "assigned"
	factUnassigned    = "unassigned"
	factFirstResponse = "first_response"
)

// factRow is a row of read.ticket_facts.
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
}

const factColumns = `position, ticket_id, fact, occurred_at, recorded_at, next_at, status_before, status,
    priority_before, priority, assigned_to_before, assigned_to, actor_kind, actor_id`

const addFactsSQL = `
INSERT INTO ticket_facts (` + factColumns + `)
SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
    $7::text[], $8::text[], $9::text[], $10::text[], $11::uuid[], $12::uuid[], $13::text[], $14::uuid[])`

// addFacts is addFactsSQL with the columns of rows, in the order of factColumns.
func addFacts(rows []*factRow) rowWrite {
	return rowWrite{what: "add facts", sql: addFactsSQL, n: len(rows), args: []any{
		column(rows, func(f *factRow) int64 { return f.Position }),
		column(rows, func(f *factRow) uuid.UUID { return f.TicketID }),
		column(rows, func(f *factRow) string { return f.Fact }),
		column(rows, func(f *factRow) time.Time { return f.OccurredAt }),
		column(rows, func(f *factRow) time.Time { return f.RecordedAt }),
		column(rows, func(f *factRow) *time.Time { return f.NextAt }),
		column(rows, func(f *factRow) *string { return (*string)(f.StatusBefore) }),
		column(rows, func(f *factRow) *string { return (*string)(f.Status) }),
		column(rows, func(f *factRow) *string { return (*string)(f.PriorityBefore) }),
		column(rows, func(f *factRow) *string { return (*string)(f.Priority) }),
		column(rows, func(f *factRow) *uuid.UUID { return f.AssignedToBefore }),
		column(rows, func(f *factRow) *uuid.UUID { return f.AssignedTo }),
		column(rows, func(f *factRow) string { return string(f.ActorKind) }),
		column(rows, func(f *factRow) *uuid.UUID { return f.ActorID }),
	}}
}

// supersededFact is a row that got another of its kind behind it.
type supersededFact struct {
	Position int64     `json:"position"`
	NextAt   time.Time `json:"next_at"`
}

const chainFactsSQL = `
UPDATE ticket_facts AS f SET next_at = n.next_at
FROM json_populate_recordset(NULL::ticket_facts, $1::json) AS n
WHERE f.position = n.position`

// neighboursSQL answers, for each fact of a ticket, the last time it happened up
// to an instant and every time after that. Mostly that is one row.
const neighboursSQL = `
SELECT n.*
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS k (ticket_id, fact, since) CROSS JOIN LATERAL (
    (SELECT position, ticket_id, fact, occurred_at, next_at FROM ticket_facts
    WHERE ticket_id = k.ticket_id AND fact = k.fact AND occurred_at <= k.since
    ORDER BY occurred_at DESC, position DESC LIMIT 1)
    UNION ALL
    SELECT position, ticket_id, fact, occurred_at, next_at FROM ticket_facts
    WHERE ticket_id = k.ticket_id AND fact = k.fact AND occurred_at > k.since
) AS n`

// factLink is one of the times a fact happened to a ticket.
type factLink struct {
	Position   int64
	TicketID   uuid.UUID
	Fact       string
	OccurredAt time.Time
	NextAt     *time.Time
}

// factKey is a fact of a ticket, which may happen many times.
type factKey struct {
	ticket uuid.UUID
	fact   string
}

// chain fills next_at of the page's facts, and of those before them that they
// supersede, and counts what is now the newest of its kind. Imports come out of
// order: a fact may have to be put between others.
func (m *measuring) chain(ctx context.Context, tx pgx.Tx) error {
	chains, err := m.loadNeighbours(ctx, tx)
	if err != nil {
		return err
	}
	fresh := map[int64]*factRow{}
	for _, f := range m.facts {
		fresh[f.Position] = f
		key := factKey{f.TicketID, f.Fact}
		chains[key] = append(chains[key], factLink{Position: f.Position, TicketID: f.TicketID, Fact: f.Fact, OccurredAt: f.OccurredAt})
	}
	for _, links := range chains {
		slices.SortFunc(links, func(a, b factLink) int {
			return cmp.Or(a.OccurredAt.Compare(b.OccurredAt), cmp.Compare(a.Position, b.Position))
		})
		for i, l := range links {
			var next *time.Time
			if i+1 < len(links) {
				next = &links[i+1].OccurredAt
			}
			m.link(l, next, fresh[l.Position])
		}
	}
	return nil
}

// link gives a fact its next_at; fresh is its row if it is of the page.
func (m *measuring) link(l factLink, next *time.Time, fresh *factRow) {
	hour := factHour{l.Fact, l.OccurredAt.UTC().Truncate(time.Hour)}
	switch {
	case fresh != nil:
		fresh.NextAt = next
		if next == nil {
			m.counts[hour]++
		}
	case next == nil || (l.NextAt != nil && l.NextAt.Equal(*next)):
		return
	default:
		m.superseded = append(m.superseded, supersededFact{l.Position, *next})
		if l.NextAt == nil {
			m.counts[hour]--
		}
	}
}

// loadNeighbours answers the rows around those of the page, for the facts that
// had happened to their tickets before.
func (m *measuring) loadNeighbours(ctx context.Context, tx pgx.Tx) (map[factKey][]factLink, error) {
	chains := map[factKey][]factLink{}
	times, earliest := map[factKey]int{}, map[factKey]time.Time{}
	for _, f := range m.facts {
		key := factKey{f.TicketID, f.Fact}
		times[key]++
		if since, met := earliest[key]; !met || f.OccurredAt.Before(since) {
			earliest[key] = f.OccurredAt
		}
	}
	var tickets []uuid.UUID
	var facts []string
	var since []time.Time
	for key, n := range times {
		if m.tickets[key.ticket].times(key.fact) > n {
			tickets, facts, since = append(tickets, key.ticket), append(facts, key.fact), append(since, earliest[key])
		}
	}
	if len(tickets) == 0 {
		return chains, nil
	}
	rows, _ := tx.Query(ctx, neighboursSQL, tickets, facts, since) // CollectRows answers its error
	links, err := pgx.CollectRows(rows, pgx.RowToStructByName[factLink])
	if err != nil {
		return nil, fmt.Errorf("load facts: %w", err)
	}
	for _, l := range links {
		key := factKey{l.TicketID, l.Fact}
		chains[key] = append(chains[key], l)
	}
	return chains, nil
}

// times answers how often a fact has happened to the ticket so far.
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
	case factEscalated:
		return t.Escalations
	case factPrioritised:
		return t.Priorities
	case factAssigned:
		return t.Assignments
	case factUnassigned:
		return t.Unassignments
	}
	return 1 // opened, deleted, first response
}

// factHour is a row of read.hourly_facts, by its key.
type factHour struct {
	Fact string    `json:"fact"`
	Hour time.Time `json:"hour"`
}

// moveHour is a row of read.hourly_moves, by its key.
type moveHour struct {
	Status   ticket.Status   `json:"status"`
	Priority ticket.Priority `json:"priority"`
	Hour     time.Time       `json:"hour"`
}

type hourlyFact struct {
	factHour
	Tickets int64 `json:"tickets"`
}

type hourlyMove struct {
	moveHour
	Net int64 `json:"net"`
}

const countFactsSQL = `
INSERT INTO hourly_facts AS h (fact, hour, tickets)
SELECT fact, hour, tickets FROM json_populate_recordset(NULL::hourly_facts, $1::json)
ON CONFLICT (fact, hour) DO UPDATE SET tickets = h.tickets + excluded.tickets`

const countMovesSQL = `
INSERT INTO hourly_moves AS h (status, priority, hour, net)
SELECT status, priority, hour, net FROM json_populate_recordset(NULL::hourly_moves, $1::json)
ON CONFLICT (status, priority, hour) DO UPDATE SET net = h.net + excluded.net`

// An hour of which nothing is left has no row, whatever pages it was counted in.
const (
	dropFactHoursSQL = `
DELETE FROM hourly_facts AS h USING json_populate_recordset(NULL::hourly_facts, $1::json) AS c
WHERE h.fact = c.fact AND h.hour = c.hour AND h.tickets = 0`

	dropMoveHoursSQL = `
DELETE FROM hourly_moves AS h USING json_populate_recordset(NULL::hourly_moves, $1::json) AS c
WHERE h.status = c.status AND h.priority = c.priority AND h.hour = c.hour AND h.net = 0`
)

// move counts a ticket out of where it was and into where it is.
func (m *measuring) move(f *factRow) {
	hour := f.OccurredAt.UTC().Truncate(time.Hour)
	if f.StatusBefore != nil {
		m.moves[moveHour{*f.StatusBefore, *f.PriorityBefore, hour}]--
	}
	if f.Status != nil {
		m.moves[moveHour{*f.Status, *f.Priority, hour}]++
	}
}

func (m *measuring) hourlyFacts() (rows []hourlyFact) {
	for key, n := range m.counts {
		if n != 0 {
			rows = append(rows, hourlyFact{key, n})
		}
	}
	return rows
}

func (m *measuring) hourlyMoves() (rows []hourlyMove) {
	for key, n := range m.moves {
		if n != 0 {
			rows = append(rows, hourlyMove{key, n})
		}
	}
	return rows
}
