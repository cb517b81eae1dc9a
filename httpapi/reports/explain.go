package reports

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/wire"
	"helpdesk/projections/reports"
)

// Explanation is what is behind the numbers of a report.
type Explanation struct {
	Events []EventBehind `json:"events" required:"true" nullable:"false"`
	Next   *int64        `json:"next" required:"true" description:"There are more: send it as explain_after. Null: there are not."`
}

// EventBehind is an event of a ticket that counts in a number. In a backlog, or
// a status, it is the event that brought the ticket there, and left the one that
// took it away again.
type EventBehind struct {
	Number       string           `json:"number" required:"true" description:"Name of the number, as in the rows."`
	Status       *ticket.Status   `json:"status" required:"true"`
	Priority     *ticket.Priority `json:"priority" required:"true"`
	AgentID      *uuid.UUID       `json:"agent_id" required:"true"`
	Ticket       uuid.UUID        `json:"ticket" required:"true"`
	TicketNumber int64            `json:"ticket_number" required:"true"`
	Position     int64            `json:"position" required:"true" description:"Place in the log."`
	OccurredAt   wire.Time        `json:"occurred_at" required:"true"`
	LeftPosition *int64           `json:"left_position" required:"true"`
	LeftAt       *wire.Time       `json:"left_at" required:"true"`
	Seconds      *float64         `json:"seconds" required:"true" description:"The wait, where the number is made of waits."`
}

// explanation makes the member of an answer; nil where it is not asked for.
func explanation(in Explaining, behind []reports.Evidence, next int64) *Explanation {
	if !in.Explain.Value {
		return nil
	}
	out := &Explanation{Events: []EventBehind{}}
	if next > 0 {
		out.Next = &next
	}
	for _, b := range behind {
		out.Events = append(out.Events, EventBehind{
			Number: b.Number, Status: b.Status, Priority: b.Priority, AgentID: b.AgentID, Ticket: b.TicketID, TicketNumber: b.TicketNumber,
			Position: b.Position, OccurredAt: wire.At(b.OccurredAt), LeftPosition: b.LeftPosition, LeftAt: wire.TimeOf(b.LeftAt), Seconds: b.Seconds,
		})
	}
	return out
}

// csvRow is a row of a report that can be a line of CSV.
type csvRow interface {
	columns() []string // the same of every row
	record() []string
}

// explained is what the parameters of every report can be asked.
type explained interface {
	explain() reports.Explain
	file() httpapi.AsFile
}

// tableAs makes the handler of a report, as JSON and as a CSV file.
func tableAs[In explained, R csvRow](name string, report func(context.Context, *httpapi.Call, In) (Table[R], error)) httpapi.Handler {
	return httpapi.Handle(report).Or(httpapi.ExportOf(httpapi.CSVType, func(ctx context.Context, c *httpapi.Call, in In) (httpapi.Stream, error) {
		if in.explain().Wanted {
			return nil, problem.Param("explain", "json_only", "explain works with JSON only")
		}
		table, err := report(ctx, c, in)
		if err != nil {
			return nil, err
		}
		c.Attach(name)
		return func(_ context.Context, w *httpapi.StreamWriter) error {
			var row R
			out, err := in.file().NewCSV(w, row.columns())
			if err != nil {
				return err
			}
			for _, r := range table.Rows {
				if err := out.Write(r.record()); err != nil {
					return err
				}
			}
			return out.Flush()
		}, nil
	}))
}

func (DayCount) columns() []string {
	return []string{"date", "from", "to", "priority", "opened", "resolved", "reopened", "escalated", "closed", "backlog"}
}

func (r DayCount) record() []string {
	return append([]string{r.Date, r.From.Text(), r.To.Text(), string(r.Priority)},
		whole(r.Opened, r.Resolved, r.Reopened, r.Escalated, r.Closed, r.Backlog)...)
}

func (PriorityCount) columns() []string {
	return []string{"priority", "opened", "resolved", "reopened", "escalated", "closed", "backlog"}
}

func (r PriorityCount) record() []string {
	return append([]string{string(r.Priority)}, whole(r.Opened, r.Resolved, r.Reopened, r.Escalated, r.Closed, r.Backlog)...)
}

func (StatusCount) columns() []string { return []string{"status", "priority", "tickets"} }

func (r StatusCount) record() []string {
	return append([]string{string(r.Status), string(r.Priority)}, whole(r.Tickets)...)
}

func (AgentCount) columns() []string {
	return []string{
		"agent_id", "agent", "assigned", "first_responses", "resolved", "reopened", "escalated",
		"average_seconds", "median_seconds", "p90_seconds",
	}
}

func (r AgentCount) record() []string {
	who := []string{"", ""}
	if r.Agent != nil {
		who = []string{r.Agent.ID.String(), r.Agent.Username}
	}
	who = append(who, whole(r.Assigned, r.FirstResponses, r.Resolved, r.Reopened, r.Escalated)...)
	return append(who, spelled(r.AverageSeconds, r.MedianSeconds, r.P90Seconds)...)
}

func (ResponseTime) columns() []string {
	return []string{"measure", "priority", "tickets", "average_seconds", "median_seconds", "p90_seconds"}
}

func (r ResponseTime) record() []string {
	priority := ""
	if r.Priority != nil {
		priority = string(*r.Priority)
	}
	return append(append([]string{r.Measure, priority}, whole(r.Tickets)...), spelled(r.AverageSeconds, r.MedianSeconds, r.P90Seconds)...)
}

func whole(numbers ...int64) (texts []string) {
	for _, n := range numbers {
		texts = append(texts, strconv.FormatInt(n, 10))
	}
	return texts
}

// spelled writes what there is as JSON does, and "" for null.
func spelled(numbers ...*float64) (texts []string) {
	for _, s := range numbers {
		text := ""
		if s != nil {
			text = strconv.FormatFloat(*s, 'f', -1, 64)
		}
		texts = append(texts, text)
	}
	return texts
}
