package reports

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
	"helpdesk/projections"
)

// What can happen to a ticket that a report counts.
const (
	factOpened        = "opened"
	factStarted       = "started"
	factResolved      = "resolved"
	factClosed        = "closed"
	factReopened      = "reopened"
	factReturned      = "returned"
	factEscalated     = "escalated"
	factDeleted       = "deleted"
	factRestored      = "restored"
	factPrioritised   = "prioritised"
	factAssigned      = "assigned"
	factUnassigned    = "unassigned"
	factFirstResponse = "first_response"
)

// factRow is a row of read.ticket_facts.
type factRow struct {
	Position         int64            `db:"position,key"`
	TicketID         uuid.UUID        `db:"ticket_id"`
	Fact             string           `db:"fact"`
	OccurredAt       time.Time        `db:"occurred_at"`
	RecordedAt       time.Time        `db:"recorded_at"`
	NextAt           *time.Time       `db:"next_at"`
	StatusBefore     *ticket.Status   `db:"status_before"`
	Status           *ticket.Status   `db:"status"`
	PriorityBefore   *ticket.Priority `db:"priority_before"`
	Priority         *ticket.Priority `db:"priority"`
	AssignedToBefore *uuid.UUID       `db:"assigned_to_before"`
	AssignedTo       *uuid.UUID       `db:"assigned_to"`
	ActorKind        domain.ActorKind `db:"actor_kind"`
	ActorID          *uuid.UUID       `db:"actor_id"`
	WaitUS           *int64           `db:"wait_us"`
	WaitBucket       *int16           `db:"wait_bucket"`
	AgentID          *uuid.UUID       `db:"agent_id"`
	AgentNextAt      *time.Time       `db:"agent_next_at"`
	EnteredPosition  *int64           `db:"entered_position"`
	EnteredAt        *time.Time       `db:"entered_at"`
}

var factTable = projections.NewTable[factRow]("ticket_facts")

// moves reports whether the fact brought the ticket elsewhere: to another status
// or priority, into being or out of it.
func (f *factRow) moves() bool {
	return !same(f.StatusBefore, f.Status) || !same(f.PriorityBefore, f.Priority)
}

func same[T comparable](a, b *T) bool {
	return a == b || (a != nil && b != nil && *a == *b)
}

// ofAgents reports whether the report on agents counts a fact.
func ofAgents(fact string) bool { return slices.Contains(agentFacts, fact) }

// measure sets what reports count a fact by: how long the ticket t, which
// is as it was after it, had waited, and whose it was.
func (f *factRow) measure(t *measureRow) {
	if f.Fact == factFirstResponse || f.Fact == factResolved {
		f.WaitUS = new(max(f.OccurredAt.Sub(t.OpenedAt).Microseconds(), 0)) // imports may have times out of order
		f.WaitBucket = new(bucketOf(*f.WaitUS))
	}
	switch {
	case f.Fact == factFirstResponse:
		f.AgentID = f.ActorID
	case ofAgents(f.Fact):
		f.AgentID = f.AssignedTo
	}
}

// factLink is one of the times a fact happened to a ticket, with what is stored
// of when it happened again.
type factLink struct {
	Position    int64
	TicketID    uuid.UUID
	Fact        string
	OccurredAt  time.Time
	Priority    *ticket.Priority
	AgentID     *uuid.UUID
	WaitUS      *int64
	NextAt      *time.Time
	AgentNextAt *time.Time
}

const loadLinksSQL = `
SELECT position, ticket_id, fact, occurred_at, priority, agent_id, wait_us, next_at, agent_next_at
FROM ticket_facts JOIN unnest($1::uuid[], $2::text[]) AS k (ticket_id, fact) USING (ticket_id, fact)`

// supersededFact is a row that got another of its kind behind it.
type supersededFact struct {
	Position    int64      `json:"position"`
	NextAt      *time.Time `json:"next_at"`
	AgentNextAt *time.Time `json:"agent_next_at"`
}

const chainFactsSQL = `
UPDATE ticket_facts AS f SET next_at = n.next_at, agent_next_at = n.agent_next_at
FROM json_populate_recordset(NULL::ticket_facts, $1::json) AS n
WHERE f.position = n.position`

// factKey is a fact of a ticket, which may happen many times.
type factKey struct {
	ticket uuid.UUID
	fact   string
}

// chain fills in when the page's facts, and those before them that they
// supersede, happened again, and counts what is now the newest of its kind.
// Imports come out of order: a fact may have to be put between others.
func (m *measuring) chain(ctx context.Context, tx pgx.Tx) error {
	times := map[factKey]int{} // in the page, of facts that happened more than once
	for _, f := range m.facts {
		if m.tickets[f.TicketID].times(f.Fact) > 1 {
			times[factKey{f.TicketID, f.Fact}]++
		}
	}
	chains, err := m.loadLinks(ctx, tx, times)
	if err != nil {
		return err
	}
	fresh := map[int64]*factRow{}
	for _, f := range m.facts {
		l := factLink{Position: f.Position, TicketID: f.TicketID, Fact: f.Fact,
			OccurredAt: f.OccurredAt, Priority: f.Priority, AgentID: f.AgentID, WaitUS: f.WaitUS}
		key := factKey{f.TicketID, f.Fact}
		if times[key] == 0 {
			m.count(l, 1)
			continue
		}
		fresh[f.Position] = f
		chains[key] = append(chains[key], l)
	}
	for _, links := range chains {
		m.chainOne(links, fresh)
	}
	return nil
}

// chainOne links the times of one fact of one ticket.
func (m *measuring) chainOne(links []factLink, fresh map[int64]*factRow) {
	slices.SortFunc(links, func(a, b factLink) int { // the last one first
		return -cmp.Or(a.OccurredAt.Compare(b.OccurredAt), cmp.Compare(a.Position, b.Position))
	})
	var next *time.Time
	byAgent := map[uuid.UUID]*time.Time{}
	for _, l := range links {
		now := l
		now.NextAt, now.AgentNextAt = next, nil
		next = &l.OccurredAt
		if ofAgents(l.Fact) {
			agent := idOrNil(l.AgentID)
			now.AgentNextAt, byAgent[agent] = byAgent[agent], next
		}
		m.link(l, now, fresh[l.Position])
	}
}

// link turns a link that was into what it is now; fresh is its row if it is of
// the page.
func (m *measuring) link(was, now factLink, fresh *factRow) {
	switch {
	case fresh != nil:
		fresh.NextAt, fresh.AgentNextAt = now.NextAt, now.AgentNextAt
	case sameTime(was.NextAt, now.NextAt) && sameTime(was.AgentNextAt, now.AgentNextAt):
		return
	default:
		m.superseded = append(m.superseded, supersededFact{now.Position, now.NextAt, now.AgentNextAt})
		m.count(was, -1)
	}
	m.count(now, 1)
}

func sameTime(a, b *time.Time) bool {
	return a == b || (a != nil && b != nil && a.Equal(*b))
}

// idOrNil returns the id, [uuid.Nil] where there is none.
func idOrNil(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

// loadLinks returns all times that facts happened before the page, given how often
// they happened in it.
func (m *measuring) loadLinks(ctx context.Context, tx pgx.Tx, times map[factKey]int) (map[factKey][]factLink, error) {
	chains := map[factKey][]factLink{}
	var tickets []uuid.UUID
	var facts []string
	for key, n := range times {
		if m.tickets[key.ticket].times(key.fact) > n {
			tickets, facts = append(tickets, key.ticket), append(facts, key.fact)
		}
	}
	if len(tickets) == 0 {
		return chains, nil
	}
	rows, _ := tx.Query(ctx, loadLinksSQL, tickets, facts) // CollectRows returns its error
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
