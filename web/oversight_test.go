package web

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/projections"
	"helpdesk/projections/view"
	"helpdesk/rebuild"
)

// What the program hands to New satisfies what these pages ask for.
var (
	_ PeopleHistory = (*projections.Histories)(nil)
	_ Lookup        = (*projections.Reader)(nil)
	_ Ledger        = (*projections.Reader)(nil)
	_ Emails        = (*commands.Emails)(nil)
	_ Models        = (*rebuild.Projections)(nil)
	_ Log           = (*projections.Events)(nil)
	_ Reports       = (*projections.Reader)(nil)
)

// overseer stands in for what the pages of admins and auditors are made of.
type overseer struct{ *desk }

func (d *desk) oversight() Oversight {
	o := overseer{d}
	return Oversight{
		PeopleHistory: o, Lookup: o, Ledger: o, Emails: o, Escalations: o, FailedCommands: failedCommandDesk{d},
		FailedEvents: failedEventDesk{d}, Models: modelDesk{d}, EventLog: logDesk{d}, Proof: o, Reports: reportDesk{d},
	}
}

// overseenDesk is what the overseer has and was asked.
type overseenDesk struct {
	emails    []projections.Email
	statuses  []email.Status
	resent    []email.Resend
	timers    []Timer
	after     string
	failed    []FailedCommand
	events    []FailedEvent
	models    []rebuild.Status
	did       []string
	log       []projections.LoggedEvent
	asked     projections.EventQuery
	head      int64
	unsigned  bool
	proofErr  error
	spans     []projections.Span
	explain   projections.Explain
	behind    []projections.Evidence
	verifying func() // called within a verification
}

func (d *desk) Users(_ context.Context, f projections.UserFilter, p projections.Page) (projections.Slice[view.User], error) {
	var s projections.Slice[view.User]
	d.userFilter, d.peoplePage = f, p
	if f.Search == "nobody" {
		return s, nil
	}
	for _, role := range domain.Roles() {
		if u, _ := d.User(context.Background(), account(string(role)).ID); f.Role == "" || f.Role == role {
			s.Items = append(s.Items, u)
		}
	}
	if d.more {
		s.Next = &projections.Cursor{Key: "user", ID: account("user").ID.UUID}
	}
	return s, d.readErr
}

func (d overseer) User(_ context.Context, _ user.ID, p projections.Page) (projections.Slice[projections.Entry], error) {
	d.page = p
	s := projections.Slice[projections.Entry]{Items: []projections.Entry{{
		Position: 3, Summary: "admin changed the role of user to agent.", OccurredAt: noon,
		Changes: []projections.Change{{Field: "role", Before: "user", After: "agent"}},
	}}}
	if d.more {
		s.Previous = &projections.Cursor{Key: "3", Back: true}
	}
	return s, d.readErr
}

func (d overseer) TicketsByID(_ context.Context, _ domain.Actor, ids []uuid.UUID) (map[uuid.UUID]view.Ticket, error) {
	found := map[uuid.UUID]view.Ticket{}
	if slices.Contains(ids, ticketID.UUID) {
		found[ticketID.UUID] = d.shown()
	}
	return found, d.readErr
}

func (d overseer) Emails(_ context.Context, statuses []email.Status, p projections.Page) (projections.Slice[projections.Email], error) {
	d.statuses, d.page = statuses, p
	s := projections.Slice[projections.Email]{}
	for _, e := range d.emails {
		if len(statuses) == 0 || slices.Contains(statuses, e.Status) {
			s.Items = append(s.Items, e)
		}
	}
	if d.more {
		s.Next = &projections.Cursor{Key: "x", ID: ticketID.UUID}
	}
	return s, d.readErr
}

func (d overseer) CountEmails(context.Context, int) (map[email.Status]int, error) {
	counts := map[email.Status]int{}
	for _, e := range d.emails {
		counts[e.Status]++
	}
	return counts, nil
}

func (d overseer) Do(_ context.Context, r commands.Request, _ email.ID, c email.Command) (commands.Outcome, error) {
	d.resent = append(d.resent, c.(email.Resend))
	if _, err := email.Decide(email.State{Exists: true, Status: email.StatusFailed}, c); err != nil {
		return commands.Outcome{}, err
	}
	return d.note(r)
}

func (d overseer) Spans(context.Context) (Spans, error) {
	return Spans{
		Known: !d.unsigned, Of: map[ticket.Priority]time.Duration{ticket.High: 4 * time.Hour, ticket.Medium: 26 * time.Hour},
		Waiting: []ticket.Status{ticket.StatusOpen, ticket.StatusInProgress},
	}, nil
}

func (d overseer) Pending(_ context.Context, after time.Time, afterID uuid.UUID, limit int) ([]Timer, error) {
	d.after = after.Format(time.RFC3339Nano) + " " + afterID.String()
	return d.timers[:min(limit, len(d.timers))], d.readErr
}

func (d overseer) Newest(context.Context) (Checkpoint, error) {
	if d.unsigned {
		return Checkpoint{}, domain.ErrNotFound
	}
	return Checkpoint{Size: 38, Root: []byte("root"), Note: "desk.example.com\n38\n"}, nil
}

func (d overseer) Verify(_ context.Context, progress func(done, of int64)) (Verification, error) {
	if d.verifying != nil {
		d.verifying()
	}
	progress(10, 40)
	progress(40, 40)
	return Verification{Events: 40, Root: []byte("root"), Checkpoint: Checkpoint{Size: 38}, Checkpoints: 3}, d.proofErr
}

func (d overseer) Export(_ context.Context, w io.Writer) error {
	if d.proofErr != nil {
		return d.proofErr
	}
	_, err := io.WriteString(w, "PK")
	return err
}

type failedCommandDesk struct{ *desk }

func (d failedCommandDesk) First(_ context.Context, limit int) ([]FailedCommand, int64, error) {
	return d.failed[:min(limit, len(d.failed))], int64(len(d.failed)), d.readErr
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
	return d.events[:min(limit, len(d.events))], counts, d.readErr
}

func (d failedEventDesk) Replay(_ context.Context, follower string) (int, error) {
	d.did = append(d.did, "replay "+follower)
	return 1, nil
}

type modelDesk struct{ *desk }

func (d modelDesk) List(context.Context) ([]rebuild.Status, error) { return d.models, d.readErr }

func (d modelDesk) Pause(_ context.Context, name string) error  { return d.operate("pause", name) }
func (d modelDesk) Resume(_ context.Context, name string) error { return d.operate("resume", name) }

func (d modelDesk) Request(_ context.Context, name string, accept bool) error {
	return d.operate(fmt.Sprintf("rebuild accept=%t", accept), name)
}

func (d modelDesk) operate(did, name string) error {
	if name != "ticket_list" {
		return domain.ErrNotFound
	}
	d.did = append(d.did, did)
	return d.refusal
}

type logDesk struct{ *desk }

func (d logDesk) Types() []string {
	return []string{"email.sent", "ticket.assigned", "ticket.opened", "user.registered"}
}
func (d logDesk) Known(name string) bool              { return slices.Contains(d.Types(), name) }
func (d logDesk) Head(context.Context) (int64, error) { return max(d.head, 40), nil }

func (d logDesk) Select(_ context.Context, q projections.EventQuery, limit int) ([]projections.LoggedEvent, error) {
	d.asked = q
	last := slices.Clone(d.log[:min(limit, len(d.log))]) // it is kept the newest first
	slices.Reverse(last)
	return last, d.readErr
}

// TestOnlyThoseWhoOverseeSeeTheirPages also sees every page of theirs open.
func TestOnlyThoseWhoOverseeSeeTheirPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, newDesk())
	for _, p := range s.oversight() {
		path := strings.NewReplacer(":name", "user", ":id", ticketID.String()).Replace(Root + p.path + "/")
		if p.method != "GET" {
			continue
		}
		for _, role := range []string{"user", "agent"} {
			holds(t, get(s, role, path), 403, "You may not do this")
		}
		for _, role := range []string{"admin", "auditor"} {
			if w := get(s, role, path); w.Code != 200 && w.Code != 303 && path != behindPath { // which wants to know the number
				t.Errorf("%s gets %d for %s: %s", role, w.Code, path, w.Body)
			}
		}
		leads(t, get(s, "", path), "/admin/sign-in/?next="+strings.ReplaceAll(strings.TrimSuffix(path, "/"), "/", "%2F"))
	}
	for role, sees := range map[string]bool{"user": false, "agent": false, "admin": true, "auditor": true} {
		w := get(s, role, "/admin/tickets/")
		if got := strings.Contains(w.Body.String(), `href="/admin/people/"`); got != sees {
			t.Errorf("%s has a link to people: %t, want %t", role, got, sees)
		}
	}
}
