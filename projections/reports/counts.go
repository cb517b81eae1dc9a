package reports

import (
	"time"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
)

// unitKey is an hour, a day or a month, by UTC.
type unitKey struct {
	Unit  string    `json:"unit" db:"unit,key"`
	Since time.Time `json:"since" db:"since,key"`
}

// unitsOf returns an hour, given as [hourOf] does, its day and its month.
func unitsOf(hour int64) (h, day, month unitKey) {
	since := time.Unix(hour*3600, 0).UTC()
	return unitKey{"hour", since}, unitKey{"day", since.Truncate(24 * time.Hour)}, monthOf(since)
}

func monthOf(at time.Time) unitKey {
	return unitKey{"month", time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)}
}

// hourOf returns the hour that an instant is in, in hours since 1970.
func hourOf(at time.Time) int64 {
	return at.Truncate(time.Hour).Unix() / 3600
}

// ticketCountKey is the key of read.ticket_counts.
type ticketCountKey struct {
	unitKey
	Priority ticket.Priority `json:"priority" db:"priority,key"`
}

// ticketCount is a row of read.ticket_counts, or what is to be added to it.
type ticketCount struct {
	ticketCountKey
	ticketSums
}

type ticketSums struct {
	Opened        int64 `json:"opened" db:"opened"`
	Resolved      int64 `json:"resolved" db:"resolved"`
	Reopened      int64 `json:"reopened" db:"reopened"`
	Escalated     int64 `json:"escalated" db:"escalated"`
	Closed        int64 `json:"closed" db:"closed"`
	NetOpen       int64 `json:"net_open" db:"net_open"`
	NetInProgress int64 `json:"net_in_progress" db:"net_in_progress"`
	NetEscalated  int64 `json:"net_escalated" db:"net_escalated"`
	NetResolved   int64 `json:"net_resolved" db:"net_resolved"`
	NetClosed     int64 `json:"net_closed" db:"net_closed"`
}

func (s *ticketSums) add(o *ticketSums) {
	s.Opened += o.Opened
	s.Resolved += o.Resolved
	s.Reopened += o.Reopened
	s.Escalated += o.Escalated
	s.Closed += o.Closed
	s.NetOpen += o.NetOpen
	s.NetInProgress += o.NetInProgress
	s.NetEscalated += o.NetEscalated
	s.NetResolved += o.NetResolved
	s.NetClosed += o.NetClosed
}

// of returns the number of a fact; nil: it has none.
func (s *ticketSums) of(fact string) *int64 {
	switch fact {
	case factOpened:
		return &s.Opened
	case factResolved:
		return &s.Resolved
	case factReopened:
		return &s.Reopened
	case factEscalated:
		return &s.Escalated
	case factClosed:
		return &s.Closed
	}
	return nil
}

// net returns how many more tickets came into a status than left it.
func (s *ticketSums) net(status ticket.Status) *int64 {
	switch status {
	case ticket.StatusOpen:
		return &s.NetOpen
	case ticket.StatusInProgress:
		return &s.NetInProgress
	case ticket.StatusEscalated:
		return &s.NetEscalated
	case ticket.StatusResolved:
		return &s.NetResolved
	default:
		return &s.NetClosed
	}
}

// agentCount is a row of read.agent_counts, or what is to be added to it.
type agentCount struct {
	unitKey
	AgentID *uuid.UUID `json:"agent_id" db:"agent_id,key"`
	agentSums
}

type agentSums struct {
	Assigned       int64 `json:"assigned" db:"assigned"`
	FirstResponses int64 `json:"first_responses" db:"first_responses"`
	Resolved       int64 `json:"resolved" db:"resolved"`
	Reopened       int64 `json:"reopened" db:"reopened"`
	Escalated      int64 `json:"escalated" db:"escalated"`
}

func (s *agentSums) add(o *agentSums) {
	s.Assigned += o.Assigned
	s.FirstResponses += o.FirstResponses
	s.Resolved += o.Resolved
	s.Reopened += o.Reopened
	s.Escalated += o.Escalated
}

// of returns the number of a fact that [ofAgents] has.
func (s *agentSums) of(fact string) *int64 {
	switch fact {
	case factAssigned:
		return &s.Assigned
	case factFirstResponse:
		return &s.FirstResponses
	case factResolved:
		return &s.Resolved
	case factReopened:
		return &s.Reopened
	default:
		return &s.Escalated
	}
}

var (
	ticketCountTable = projections.NewTable[ticketCount]("ticket_counts")
	agentCountTable  = projections.NewTable[agentCount]("agent_counts")
)

var addTicketCountsSQL = `
INSERT INTO ticket_counts AS c
SELECT * FROM json_populate_recordset(NULL::ticket_counts, $1::json)
ON CONFLICT (unit, since, priority) DO UPDATE SET
    ` + ticketCountTable.Each("? = c.? + excluded.?", ",\n    ")

var addAgentCountsSQL = `
INSERT INTO agent_counts AS c
SELECT * FROM json_populate_recordset(NULL::agent_counts, $1::json)
ON CONFLICT (unit, since, coalesce(agent_id, ` + nobody + `)) DO UPDATE SET
    ` + agentCountTable.Each("? = c.? + excluded.?", ",\n    ")

const nobody = `'00000000-0000-0000-0000-000000000000'` // in keys, which have no nulls

// Where nothing is left there is no row, whatever pages it was counted in.
var (
	dropTicketCountsSQL = dropEmpty("ticket_counts", "c.priority = k.priority", ticketCountTable.Each("c.? = 0", " AND "))
	dropAgentCountsSQL  = dropEmpty("agent_counts", "coalesce(c.agent_id, "+nobody+") = coalesce(k.agent_id, "+nobody+")",
		agentCountTable.Each("c.? = 0", " AND "))
)

// dropEmpty returns the statement that deletes those of the rows in the JSON that are
// empty in the table. They are looked up one after the other, by the index: how many
// the JSON has is a guess of the planner's, by which it would go through the table.
func dropEmpty(table, same, empty string) string {
	return `
DELETE FROM ` + table + ` WHERE ctid = ANY (ARRAY(
    SELECT gone.ctid
    FROM json_populate_recordset(NULL::` + table + `, $1::json) AS k
    CROSS JOIN LATERAL (SELECT c.ctid FROM ` + table + ` AS c
        WHERE c.unit = k.unit AND c.since = k.since AND ` + same + ` AND ` + empty + ` LIMIT 1) AS gone))`
}

// counting is what a page adds to the sums, by the hour.
type counting struct {
	byPriority map[priorityHour]*ticketSums
	byAgent    map[agentHour]*agentSums
	waits      map[waitOf]*waitSums
}

type priorityHour struct {
	hour     int64
	priority ticket.Priority
}

// agentHour has [uuid.Nil] for nobody.
type agentHour struct {
	hour  int64
	agent uuid.UUID
}

// count adds a fact by times, where it is the last of its kind.
func (c *counting) count(l factLink, by int64) {
	if l.NextAt == nil && l.Priority != nil {
		if n := c.at(l.OccurredAt, *l.Priority).of(l.Fact); n != nil {
			*n += by
		}
		if l.WaitUS != nil {
			c.countWait(l, by)
		}
	}
	if l.AgentNextAt == nil && ofAgents(l.Fact) {
		*sumsOf(c.byAgent, agentHour{hourOf(l.OccurredAt), idOrNil(l.AgentID)}).of(l.Fact) += by
	}
}

// move counts a ticket out of where it was and into where it is.
func (c *counting) move(f *factRow) {
	if f.StatusBefore != nil {
		*c.at(f.OccurredAt, *f.PriorityBefore).net(*f.StatusBefore)--
	}
	if f.Status != nil {
		*c.at(f.OccurredAt, *f.Priority).net(*f.Status)++
	}
}

func (c *counting) at(at time.Time, p ticket.Priority) *ticketSums {
	return sumsOf(c.byPriority, priorityHour{hourOf(at), p})
}

// sumsOf returns the sums of a key, which are nothing at first.
func sumsOf[K comparable, S any](all map[K]*S, key K) *S {
	if all[key] == nil {
		all[key] = new(S)
	}
	return all[key]
}

// ticketCounts returns the rows that are to be added, without those of nothing.
func (c *counting) ticketCounts() (rows []ticketCount) {
	sums := map[ticketCountKey]*ticketSums{}
	for key, s := range c.byPriority {
		hour, day, _ := unitsOf(key.hour)
		for _, unit := range []unitKey{hour, day} {
			sumsOf(sums, ticketCountKey{unit, key.priority}).add(s)
		}
	}
	for key, s := range sums {
		if *s != (ticketSums{}) {
			rows = append(rows, ticketCount{key, *s})
		}
	}
	return rows
}

func (c *counting) agentCounts() (rows []agentCount) {
	type key struct {
		unitKey
		agent uuid.UUID
	}
	sums := map[key]*agentSums{}
	for of, s := range c.byAgent {
		hour, day, month := unitsOf(of.hour)
		for _, unit := range []unitKey{hour, day, month} {
			sumsOf(sums, key{unit, of.agent}).add(s)
		}
	}
	for key, s := range sums {
		if *s != (agentSums{}) {
			row := agentCount{unitKey: key.unitKey, agentSums: *s}
			if key.agent != uuid.Nil {
				row.AgentID = &key.agent
			}
			rows = append(rows, row)
		}
	}
	return rows
}
