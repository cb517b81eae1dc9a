package saga

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/test/kit"
)

// mailed is a ticket of ann's, which eve works on, with an email of each kind that is to
// be sent: sue is an admin.
type mailed struct {
	*service
	ann, eve, sue domain.UserID
	ticket        ticket.ID
	comment       ticket.CommentID
	emails        map[string]SendEmail
}

func newMailed(t testing.TB) mailed {
	t.Helper()
	d := mailed{service: newService(t), comment: ticket.CommentID{UUID: uuid.New()}}
	d.ann, d.eve, d.sue = d.register(t, "ann", domain.RoleUser), d.register(t, "eve", domain.RoleAgent), d.register(t, "sue", domain.RoleAdmin)
	d.register(t, "rob", domain.RoleAdmin)
	d.ticket = d.open(t, d.ann, ticket.Low, time.Time{})
	by := ticket.By{Actor: domain.Actor{Kind: domain.ActorUser, ID: d.eve, Role: domain.RoleAgent}}
	d.do(t, d.ticket, ticket.AssignTicket{By: system(), To: ticket.Assignee{ID: d.eve, ActiveStaff: true}})
	d.do(t, d.ticket, ticket.AddComment{By: by, CommentID: d.comment, Text: "Your salary is 5200.", Now: time.Now()})
	d.do(t, d.ticket, ticket.ChangeStatus{By: by, To: ticket.StatusEscalated, Reason: "Nobody knows."})
	d.do(t, d.ticket, ticket.ChangeStatus{By: by, To: ticket.StatusResolved, Reason: "New fuser."})
	about := func(k email.Kind, version int, to domain.UserID) SendEmail {
		return SendEmail{Email: uuid.New(), Kind: k, TicketID: d.ticket.UUID, CauseVersion: version, Recipient: to, Actor: d.eve}
	}
	d.emails = map[string]SendEmail{
		"assigned": about(email.Assigned, 2, d.eve), "commented": about(email.Commented, 3, d.ann), "resolved": about(email.Resolved, 5, d.ann),
		"escalated": about(email.Escalated, 4, d.ann), "escalated to an admin": about(email.Escalated, 4, d.sue),
		"replied": about(email.Replied, 3, d.eve), "taken back": about(email.TakenBack, 2, d.sue), "acknowledged": about(email.Acknowledged, 1, d.ann),
	}
	return d
}

// edits changes somebody's account.
func (d mailed) edits(t testing.TB, id domain.UserID, change func(*user.EditUser)) {
	t.Helper()
	c := user.EditUser{By: user.By{Actor: domain.System()}, ID: id}
	change(&c)
	if _, err := d.people.Edit(kit.Context(t), commands.Request{}, c); err != nil {
		t.Fatal(err)
	}
}

// An email is looked at when its turn comes, the first time and after each wait.
func TestAnEmailThatHoldsNoMoreIsCancelled(t *testing.T) {
	t.Parallel()
	reopen := func(t *testing.T, d mailed) { d.do(t, d.ticket, become(ticket.StatusOpen)) }
	switchOff := func(who func(mailed) domain.UserID, n user.NotificationSwitches) func(*testing.T, mailed) {
		return func(t *testing.T, d mailed) {
			d.edits(t, who(d), func(c *user.EditUser) { c.Notifications = n })
		}
	}
	ann, eve, sue := func(d mailed) domain.UserID { return d.ann }, func(d mailed) domain.UserID { return d.eve }, func(d mailed) domain.UserID { return d.sue }
	role := func(who func(mailed) domain.UserID, to domain.Role) func(*testing.T, mailed) {
		return func(t *testing.T, d mailed) { d.edits(t, who(d), func(c *user.EditUser) { c.Role = &to }) }
	}
	for name, c := range map[string]struct {
		email string
		then  func(*testing.T, mailed)
		want  email.Reason
		late  bool // only after a wait
	}{
		"the comment was removed": {"commented", func(t *testing.T, d mailed) {
			d.do(t, d.ticket, ticket.RemoveComment{By: system(), CommentID: d.comment, Now: time.Now()})
		}, email.CommentRemoved, false},
		"the comment was redacted": {"commented", func(t *testing.T, d mailed) {
			d.do(t, d.ticket, ticket.RedactText{By: system(), Subject: ticket.Subject{Field: ticket.FieldComment, CommentID: d.comment}, Reason: "a salary"})
		}, email.CommentRedacted, false},
		"the reply was redacted": {"replied", func(t *testing.T, d mailed) {
			d.do(t, d.ticket, ticket.RedactText{By: system(), Subject: ticket.Subject{Field: ticket.FieldComment, CommentID: d.comment}, Reason: "a salary"})
		}, email.CommentRedacted, false},
		"the ticket was deleted": {"resolved", func(t *testing.T, d mailed) { d.do(t, d.ticket, ticket.DeleteTicket{By: system()}) }, email.TicketDeleted, false},
		"emails to the recipient come back": {"commented", func(t *testing.T, d mailed) {
			if _, err := d.people.ReportBounce(kit.Context(t), commands.Request{}, user.ReportBounce{By: user.By{Actor: domain.System()}, ID: d.ann, Address: "ann@example.com"}); err != nil {
				t.Fatal(err)
			}
		}, email.AddressBounces, false},
		"the recipient was deactivated": {"commented", func(t *testing.T, d mailed) {
			d.edits(t, d.ann, func(c *user.EditUser) { c.Active = new(false) })
		}, email.RecipientInactive, false},
		"the recipient was erased": {"commented", func(t *testing.T, d mailed) {
			if _, err := d.people.Erase(kit.Context(t), commands.Request{}, d.ann, user.Erase{By: user.By{Actor: domain.System()}}); err != nil {
				t.Fatal(err)
			}
		}, email.RecipientErased, false},
		"the reply was removed": {"replied", func(t *testing.T, d mailed) {
			d.do(t, d.ticket, ticket.RemoveComment{By: system(), CommentID: d.comment, Now: time.Now()})
		}, email.CommentRemoved, false},
		"replies are switched off":     {"replied", switchOff(eve, user.NotificationSwitches{Commented: new(false)}), email.NotificationsOff, false},
		"who worked on it is no staff": {"replied", role(eve, domain.RoleUser), email.RoleChanged, false},
		"somebody else works on it": {"replied", func(t *testing.T, d mailed) {
			d.do(t, d.ticket, ticket.AssignTicket{By: system(), To: ticket.Assignee{ID: d.sue, ActiveStaff: true}})
		}, email.AssigneeChanged, true},
		"who should hear of who left is no admin": {"taken back", role(sue, domain.RoleAgent), email.RoleChanged, false},
		"comments are switched off":               {"commented", switchOff(ann, user.NotificationSwitches{Commented: new(false)}), email.NotificationsOff, false},
		"resolutions are switched off":            {"resolved", switchOff(ann, user.NotificationSwitches{Resolved: new(false)}), email.NotificationsOff, false},
		"assignments are switched off":            {"assigned", switchOff(eve, user.NotificationSwitches{Assigned: new(false)}), email.NotificationsOff, false},
		"who opened it by mail is staff":          {"acknowledged", role(ann, domain.RoleAgent), email.RoleChanged, false},
		"what it is to acknowledge is resolved":   {"acknowledged", func(*testing.T, mailed) {}, email.StatusChanged, true},
		"what it is to acknowledge was deleted":   {"acknowledged", func(t *testing.T, d mailed) { d.do(t, d.ticket, ticket.DeleteTicket{By: system()}) }, email.TicketDeleted, false},
		"escalations are switched off":            {"escalated", switchOff(ann, user.NotificationSwitches{Escalated: new(false)}), email.NotificationsOff, false},
		"somebody else is assigned": {"assigned", func(t *testing.T, d mailed) {
			d.do(t, d.ticket, ticket.AssignTicket{By: system(), To: ticket.Assignee{ID: d.sue, ActiveStaff: true}})
		}, email.AssigneeChanged, false},
		"nobody is assigned":             {"assigned", func(t *testing.T, d mailed) { d.do(t, d.ticket, ticket.AssignTicket{By: system()}) }, email.AssigneeChanged, false},
		"the assignee is no staff":       {"assigned", role(eve, domain.RoleUser), email.RoleChanged, false},
		"the admin is none any more":     {"escalated to an admin", role(sue, domain.RoleAgent), email.RoleChanged, false},
		"the ticket was reopened":        {"resolved", reopen, email.StatusChanged, true},
		"the escalated one was resolved": {"escalated", func(*testing.T, mailed) {}, email.StatusChanged, true},
	} {
		for turn, waits := range map[string]bool{"at first": false, "after a wait": true} {
			if c.late && !waits {
				continue
			}
			t.Run(name+" "+turn, func(t *testing.T) {
				t.Parallel()
				d := newMailed(t)
				order := d.emails[c.email]
				d.order(t, order)
				if waits {
					d.away(t, order)
				}
				c.then(t, d)
				d.wantCancelled(t, order, c.want)
			})
		}
	}
}

// away has the mail server be away while an email is tried.
func (d mailed) away(t testing.TB, order SendEmail) {
	t.Helper()
	d.mailer.does(func(email.Content, func() error) error { return fault(email.VerdictPostponed) })
	if _, later := retryAfter(d.send(t)); !later || d.emailStatus(t, order.Email) != email.StatusQueued {
		t.Fatal("want the email to wait")
	}
	d.mailer.does(nil)
	d.late = 2 * time.Hour
}

func (d mailed) wantCancelled(t testing.TB, order SendEmail, want email.Reason) {
	t.Helper()
	if err := d.send(t); err != nil {
		t.Fatal(err)
	}
	events := d.Stream(t, order.Email)
	got, _ := events[len(events)-1].Event.(email.Cancelled)
	if got.Reason != want || d.mailer.count() != 0 {
		t.Errorf("the email ended with %+v, sent %d times; want it cancelled: %s", events[len(events)-1].Event, d.mailer.count(), want)
	}
}

// An admin hears of an escalation whatever they switched off.
func TestAnEmailThatStillHoldsIsSent(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"assigned", "commented", "escalated", "escalated to an admin", "resolved"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			d := newMailed(t)
			d.edits(t, d.sue, func(c *user.EditUser) { c.Notifications.Escalated = new(false) })
			d.order(t, d.emails[kind])
			if err := d.send(t); err != nil || d.mailer.count() != 1 {
				t.Fatalf("sent %d times, %v; want once", d.mailer.count(), err)
			}
		})
	}
}

func TestAnEmailSaysWhatIsTrueWhenItIsSent(t *testing.T) {
	t.Parallel()
	for name, sentBefore := range map[string]bool{"after a wait": false, "when it is sent again": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newMailed(t)
			order := d.emails["commented"]
			d.order(t, order)
			if sentBefore {
				d.mailer.does(func(_ email.Content, over func() error) error {
					if err := over(); err != nil {
						return err
					}
					return fault(email.VerdictUncertain)
				})
				if err := d.send(t); err != nil {
					t.Fatal(err)
				}
				d.mailer.does(nil)
				d.resend(t, order.Email)
			} else {
				d.away(t, order)
			}
			d.do(t, d.ticket, ticket.EditComment{By: system(), CommentID: d.comment, Text: "Ask me.", Now: time.Now()})
			d.do(t, d.ticket, ticket.EditTicket{By: system(), Title: new("Plotter")})
			d.edits(t, d.ann, func(c *user.EditUser) {
				c.Email, c.FirstName, c.LastName = new("ann@example.net"), new("Ann"), new("Lee")
			})
			if err := d.send(t); err != nil {
				t.Fatal(err)
			}
			got := d.mailer.emails[0]
			got.At = time.Time{}
			want := email.Content{
				ID: email.ID{UUID: order.Email}, Kind: email.Commented, To: email.Addressee{Name: "Ann Lee", Address: "ann@example.net"},
				Ticket: email.Ticket{ID: d.ticket.UUID, Number: 1, Title: "Plotter", Priority: "low", Status: "resolved", Requester: "ann", Assignee: "eve"},
				Actor:  "eve", Text: "Ask me.",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
			s, err := d.service.emails.State(kit.Context(t), want.ID)
			if err != nil || s.Address != "ann@example.net" {
				t.Errorf("the log says that it went to %s, %v", s.Address, err)
			}
		})
	}
}

func TestAnEmailThatIsSentAtOnceIsOneEvent(t *testing.T) {
	t.Parallel()
	d := newMailed(t)
	order := d.emails["commented"]
	d.order(t, order)
	if err := d.send(t); err != nil {
		t.Fatal(err)
	}
	if events := d.Stream(t, order.Email); len(events) != 1 {
		t.Errorf("the log has %d events of the email, want 1", len(events))
	}
}
