package reports

import (
	"context"
	"time"

	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/wire"
	"helpdesk/projections/reports"
)

// ReportQuery is the parameters of the report.
type ReportQuery struct {
	AsOf    bind.Optional[time.Time] `query:"as_of" description:"End of the window; now when left out."`
	Days    bind.Optional[int]       `query:"days" minimum:"1" maximum:"366" description:"Length of the window; 7 when left out."`
	KnownAt bind.Optional[time.Time] `query:"known_at" description:"Leave out what was recorded later."`
	Explaining
}

// Report counts what happened in the window (from, to]: in the members for
// seven days, or in those for the span that was asked for.
type Report struct {
	Opened7      *int64    `json:"tickets_opened_last_7_days,omitempty"`
	Resolved7    *int64    `json:"tickets_resolved_last_7_days,omitempty"`
	Escalated7   *int64    `json:"tickets_escalated_last_7_days,omitempty"`
	Opened       *int64    `json:"tickets_opened,omitempty"`
	Resolved     *int64    `json:"tickets_resolved,omitempty"`
	Escalated    *int64    `json:"tickets_escalated,omitempty"`
	From         wire.Time `json:"from" required:"true"`
	To           wire.Time `json:"to" required:"true"`
	AsOfPosition int64     `json:"as_of_position" required:"true" description:"The counts are complete up to here in the log."`

	Explanation *Explanation `json:"explanation,omitempty" description:"What is behind the counts, where explain is true."`
}

// Example is the body, or the answer, as the document shows it.
func (Report) Example() string {
	return `{"tickets_opened_last_7_days": 12, "tickets_resolved_last_7_days": 9, "tickets_escalated_last_7_days": 2,
		"from": "2026-01-24T12:00:00.000000Z", "to": "2026-01-31T12:00:00.000000Z", "as_of_position": 480}`
}

// reportDays is the span of the report that asks for none.
const reportDays = 7

func (r Resource) window(ctx context.Context, c *httpapi.Call, in ReportQuery) (Report, error) {
	if err := mayReport(c, in.AsOf); err != nil {
		return Report{}, err
	}
	days := reportDays
	if in.Days.Set {
		days = in.Days.Value
	}
	counted, err := r.Numbers.Report(ctx, reports.Query{To: in.AsOf.Value, Days: days, KnownAt: in.KnownAt.Value, Explain: in.explain()})
	if err != nil {
		return Report{}, err
	}
	if in.AsOf.Set {
		c.Memento(in.AsOf.Value)
	}
	out := Report{From: wire.At(counted.From), To: wire.At(counted.To), AsOfPosition: counted.AsOfPosition, Explanation: explanation(in.Explaining, counted.Behind, counted.Next)}
	if in.Days.Set {
		out.Opened, out.Resolved, out.Escalated = &counted.Opened, &counted.Resolved, &counted.Escalated
	} else {
		out.Opened7, out.Resolved7, out.Escalated7 = &counted.Opened, &counted.Resolved, &counted.Escalated
	}
	return out, nil
}
