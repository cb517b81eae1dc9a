package httpapi

import (
	"context"
	"helpdesk/projections/reports"
	"time"
)

// ReportQuery is the parameters of the report.
type ReportQuery struct {
	AsOf    Optional[time.Time] `query:"as_of" description:"End of the window; now when left out."`
	Days    Optional[int]       `query:"days" minimum:"1" maximum:"366" description:"Length of the window; 7 when left out."`
	KnownAt Optional[time.Time] `query:"known_at" description:"Leave out what was recorded later."`
	Explaining
}

// Report counts what happened in the window (from, to]: in the members for
// seven days, or in those for the span that was asked for.
type Report struct {
	Opened7      *int64 `json:"tickets_opened_last_7_days,omitempty"`
	Resolved7    *int64 `json:"tickets_resolved_last_7_days,omitempty"`
	Escalated7   *int64 `json:"tickets_escalated_last_7_days,omitempty"`
	Opened       *int64 `json:"tickets_opened,omitempty"`
	Resolved     *int64 `json:"tickets_resolved,omitempty"`
	Escalated    *int64 `json:"tickets_escalated,omitempty"`
	From         Time   `json:"from" required:"true"`
	To           Time   `json:"to" required:"true"`
	AsOfPosition int64  `json:"as_of_position" required:"true" description:"The counts are complete up to here in the log."`

	Explanation *Explanation `json:"explanation,omitempty" description:"What is behind the counts, where explain is true."`
}

// reportDays is the span of the report that asks for none.
const reportDays = 7

func (a *API) report(ctx context.Context, c *Call, in ReportQuery) (Report, error) {
	if err := a.mayReport(c, in.AsOf); err != nil {
		return Report{}, err
	}
	days := reportDays
	if in.Days.Set {
		days = in.Days.Value
	}
	r, err := a.Read.Report(ctx, reports.Query{To: in.AsOf.Value, Days: days, KnownAt: in.KnownAt.Value, Explain: in.explain()})
	if err != nil {
		return Report{}, err
	}
	if in.AsOf.Set {
		a.memento(c, in.AsOf.Value)
	}
	out := Report{From: Time{r.From}, To: Time{r.To}, AsOfPosition: r.AsOfPosition, Explanation: explanation(in.Explaining, r.Behind, r.Next)}
	if in.Days.Set {
		out.Opened, out.Resolved, out.Escalated = &r.Opened, &r.Resolved, &r.Escalated
	} else {
		out.Opened7, out.Resolved7, out.Escalated7 = &r.Opened, &r.Resolved, &r.Escalated
	}
	return out, nil
}
