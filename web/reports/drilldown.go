package reports

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/projections/reports"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// drillDownMost is how many events behind numbers are read at a time: a page of them
// stays under 100 kB in all.
const drillDownMost = 60

// drillDownQuery is which number the tickets behind are asked for.
type drillDownQuery struct {
	Of       string // window, day, waits, agents
	Number   string
	Day      string // first day of a row, of those by day
	Priority string // "": all
	Agent    string // an id, "none"; "" where it is about no agent
	After    int64
}

func readDrillDown(values url.Values) (q drillDownQuery, ok bool) {
	q = drillDownQuery{Of: values.Get("of"), Number: values.Get("number"), Day: values.Get("day"), Priority: values.Get("priority"), Agent: values.Get("agent")}
	if after := values.Get("after"); after != "" {
		var err error
		if q.After, err = strconv.ParseInt(after, 10, 64); err != nil || q.After < 0 {
			return q, false
		}
	}
	numbers := map[string][]string{
		"window": {"opened", "resolved", "escalated"}, "day": {"opened", "resolved", "escalated", "backlog"},
		"times": {"first_response", "resolution"}, "agents": {"assigned", "first_responses", "resolved", "reopened", "escalated"},
	}[q.Of]
	return q, slices.Contains(numbers, q.Number) && (q.Priority == "" || ticket.Priority(q.Priority).Rank() > 0)
}

// drillDownView is the tickets behind a number.
type drillDownView struct {
	Period period
	Query  drillDownQuery
	Back   string
	Rows   []drillDownRow
	Next   string // address; "" for none
}

// drillDownRow is an event behind a number, with its ticket.
type drillDownRow struct {
	reports.Evidence
	Ticket *view.Ticket // nil: it was deleted
}

func (s *Section) showDrillDown(v *web.Visit) (web.Reply, error) {
	p, err := s.period(v)
	if err != nil {
		return web.Reply{}, err
	}
	q, ok := readDrillDown(v.Request.URL.Query())
	if !ok {
		return web.Reply{}, errPeriod
	}
	behind, next, err := s.evidence(v, p, q)
	if err != nil {
		return web.Reply{}, err
	}
	view := drillDownView{Period: p, Query: q, Back: p.address()}
	var ids []uuid.UUID
	for _, e := range behind {
		if q.holds(e) {
			view.Rows = append(view.Rows, drillDownRow{Evidence: e})
			ids = append(ids, e.TicketID)
		}
	}
	if next > 0 {
		view.Next = p.behind(q.Of, q.Number, "day", q.Day, "priority", q.Priority, "agent", q.Agent, "after", strconv.FormatInt(next, 10))
	}
	tickets, err := s.Tickets.TicketsByID(v.Context(), v.Actor, ids)
	for i, r := range view.Rows {
		if found, ok := tickets[r.TicketID]; ok {
			view.Rows[i].Ticket = &found
		}
	}
	return web.Show("Drill-down", drillDownPageOf(view)), err
}

// evidence returns a part of the events behind the report that a number is of.
func (s *Section) evidence(v *web.Visit, p period, q drillDownQuery) (behind []reports.Evidence, next int64, err error) {
	explain := reports.Explain{Wanted: true, Number: q.Number, After: q.After, Limit: drillDownMost}
	switch q.Of {
	case "window":
		r, err := s.Reports.Report(v.Context(), reports.Query{Days: p.Days, To: p.AsOf, Explain: explain})
		return r.Behind, r.Next, err
	case "times":
		r, err := s.Reports.ResponseTimes(v.Context(), p.span(), explain)
		return r.Behind, r.Next, err
	case "agents":
		r, err := s.Reports.Agents(v.Context(), p.span(), explain)
		return r.Behind, r.Next, err
	}
	for _, span := range p.spans() {
		if span.Since.In(p.Zone).Format(time.DateOnly) == q.Day {
			r, err := s.Reports.Counts(v.Context(), []reports.Span{span}, explain)
			return r.Behind, r.Next, err
		}
	}
	return nil, 0, errPeriod
}

// holds reports whether an event is behind the number that is asked for.
func (q drillDownQuery) holds(e reports.Evidence) bool {
	if e.Number != q.Number || (q.Priority != "" && (e.Priority == nil || string(*e.Priority) != q.Priority)) {
		return false
	}
	switch q.Agent {
	case "":
		return true
	case "none":
		return e.AgentID == nil
	}
	return e.AgentID != nil && e.AgentID.String() == q.Agent
}

// agentKey names an agent in an address.
func agentKey(a reports.AgentCounts) string {
	if a.AgentID == nil {
		return "none"
	}
	return a.AgentID.String()
}

// numberWord is a number of a report as people read it.
func numberWord(number string) string {
	switch number {
	case "backlog":
		return "in the backlog"
	case "first_response", "first_responses":
		return "with a first response"
	case "resolution":
		return "resolved"
	}
	return number
}
