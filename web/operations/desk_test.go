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
	"helpdesk/domain/letter"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/rebuild"
	"helpdesk/web"
	"helpdesk/web/webtest"
)

// desk stands in for what is behind the section.
type desk struct {
	*webtest.OneTicket
	page     projections.Page
	more     bool // whether a page follows
	idle     bool // whether no worker has run
	letters  []projections.Email
	statuses []letter.Status
	resent   []letter.Resend
	timers   []Timer
	after    string
	parked   []ParkedCommand
	events   []ParkedEvent
	models   []rebuild.Status
	did      []string
}

func newDesk() *desk { return &desk{OneTicket: webtest.NewTicket()} }

func newSite(t *testing.T, d *desk) *web.Site {
	t.Helper()
	s := &Section{
		Tickets: d, Ledger: letterDesk{d}, Letters: letterDesk{d}, Escalations: d,
		ParkedCommands: parkedCommandDesk{d}, ParkedEvents: parkedEventDesk{d}, Models: modelDesk{d},
	}
	return webtest.Site(t, d.Backend, s.Pages()...)
}

// letterDesk has letters.
type letterDesk struct{ *desk }

func (d letterDesk) Letters(_ context.Context, statuses []letter.Status, p projections.Page) (projections.Slice[projections.Email], error) {
	d.statuses, d.page = statuses, p
	s := projections.Slice[projections.Email]{}
	for _, e := range d.letters {
		if len(statuses) == 0 || slices.Contains(statuses, e.Status) {
			s.Items = append(s.Items, e)
		}
	}
	if d.more {
		s.Next = &projections.Cursor{Key: "x", ID: webtest.TicketID.UUID}
	}
	return s, d.ReadErr
}

func (d letterDesk) CountLetters(context.Context, int) (map[letter.Status]int, error) {
	counts := map[letter.Status]int{}
	for _, e := range d.letters {
		counts[e.Status]++
	}
	return counts, nil
}

func (d letterDesk) Do(_ context.Context, r commands.Request, _ letter.ID, c letter.Command) (commands.Outcome, error) {
	d.resent = append(d.resent, c.(letter.Resend))
	if _, err := letter.Decide(letter.State{Exists: true, Status: letter.StatusFailed}, c); err != nil {
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

type parkedCommandDesk struct{ *desk }

func (d parkedCommandDesk) First(_ context.Context, limit int) ([]ParkedCommand, int64, error) {
	return d.parked[:min(limit, len(d.parked))], int64(len(d.parked)), d.ReadErr
}

func (d parkedCommandDesk) decide(did string, id uuid.UUID) error {
	for i, c := range d.parked {
		if c.ID == id {
			d.did, d.parked = append(d.did, did), slices.Delete(d.parked, i, i+1)
			return nil
		}
	}
	return domain.ErrNotFound
}

func (d parkedCommandDesk) Retry(_ context.Context, id uuid.UUID) error { return d.decide("retry", id) }

func (d parkedCommandDesk) Discard(_ context.Context, id uuid.UUID) error {
	return d.decide("discard", id)
}

type parkedEventDesk struct{ *desk }

func (d parkedEventDesk) First(_ context.Context, limit int) ([]ParkedEvent, map[string]int64, error) {
	counts := map[string]int64{}
	for _, e := range d.events {
		counts[e.Follower]++
	}
	return d.events[:min(limit, len(d.events))], counts, d.ReadErr
}

func (d parkedEventDesk) Replay(_ context.Context, follower string) (int, error) {
	d.did = append(d.did, "replay "+follower)
	return 1, nil
}

type modelDesk struct{ *desk }

func (d modelDesk) List(context.Context) ([]rebuild.Status, error) { return d.models, d.ReadErr }

func (d modelDesk) Pause(_ context.Context, name string) error { return d.operate("pause", name) }

func (d modelDesk) Resume(_ context.Context, name string) error { return d.operate("resume", name) }

func (d modelDesk) Request(_ context.Context, name string, accept bool) error {
	return d.operate(fmt.Sprintf("rebuild accept=%t", accept), name)
}

func (d modelDesk) operate(did, name string) error {
	if name != "ticket_list" {
		return domain.ErrNotFound
	}
	d.did = append(d.did, did)
	return d.Refusal
}
