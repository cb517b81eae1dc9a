package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"helpdesk/domain"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Past shows tickets as the system knew them at an instant; see
// [projections.Past].
type Past interface {
	Ticket(ctx context.Context, viewer domain.Actor, ref projections.TicketRef, at projections.Moment) (projections.PastTicket, error)
	Tickets(ctx context.Context, viewer domain.Actor, at time.Time, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error)
	// Comments lists one ticket's, or with nil all that are visible.
	Comments(ctx context.Context, viewer domain.Actor, at time.Time, of *projections.TicketRef, p projections.Page) (projections.Slice[view.Comment], error)
	Diff(ctx context.Context, viewer domain.Actor, ref projections.TicketRef, from, to projections.Moment) (projections.Difference, error)
}

// TicketReading is the parameters of reading a ticket.
type TicketReading struct {
	TicketPath
	AsOf    Optional[time.Time] `query:"as_of" description:"As it was known at this instant. The answer then has no ETag."`
	Version Optional[int]       `query:"version" minimum:"1" description:"As it was at this version; not together with as_of."`
}

// DiffQuery is the parameters of a comparison.
type DiffQuery struct {
	TicketPath
	From string `query:"from" required:"true" minLength:"1" maxLength:"40" description:"A version, or an instant (RFC 3339)."`
	To   string `query:"to" required:"true" minLength:"1" maxLength:"40" description:"Another of the same kind."`
}

// TicketDiff is what of a ticket is another at one moment than at another.
type TicketDiff struct {
	From    TicketVersion `json:"from" required:"true"`
	To      TicketVersion `json:"to" required:"true"`
	Changes []FieldChange `json:"changes" required:"true" nullable:"false" description:"A comment is one that was added, edited or removed."`
}

// TicketVersion is a version of a ticket.
type TicketVersion struct {
	Version    int  `json:"version" required:"true"`
	RecordedAt Time `json:"recorded_at" required:"true" description:"When the log took in what led to it."`
}

// pastTicket returns [API.getTicket] for a moment in the past.
func (a *API) pastTicket(ctx context.Context, c *Call, in TicketReading) (TicketWithComments, error) {
	if in.AsOf.Set && in.Version.Set {
		return TicketWithComments{}, invalid(Violation{Pointer: "?version", Code: "excluded", Detail: "either as_of or version is wanted"})
	}
	ref, err := parseTicket(in.Ticket)
	if err != nil {
		return TicketWithComments{}, err
	}
	t, err := a.Past.Ticket(ctx, c.Actor, ref, projections.Moment{Version: in.Version.Value, Instant: in.AsOf.Value})
	if err != nil {
		return TicketWithComments{}, inFuture(err, "as_of")
	}
	at := t.RecordedAt
	if in.AsOf.Set {
		at = in.AsOf.Value
	}
	a.memento(c, at)
	out := TicketWithComments{Ticket: ticketView(t.Ticket), Comments: make([]Comment, len(t.Comments))}
	for i, comment := range t.Comments {
		out.Comments[i] = commentView(comment)
	}
	return out, nil
}

func (a *API) diffTicket(ctx context.Context, c *Call, in DiffQuery) (TicketDiff, error) {
	ref, err := parseTicket(in.Ticket)
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
		return TicketDiff{}, invalid(Violation{Pointer: "?to", Code: "mixed", Detail: "two versions or two instants are wanted"})
	}
	d, err := a.Past.Diff(ctx, c.Actor, ref, from, to)
	if err != nil {
		later := "to" // of two instants the later one is surely to come
		if from.Instant.After(to.Instant) {
			later = "from"
		}
		return TicketDiff{}, inFuture(err, later)
	}
	out := TicketDiff{
		From:    TicketVersion{d.From.Version, Time{d.From.RecordedAt}},
		To:      TicketVersion{d.To.Version, Time{d.To.RecordedAt}},
		Changes: make([]FieldChange, len(d.Changes)),
	}
	for i, change := range d.Changes {
		out.Changes[i] = FieldChange(change)
	}
	return out, nil
}

var versionNumber = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)

// parseMoment reads a version or an instant.
func parseMoment(param, text string) (projections.Moment, error) {
	if versionNumber.MatchString(text) {
		version, err := strconv.Atoi(text)
		return projections.Moment{Version: version}, err
	}
	instant, err := time.Parse(time.RFC3339, unspacedZone(text))
	if err != nil {
		return projections.Moment{}, invalid(Violation{Pointer: paramPrefix + param, Code: "format", Detail: "a version from 1 on or an instant is wanted"})
	}
	return projections.Moment{Instant: instant}, nil
}

// inFuture names the parameter with an instant that is still to come.
func inFuture(err error, param string) error {
	if errors.Is(err, projections.ErrFuture) {
		return invalid(Violation{Pointer: paramPrefix + param, Code: projections.ErrFuture.Code, Detail: projections.ErrFuture.Message})
	}
	return err
}

// memento marks an answer as of the past (RFC 7089 §2.1, §2.2): of when it is,
// and where the present is.
func (a *API) memento(c *Call, at time.Time) {
	c.header.Set("Memento-Datetime", at.UTC().Format(http.TimeFormat))
	query := c.Request.URL.Query()
	for _, name := range []string{"as_of", "version", "cursor"} {
		query.Del(name)
	}
	original := url.URL{Path: strings.TrimSuffix(c.Request.URL.Path, "/") + "/", RawQuery: query.Encode()}
	c.header.Add("Link", fmt.Sprintf(`<%s>; rel="original"`, a.front.Base(c.Request)+original.String()))
}
