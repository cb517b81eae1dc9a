package inbound

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/projections"
	"helpdesk/projections/messages"
	"helpdesk/projections/view"
	"helpdesk/web/webtest"
)

// site has the pages of the section, and what is behind them.
type site struct {
	*webtest.Site
	filter  messages.Filter
	did     []string
	refused error // by the server of a mailbox
}

func open(t testing.TB) *site {
	s := &site{Site: webtest.New(t)}
	app := s.App()
	app.Messages, app.Mailboxes = ledger{s}, boxes{s}
	s.Serve((&Section{App: app, Read: s, Passwords: s, Check: func(context.Context, mailbox.ID) (uint32, error) { return 12, s.refused }}).Pages()...)
	return s
}

var (
	waiting = view.Message{ID: uuid.UUID{1}, From: "eve@example.org", Subject: "Let <me> in", Verdict: message.Quarantined, Detail: "Its author is not known.", ReceivedAt: webtest.Noon}
	opened  = view.Message{ID: uuid.UUID{2}, From: "ann@example.org", Verdict: message.NewTicket, Detail: "It goes on no conversation.", Ticket: &webtest.TicketID.UUID, ReceivedAt: webtest.Noon}
	support = view.Mailbox{ID: uuid.UUID{3}, Name: "Support", Address: "support@example.com", DefaultPriority: "low", Strangers: mailbox.Accept, ReopenDays: 14, IsActive: true}
)

func (s *site) Messages(_ context.Context, f messages.Filter, _ projections.Page) (projections.Slice[view.Message], error) {
	s.filter = f
	all := projections.Slice[view.Message]{Items: []view.Message{waiting}}
	if len(f.Verdicts) == 0 {
		all.Items = append(all.Items, opened)
		all.Next = &projections.Cursor{Key: "x", ID: opened.ID}
	}
	if len(f.Verdicts) == 1 {
		all.Items = nil
	}
	return all, nil
}

func (s *site) Mailboxes(context.Context, *bool, projections.Page) (projections.Slice[view.Mailbox], error) {
	return projections.Slice[view.Mailbox]{Items: []view.Mailbox{support}}, nil
}

func (s *site) Mailbox(_ context.Context, id mailbox.ID) (view.Mailbox, error) {
	if id.UUID != support.ID {
		return view.Mailbox{}, domain.ErrNotFound
	}
	return support, nil
}

func (s *site) TicketsByID(_ context.Context, _ domain.Actor, ids []uuid.UUID) (map[uuid.UUID]view.Ticket, error) {
	found := map[uuid.UUID]view.Ticket{}
	for _, id := range ids {
		found[id] = view.Ticket{ID: id, Number: 7}
	}
	return found, nil
}

// ledger carries out commands on messages.
type ledger struct{ *site }

func (d ledger) Do(_ context.Context, r commands.Request, id message.ID, c message.Command) (commands.Outcome, error) {
	s := message.Evolve(message.Evolve(message.State{}, message.Received{}), message.Judged{Verdict: waiting.Verdict})
	if _, err := message.Decide(s, c); err != nil {
		return commands.Outcome{}, err
	}
	d.did = append(d.did, fmt.Sprintf("%T of %s", c, id))
	return d.Note(r)
}

func (s *site) Seal(_ context.Context, _ mailbox.ID, password string) ([]byte, error) {
	return []byte(password), nil
}

// boxes carries out commands on mailboxes.
type boxes struct{ *site }

func (d boxes) Do(_ context.Context, r commands.Request, _ mailbox.ID, c mailbox.Command) (commands.Outcome, error) {
	s := mailbox.State{Exists: true, Active: true, Settings: mailbox.Settings{
		Name: support.Name, Address: support.Address, DefaultPriority: support.DefaultPriority, Strangers: support.Strangers, ReopenDays: support.ReopenDays,
	}}
	if _, adds := c.(mailbox.Add); adds {
		s = mailbox.State{}
	}
	events, err := mailbox.Decide(s, c)
	if err != nil {
		return commands.Outcome{}, err
	}
	for _, e := range events {
		d.did = append(d.did, e.EventType())
	}
	return d.Note(r)
}

func (s *site) wantDid(t *testing.T, want ...string) {
	t.Helper()
	if fmt.Sprint(s.did) != fmt.Sprint(want) {
		t.Errorf("did %v, want %v", s.did, want)
	}
}

const first = "/admin/inbound/01000000-0000-0000-0000-000000000000/"

func TestTheLedgerOfMessages(t *testing.T) {
	t.Parallel()
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"what needs attention is shown first": func(t *testing.T, s *site) {
			s.Get("admin", "/admin/inbound/").Holds(200, "Let &lt;me&gt; in", "eve@example.org", "in quarantine", "Its author is not known.", "Release", "Judge again", "Discard").Lacks("ann@example.org")
			if fmt.Sprint(s.filter.Verdicts) != fmt.Sprint(attention) {
				t.Errorf("asked for %v", s.filter.Verdicts)
			}
		},
		"all of them, with their tickets": func(_ *testing.T, s *site) {
			a := s.Get("admin", "/admin/inbound/?verdict=all").Holds(200, "ann@example.org", "new ticket", "#7", "(no title)")
			s.Get("admin", a.Next()).Holds(200)
		},
		"none": func(_ *testing.T, s *site) {
			s.Get("admin", "/admin/inbound/?verdict=refused").Holds(200, "No results")
		},
		"an unknown verdict": func(_ *testing.T, s *site) { s.Get("admin", "/admin/inbound/?verdict=lost").Holds(400) },
		"an auditor looks": func(_ *testing.T, s *site) {
			s.Get("auditor", "/admin/inbound/").Holds(200, "eve@example.org").Lacks("Release", "Discard")
		},
		"and decides nothing": func(_ *testing.T, s *site) { s.Post("auditor", first+"release/").Holds(403) },
		"an agent does not":   func(_ *testing.T, s *site) { s.Get("agent", "/admin/inbound/").Holds(403) },
		"no other verb":       func(_ *testing.T, s *site) { s.Post("admin", first+"burn/").Holds(404) },
		"a discarding has a word": func(_ *testing.T, s *site) {
			s.Post("admin", first+"discard/", "reason", " ").Holds(400, "value is required")
		},
		"an admin decides": func(t *testing.T, s *site) {
			s.Post("admin", first+"release/?verdict=quarantined").Leads("/admin/inbound/?verdict=quarantined")
			s.Post("admin", first+"reprocess/", "command", "01900000-0000-7000-8000-00000000000b").Leads("/admin/inbound/")
			s.Post("admin", first+"discard/", "reason", "spam", "command", "01900000-0000-7000-8000-00000000000c").Leads("/admin/inbound/")
			of := " of " + waiting.ID.String()
			s.wantDid(t, "message.Release"+of, "message.Reprocess"+of, "message.Discard"+of)
		},
	})
}

func TestMailboxesOnTheSite(t *testing.T) {
	t.Parallel()
	path := "/admin/mailboxes/" + support.ID.String() + "/"
	fields := []string{"name", "Sales", "address", "sales@example.com", "priority", "high", "strangers", "refuse", "reopen_days", "3"}
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"are listed": func(_ *testing.T, s *site) {
			s.Get("admin", "/admin/mailboxes/").Holds(200, "support@example.com", "are let in", "active", "Add mailbox")
		},
		"for admins alone": func(_ *testing.T, s *site) {
			s.Get("auditor", "/admin/mailboxes/").Holds(403)
			s.Post("auditor", "/admin/mailboxes/", fields...).Holds(403)
		},
		"are added": func(t *testing.T, s *site) {
			s.Post("admin", "/admin/mailboxes/", fields...).Leads("/admin/mailboxes/")
			s.wantDid(t, "mailbox.added")
		},
		"what is wrong is said at the field": func(t *testing.T, s *site) {
			s.Post("admin", "/admin/mailboxes/", "name", "Sales", "address", "sales", "priority", "low", "strangers", "accept", "reopen_days", "3").Holds(400, "not a valid mail address")
			s.Post("admin", "/admin/mailboxes/", "name", "Sales", "address", "sales@example.com", "priority", "low", "strangers", "accept", "reopen_days", "x").Holds(400, "Must be 0 to 3650", `value="Sales"`)
			s.wantDid(t)
		},
		"have a page": func(_ *testing.T, s *site) {
			s.Get("admin", path).Holds(200, `value="support@example.com"`, "Archive Support")
		},
		"that there may be": func(_ *testing.T, s *site) { s.Get("admin", "/admin/mailboxes/"+waiting.ID.String()+"/").Holds(404) },
		"are changed": func(t *testing.T, s *site) {
			s.Post("admin", path, fields...).Leads(path)
			s.wantDid(t, "mailbox.changed")
		},
		"fetch messages": func(t *testing.T, s *site) {
			s.Post("admin", path+"imap/", "imap/url", "imaps://desk@mail.example.com", "imap/after", "seen", "password", "open sesame").Leads(path)
			s.Post("admin", path+"imap/", "imap/url", "", "imap/after", "seen").Leads(path)
			s.wantDid(t, "mailbox.changed", "mailbox.password_set")
		},
		"with a password": func(t *testing.T, s *site) {
			s.Post("admin", path+"imap/", "imap/url", "imaps://desk@mail.example.com", "imap/after", "seen").
				Holds(400, "The password is needed with a server", `value="imaps://desk@mail.example.com"`)
			s.Post("admin", path+"imap/", "imap/url", "mail.example.com", "imap/after", "gone", "password", "open sesame").Holds(400, `value="mail.example.com"`, `value="gone"`).Lacks("open sesame")
			s.wantDid(t)
		},
		"and are checked": func(t *testing.T, s *site) {
			told := func() string { return s.Post("admin", path+"check/").Leads(path).Header().Get("Set-Cookie") }
			works := told()
			s.refused = errors.New("sign in to mail.example.com: no")
			if fails := told(); works == "" || fails == "" || fails == works {
				t.Errorf("told %q where it works, %q where it fails", works, fails)
			}
		},
		"and archived": func(t *testing.T, s *site) {
			s.Post("admin", path+"activity/", "to", "inactive").Leads(path)
			s.wantDid(t, "mailbox.archived")
		},
	})
}
