package operations

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/emails"
	"helpdesk/rebuild"
	"helpdesk/web"
	"helpdesk/web/webtest"
)

// desk stands in for what is behind the section.
type desk struct {
	*webtest.OneTicket
	page        projections.Page
	more        bool // whether a page follows
	idle        bool // whether no worker has run
	emails      []emails.Email
	statuses    []email.Status
	resent      []email.Resend
	timers      []Timer
	after       string
	failed      []FailedCommand
	events      []FailedEvent
	projections []rebuild.Status
	did         []string
}

func newDesk() *desk { return &desk{OneTicket: webtest.NewTicket()} }

func newSite(t *testing.T, d *desk) *web.Site {
	t.Helper()
	s := &Section{
		Tickets: d, Ledger: emailDesk{d}, Emails: emailDesk{d}, Escalations: d,
		FailedCommands: failedCommandDesk{d}, FailedEvents: failedEventDesk{d}, Projections: projectionDesk{d},
	}
	return webtest.Site(t, d.Backend, s.Pages()...)
}

// emailDesk has emails.
type emailDesk struct{ *desk }

func (d emailDesk) Emails(_ context.Context, statuses []email.Status, p projections.Page) (projections.Slice[emails.Email], error) {
	d.statuses, d.page = statuses, p
	s := projections.Slice[emails.Email]{}
	for _, e := range d.emails {
		if len(statuses) == 0 || slices.Contains(statuses, e.Status) {
			s.Items = append(s.Items, e)
		}
	}
	if d.more {
		s.Next = &projections.Cursor{Key: "x", ID: webtest.TicketID.UUID}
	}
	return s, d.ReadErr
}

func (d emailDesk) CountEmails(context.Context, int) (map[email.Status]int, error) {
	counts := map[email.Status]int{}
	for _, e := range d.emails {
		counts[e.Status]++
	}
	return counts, nil
}

func (d emailDesk) Do(_ context.Context, r commands.Request, _ email.ID, c email.Command) (commands.Outcome, error) {
	d.resent = append(d.resent, c.(email.Resend))
	if _, err := email.Decide(email.State{Exists: true, Status: email.StatusFailed}, c); err != nil {
		return commands.Outcome{}, err
	}
	return d.Note(r)
}

func (d *desk) Spans(context.Context) (Spans, error) {
	return Spans{
		Known: !d.idle, Of: map[ticket.Priority]time.Duration{ticket.High: 4 * time.Hour, ticket.Medium: 26 * time.Hour},
		Waiting: []ticket.Status{ticket.StatusOpen, ticket.StatusInProgress},
	}, nil
}

func (d *desk) Pending(_ context.Context, after time.Time, afterID uuid.UUID, limit int) ([]Timer, error) {
	d.after = after.Format(time.RFC3339Nano) + " " + afterID.String()
	return d.timers[:min(limit, len(d.timers))], d.ReadErr
}

type failedCommandDesk struct{ *desk }

func (d failedCommandDesk) First(_ context.Context, limit int) ([]FailedCommand, int64, error) {
	return d.failed[:min(limit, len(d.failed))], int64(len(d.failed)), d.ReadErr
}

func (d failedCommandDesk) decide(did string, id uuid.UUID) error {
	for i, c := range d.failed {
		if c.ID == id {
			d.did, d.failed = append(d.did, did), slices.Delete(d.failed, i, i+1)
			return nil
		}
	}
	return domain.ErrNotFound
}

func (d failedCommandDesk) Retry(_ context.Context, id uuid.UUID) error { return d.decide("retry", id) }

func (d failedCommandDesk) Discard(_ context.Context, id uuid.UUID) error {
	return d.decide("discard", id)
}

type failedEventDesk struct{ *desk }

func (d failedEventDesk) First(_ context.Context, limit int) ([]FailedEvent, map[string]int64, error) {
	counts := map[string]int64{}
	for _, e := range d.events {
		counts[e.Follower]++
	}
	return d.events[:min(limit, len(d.events))], counts, d.ReadErr
}

func (d failedEventDesk) Replay(_ context.Context, follower string) (int, error) {
	d.did = append(d.did, "replay "+follower)
	return 1, nil
}

type projectionDesk struct{ *desk }

func (d projectionDesk) List(context.Context) ([]rebuild.Status, error) {
	return d.projections, d.ReadErr
}

func (d projectionDesk) Pause(_ context.Context, name string) error { return d.operate("pause", name) }

func (d projectionDesk) Resume(_ context.Context, name string) error {
	return d.operate("resume", name)
}

func (d projectionDesk) Request(_ context.Context, name string, accept bool) error {
	return d.operate(fmt.Sprintf("rebuild accept=%t", accept), name)
}

func (d projectionDesk) operate(did, name string) error {
	if name != "ticket_list" {
		return domain.ErrNotFound
	}
	d.did = append(d.did, did)
	return d.Refusal
}
