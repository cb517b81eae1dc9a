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
	"helpdesk/web/webtest"
)

// site has the pages of the section, and what is behind them.
type site struct {
	*webtest.Site
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

func open(t testing.TB) *site {
	s := &site{Site: webtest.New(t)}
	section := &Section{
		Tickets: s, Ledger: ledger{s}, Emails: ledger{s}, Escalations: s,
		FailedCommands: commandsThatFailed{s}, FailedEvents: eventsThatFailed{s}, Projections: rebuilds{s},
	}
	s.Serve(section.Pages()...)
	return s
}

// ledger has the emails of a site.
type ledger struct{ *site }

func (d ledger) Emails(_ context.Context, statuses []email.Status, p projections.Page) (projections.Slice[emails.Email], error) {
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

func (d ledger) CountEmails(context.Context, int) (map[email.Status]int, error) {
	counts := map[email.Status]int{}
	for _, e := range d.emails {
		counts[e.Status]++
	}
	return counts, nil
}

func (d ledger) Do(_ context.Context, r commands.Request, _ email.ID, c email.Command) (commands.Outcome, error) {
	d.resent = append(d.resent, c.(email.Resend))
	if _, err := email.Decide(email.State{Exists: true, Status: email.StatusFailed}, c); err != nil {
		return commands.Outcome{}, err
	}
	return d.Note(r)
}

func (s *site) Spans(context.Context) (Spans, error) {
	return Spans{
		Known: !s.idle, Of: map[ticket.Priority]time.Duration{ticket.High: 4 * time.Hour, ticket.Medium: 26 * time.Hour},
		Waiting: []ticket.Status{ticket.StatusOpen, ticket.StatusInProgress},
	}, nil
}

func (s *site) Pending(_ context.Context, after time.Time, afterID uuid.UUID, limit int) ([]Timer, error) {
	s.after = after.Format(time.RFC3339Nano) + " " + afterID.String()
	return s.timers[:min(limit, len(s.timers))], s.ReadErr
}

type commandsThatFailed struct{ *site }

func (d commandsThatFailed) First(_ context.Context, limit int) ([]FailedCommand, int64, error) {
	return d.failed[:min(limit, len(d.failed))], int64(len(d.failed)), d.ReadErr
}

func (d commandsThatFailed) decide(did string, id uuid.UUID) error {
	for i, c := range d.failed {
		if c.ID == id {
			d.did, d.failed = append(d.did, did), slices.Delete(d.failed, i, i+1)
			return nil
		}
	}
	return domain.ErrNotFound
}

func (d commandsThatFailed) Retry(_ context.Context, id uuid.UUID) error {
	return d.decide("retry", id)
}

func (d commandsThatFailed) Discard(_ context.Context, id uuid.UUID) error {
	return d.decide("discard", id)
}

type eventsThatFailed struct{ *site }

func (d eventsThatFailed) First(_ context.Context, limit int) ([]FailedEvent, map[string]int64, error) {
	counts := map[string]int64{}
	for _, e := range d.events {
		counts[e.Follower]++
	}
	return d.events[:min(limit, len(d.events))], counts, d.ReadErr
}

func (d eventsThatFailed) Replay(_ context.Context, follower string) (int, error) {
	d.did = append(d.did, "replay "+follower)
	return 1, nil
}

type rebuilds struct{ *site }

func (d rebuilds) List(context.Context) ([]rebuild.Status, error) {
	return d.projections, d.ReadErr
}

func (d rebuilds) Pause(_ context.Context, name string) error { return d.operate("pause", name) }

func (d rebuilds) Resume(_ context.Context, name string) error {
	return d.operate("resume", name)
}

func (d rebuilds) Request(_ context.Context, name string, accept bool) error {
	return d.operate(fmt.Sprintf("rebuild accept=%t", accept), name)
}

func (d rebuilds) operate(did, name string) error {
	if name != "ticket_list" {
		return domain.ErrNotFound
	}
	d.did = append(d.did, did)
	return d.Refusal
}
