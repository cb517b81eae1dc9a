package tickets

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"time"

	"helpdesk/domain/ticket"
	"helpdesk/edge"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/wire"
	"helpdesk/projections/history"
)

// TicketReading is the parameters of reading a ticket.
type TicketReading struct {
	TicketPath
	AsOf    bind.Optional[time.Time] `query:"as_of" description:"As it was known at this instant. The answer then has no ETag."`
	Version bind.Optional[int]       `query:"version" minimum:"1" description:"As it was at this version; not together with as_of."`
}

// DiffQuery is the parameters of a comparison.
type DiffQuery struct {
	TicketPath
	From   string `query:"from" required:"true" minLength:"1" maxLength:"40" description:"A version, or an instant (RFC 3339)."`
	To     string `query:"to" required:"true" minLength:"1" maxLength:"40" description:"Another of the same kind."`
	Cursor string `query:"cursor" minLength:"1" maxLength:"2000" description:"From next of the beginning of this comparison."`
}

// TicketDiff is what of a ticket is another at one moment than at another.
type TicketDiff struct {
	From    TicketVersion      `json:"from" required:"true"`
	To      TicketVersion      `json:"to" required:"true"`
	Changes []wire.FieldChange `json:"changes" required:"true" nullable:"false" description:"A comment is one that was added, edited or removed."`
	Next    *string            `json:"next,omitempty" description:"Address of the changes of comments for which there was no room; left out where all are here."`
}

// Example is the body, or the answer, as the document shows it.
func (TicketDiff) Example() string {
	return `{"from": {"version": 1, "recorded_at": "2026-01-31T12:00:00.000000Z"}, "to": {"version": 2, "recorded_at": "2026-01-31T12:05:00.000000Z"},
		"changes": [{"field": "priority", "before": "high", "after": "medium"}]}`
}

// TicketVersion is a version of a ticket.
type TicketVersion struct {
	Version    int       `json:"version" required:"true"`
	RecordedAt wire.Time `json:"recorded_at" required:"true" description:"When the log took in what led to it."`
}

// past is one for a moment in the past.
func (r Resource) past(ctx context.Context, c *httpapi.Call, in TicketReading) (wire.TicketWithComments, error) {
	if in.AsOf.Set && in.Version.Set {
		return wire.TicketWithComments{}, problem.Invalid(problem.Violation{Pointer: "?version", Code: "excluded", Detail: "give either as_of or version"})
	}
	ref, err := ticket.ParseRef(string(in.Ticket))
	if err != nil {
		return wire.TicketWithComments{}, err
	}
	t, err := r.Past.Ticket(ctx, c.Actor, ref, history.Moment{Version: in.Version.Value, Instant: in.AsOf.Value})
	if err != nil {
		return wire.TicketWithComments{}, httpapi.InFuture(err, "as_of")
	}
	at := t.RecordedAt
	if in.AsOf.Set {
		at = in.AsOf.Value
	}
	c.Memento(at)
	return withComments(c, t.Ticket, t.Comments, t.Next, &at)
}

func (r Resource) diff(ctx context.Context, c *httpapi.Call, in DiffQuery) (TicketDiff, error) {
	ref, err := ticket.ParseRef(string(in.Ticket))
	if err != nil {
		return TicketDiff{}, err
	}
	from, err := parseMoment("from", in.From)
	if err != nil {
		return TicketDiff{}, err
	}
	to, err := parseMoment("to", in.To)
	if err != nil {
		return TicketDiff{}, err
	}
	if (from.Version > 0) != (to.Version > 0) {
		return TicketDiff{}, problem.Invalid(problem.Violation{Pointer: "?to", Code: "mixed", Detail: "from and to must be two versions or two times"})
	}
	page, err := c.Page(httpapi.Listing{Cursor: in.Cursor})
	if err != nil {
		return TicketDiff{}, err
	}
	d, err := r.Past.Diff(ctx, c.Actor, ref, from, to, page.Cursor)
	if err != nil {
		later := "to" // of two instants the later one is surely to come
		if from.Instant.After(to.Instant) {
			later = "from"
		}
		return TicketDiff{}, httpapi.InFuture(err, later)
	}
	out := TicketDiff{
		From:    TicketVersion{d.From.Version, wire.At(d.From.RecordedAt)},
		To:      TicketVersion{d.To.Version, wire.At(d.To.RecordedAt)},
		Changes: make([]wire.FieldChange, len(d.Changes)),
	}
	for i, change := range d.Changes {
		out.Changes[i] = wire.FieldChange(change)
	}
	out.Next, err = httpapi.Onward(c, d.Next)
	return out, err
}

var versionNumber = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)

// parseMoment reads a version or an instant.
func parseMoment(param, text string) (history.Moment, error) {
	if versionNumber.MatchString(text) {
		version, err := strconv.Atoi(text)
		return history.Moment{Version: version}, err
	}
	instant, err := edge.ParseInstant(bind.UnspacedZone(text))
	if errors.Is(err, edge.ErrYear) {
		return history.Moment{}, problem.Param(param, edge.ErrYear.Code, err.Error())
	}
	if err != nil {
		return history.Moment{}, problem.Invalid(problem.Violation{Pointer: problem.ParamPrefix + param, Code: "format", Detail: "must be a version (1, 2, 3 …) or a time with its zone, such as 2026-01-31T12:00:00Z"})
	}
	return history.Moment{Instant: instant}, nil
}

// HistoryQuery is the parameters of a ticket's history.
type HistoryQuery struct {
	TicketPath
	httpapi.Listing
}

func (r Resource) history(ctx context.Context, c *httpapi.Call, in HistoryQuery) (httpapi.List[wire.HistoryEntry], error) {
	id, err := r.App.TicketNamed(ctx, string(in.Ticket))
	if err != nil {
		return httpapi.List[wire.HistoryEntry]{}, err
	}
	page, err := c.Page(in.Listing)
	if err != nil {
		return httpapi.List[wire.HistoryEntry]{}, err
	}
	slice, err := r.History.Ticket(ctx, c.Actor, id, page)
	if err != nil {
		return httpapi.List[wire.HistoryEntry]{}, err
	}
	return httpapi.ListOf(c, slice, wire.EntryOf)
}
