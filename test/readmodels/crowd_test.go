package readmodels

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/inbound"
	"helpdesk/test/kit"
)

// crowd gives commands at random: some sensible, some not.
type crowd struct {
	*models
	*rand.Rand
	people   []domain.Actor
	tickets  []ticket.ID
	comments map[ticket.ID][]ticket.CommentID
	files    map[ticket.ID][]ticket.AttachmentID
	deleted  []ticket.ID // or not, where it was refused
	written  int         // commands that changed something
	restored int         // tickets
}

func newCrowd(d *models, seed uint64) *crowd {
	c := &crowd{models: d, Rand: rand.New(rand.NewPCG(seed, seed)), comments: map[ticket.ID][]ticket.CommentID{}, files: map[ticket.ID][]ticket.AttachmentID{}}
	for _, a := range everybody {
		if a.Role != "" && a.Role != domain.RoleAuditor {
			c.people = append(c.people, a)
		}
	}
	slices.SortFunc(c.people, func(a, b domain.Actor) int { return bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	return c
}

func pick[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

var titles = []string{
	"Printer", "printer on FIRE", "100% sure", "100 percent", "snake_case", "snakeXcase", `back\slash`, `O'Reilly "quoted"`,
	"Ünïcode Straße", "ünïcode 王", "<b>bold</b>", "$1 ? %s",
}

// act gives one command. A refusal is as good as any other answer.
func (c *crowd) act(t testing.TB) {
	t.Helper()
	ctx, r := kit.Context(t), commands.Request{}
	if c.IntN(5) == 0 { // an import; times repeat, so that lists have ties
		r.OccurredAt = time.Date(2026, 1, 1+c.IntN(3), 7*c.IntN(3), 30*c.IntN(2), 0, c.IntN(2)*1000, time.UTC)
	}
	var out commands.Outcome
	var err error
	who := pick(c.Rand, c.people...)
	switch n := c.IntN(20); {
	case n < 5 || len(c.tickets) == 0:
		id := newTicketID()
		out, err = c.models.tickets.Open(ctx, r, id, ticket.OpenTicket{
			By: ticket.By{Actor: who}, Title: pick(c.Rand, titles...), Description: fmt.Sprint("d", c.IntN(100)),
			Priority: pick(c.Rand, "", ticket.Low, ticket.Medium, ticket.High), CreatedBy: pick(c.Rand, domain.UserID{}, pick(c.Rand, c.people...).ID),
		})
		if err == nil {
			c.tickets = append(c.tickets, id)
		}
	case n < 7:
		out, err = c.editPerson(t, r, who)
	case n < 8:
		out, err = c.sendEmail(t, r)
	case n < 9:
		out, err = c.takeMail(t, r)
	case n < 10 && c.deleted != nil:
		out, err = c.models.tickets.Do(ctx, r, pick(c.Rand, c.deleted...), ticket.RestoreTicket{By: ticket.By{Actor: everybody["rob"]}})
		if err == nil {
			c.restored++
		}
	default:
		id := pick(c.Rand, c.tickets...)
		out, err = c.models.tickets.Do(ctx, r, id, c.command(id, who))
	}
	if err == nil && out.Changed {
		c.written++
	}
}

func (c *crowd) editPerson(t testing.TB, r commands.Request, who domain.Actor) (commands.Outcome, error) {
	t.Helper()
	whom := pick(c.Rand, c.people...).ID
	switch c.IntN(5) {
	case 4:
		return c.models.people.Edit(kit.Context(t), r, user.EditUser{By: user.By{Actor: everybody["rob"]}, ID: whom,
			Notifications: user.NotificationSwitches{Assigned: ptr(c.IntN(2) == 0), Resolved: ptr(c.IntN(2) == 0)}})
	case 0:
		return c.models.people.ChangePassword(kit.Context(t), r, user.ChangePassword{By: user.By{Actor: who}, ID: who.ID}, "hash", nil)
	case 1:
		return c.models.people.Edit(kit.Context(t), r, user.EditUser{By: user.By{Actor: everybody["rob"]}, ID: whom, Active: ptr(c.IntN(2) == 0)})
	case 2:
		return c.models.people.Edit(kit.Context(t), r, user.EditUser{By: user.By{Actor: everybody["rob"]}, ID: whom, Role: ptr(pick(c.Rand, domain.Roles()...))})
	default:
		return c.models.people.Edit(kit.Context(t), r, user.EditUser{By: user.By{Actor: everybody["rob"]}, ID: whom, FirstName: ptr(fmt.Sprint("F", c.IntN(9)))})
	}
}

// sendEmail does something to one of a few emails.
func (c *crowd) sendEmail(t testing.TB, r commands.Request) (commands.Outcome, error) {
	t.Helper()
	id := email.ID{UUID: uuid.UUID{0: 9, 15: byte(c.IntN(5))}}
	day := c.IntN(3)
	at := time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC)
	verdict := pick(c.Rand, email.VerdictSent, email.VerdictRefused, email.VerdictPostponed, email.VerdictUncertain)
	if verdict == email.VerdictPostponed && day == 0 {
		verdict = email.VerdictBlocked
	}
	about := email.Queued{
		Kind: email.Assigned, TicketID: pick(c.Rand, c.tickets...).UUID, TicketNumber: 7, CauseVersion: 2,
		Recipient: pick(c.Rand, c.people...).ID, Address: fmt.Sprintf("ann@%d.example.com", day), At: at,
	}
	ends := []email.Command{
		email.Record{Email: about, Verdict: verdict, Error: "so", Now: at, RetryMin: time.Minute},
		email.Record{Verdict: verdict, Error: "so", Now: at, RetryMin: time.Minute},
		email.Cancel{Email: about, Reason: email.TicketDeleted},
	}
	return commands.NewEmails(c.Store).Do(kit.Context(t), r, id, pick[email.Command](c.Rand,
		email.Queue{Queued: about}, email.Resend{By: email.By{Actor: domain.System()}, Now: at}, ends[0], ends[day]))
}

// takeMail does something to one of a few mailboxes, or of a few messages that came in.
func (c *crowd) takeMail(t testing.TB, r commands.Request) (commands.Outcome, error) {
	t.Helper()
	nth := c.IntN(3)
	if c.IntN(2) == 0 {
		by := mailbox.By{Actor: domain.System()}
		return commands.NewMailboxes(c.Store, inbound.NewMailboxes(c.Pool)).Do(kit.Context(t), r, mailbox.ID{UUID: uuid.UUID{0: 10, 15: byte(nth)}}, pick[mailbox.Command](c.Rand,
			mailbox.Add{By: by, Settings: mailbox.Settings{
				Name: fmt.Sprint("M", nth), Address: fmt.Sprintf("m%d@example.com", nth), DefaultPriority: "low", Strangers: mailbox.Accept,
			}},
			mailbox.Edit{By: by, ReopenDays: ptr(c.IntN(9))}, mailbox.Edit{By: by, Acknowledge: ptr(c.IntN(2) == 0)}, mailbox.Edit{By: by, Active: ptr(c.IntN(2) == 0)}))
	}
	by := message.By{Actor: domain.System()}
	verdict := message.Judged{Verdict: pick(c.Rand, message.Verdicts()...), Reason: message.ReasonNew, Detail: "so", Ticket: pick(c.Rand, c.tickets...).UUID}
	return commands.NewMessages(c.Store).Do(kit.Context(t), r, message.ID{UUID: uuid.UUID{0: 11, 15: byte(nth)}}, pick[message.Command](c.Rand,
		message.Receive{By: by, Received: message.Received{Sender: pick(c.Rand, c.people...).ID, From: "ann@example.org", Subject: fmt.Sprint("S", nth)}},
		message.Judge{By: by, Round: 1, Judged: verdict}, message.Judge{By: by, Round: 2, Judged: verdict},
		message.Release{By: by}, message.Reprocess{By: by}, message.Discard{By: by, Reason: "so"}))
}

func (c *crowd) command(id ticket.ID, who domain.Actor) ticket.Command {
	by := ticket.By{Actor: who}
	if c.IntN(3) == 0 {
		by.Actor = everybody["rob"] // who may most, so that much happens
	}
	assignee := func() ticket.Assignee {
		to := pick(c.Rand, append(c.people, domain.Actor{})...)
		return ticket.Assignee{ID: to.ID, ActiveStaff: to.Role.Staff()}
	}
	status := func() ticket.Status {
		return pick(c.Rand, ticket.StatusOpen, ticket.StatusInProgress, ticket.StatusResolved, ticket.StatusClosed, ticket.StatusEscalated)
	}
	comment := func() ticket.CommentID { return pick(c.Rand, append(c.comments[id], ticket.CommentID{})...) }
	switch n := c.IntN(20); {
	case n < 6:
		return ticket.ChangeStatus{By: by, To: status(), Reason: "because"}
	case n < 8:
		return ticket.AssignTicket{By: by, To: assignee()}
	case n < 10:
		return ticket.EditTicket{
			By: by, Title: ptr(pick(c.Rand, titles...)), Description: ptr(fmt.Sprint("d", c.IntN(100))),
			Priority: ptr(pick(c.Rand, ticket.Low, ticket.Medium, ticket.High)), Status: ptr(status()), AssignedTo: ptr(assignee()),
		}
	case n < 15:
		added := ticket.CommentID{UUID: kit.NewID()}
		c.comments[id] = append(c.comments[id], added)
		return ticket.AddComment{By: by, CommentID: added, Text: fmt.Sprint("text ", n), Internal: c.IntN(3) == 0, Now: time.Now(), Attachments: c.bring(id, by.Actor)}
	case n < 17:
		return ticket.EditComment{By: by, CommentID: comment(), Text: fmt.Sprint("edit ", c.IntN(9)), Now: time.Now()}
	case n == 17 && len(c.files[id]) > 0:
		return ticket.RemoveAttachment{By: by, AttachmentID: pick(c.Rand, c.files[id]...), Now: time.Now()}
	case n < 19:
		return ticket.RemoveComment{By: by, CommentID: comment(), Now: time.Now()}
	default:
		if c.IntN(4) > 0 {
			by.Actor = everybody["rob"]
		}
		c.deleted = append(c.deleted, id)
		return ticket.DeleteTicket{By: by}
	}
}

// bring returns files for a comment on a ticket, mostly none.
func (c *crowd) bring(to ticket.ID, who domain.Actor) (files []ticket.Attachment) {
	for range max(0, c.IntN(5)-2) {
		f := ticket.Attachment{
			ID: ticket.AttachmentID{UUID: kit.NewID()}, Filename: fmt.Sprint("file ", c.IntN(9)), ContentType: "text/plain", Size: 7,
			Digest: "0102", By: who.ID,
		}
		files, c.files[to] = append(files, f), append(c.files[to], f.ID)
	}
	return files
}
