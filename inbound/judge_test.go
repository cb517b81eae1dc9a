package inbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"helpdesk/attachments"
	"helpdesk/attachments/blobs"
	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// desk is a ledger and its judge over a log, with one mailbox.
type desk struct {
	*kit.Log
	*Judge
	box mailbox.ID
}

// noNumbers knows no ticket by its number.
type noNumbers struct{}

func (noNumbers) TicketID(context.Context, ticket.Ref) (ticket.ID, error) {
	return ticket.ID{}, domain.ErrNotFound
}

func newDesk(t *testing.T) desk {
	t.Helper()
	l := kit.New(t)
	hasher, err := auth.NewHasher(auth.HashConfig{MemoryKiB: 64, Iterations: 1})
	if err != nil {
		t.Fatal(err)
	}
	accounts := auth.NewAccounts(l.Pool, hasher)
	files := attachments.New(l.Pool, l.Codec().Keys(), blobs.NewPostgres(l.Pool), attachments.Limits{File: 1 << 20, Loose: 1 << 20})
	ledger := NewLedger(l.Pool, l.Store, files, accounts, 1<<20)
	tickets := commands.NewTickets(l.Store, l.Store).Beside(attachments.InTheAppend)
	d := desk{Log: l, Judge: NewJudge(ledger, l.Store, tickets, commands.NewPeople(l.Store, accounts), noNumbers{}, accounts.NoPassword(), Rules{Limit: 20})}
	d.box = mailbox.ID{UUID: kit.NewID()}
	_, err = commands.NewMailboxes(l.Store, NewMailboxes(l.Pool)).Do(kit.Context(t), commands.Request{}, d.box, mailbox.Add{
		By:       mailbox.By{Actor: domain.System()},
		Settings: mailbox.Settings{Name: "Support", Address: "support@example.com", DefaultPriority: "low", Strangers: mailbox.Accept},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// takes takes a message in.
func (d desk) takes(t *testing.T, text string) message.ID {
	t.Helper()
	out, err := d.Receive(kit.Context(t), commands.Request{}, d.box, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return message.ID{UUID: out.StreamID}
}

// judges judges a message, and returns its verdict.
func (d desk) judges(t *testing.T, id message.ID) message.Judged {
	t.Helper()
	if err := d.Judge.Judge(kit.Context(t), commands.Request{}, id); err != nil {
		t.Fatal(err)
	}
	s, _, err := d.messages.State(kit.Context(t), id)
	if err != nil {
		t.Fatal(err)
	}
	return s.Outcome
}

// count returns how many events of a type the log has.
func (d desk) count(t *testing.T, kind string) int {
	t.Helper()
	return int(kit.One[int64](t, d.Pool, `SELECT count(*) FROM events WHERE type = $1`, kind))
}

// withFile is a message with a file, from an address.
func withFile(from string, fields ...string) string {
	return "From: " + from + "\r\n" + strings.Join(append(fields, ""), "\r\n") + "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" +
		"--x\r\nContent-Type: text/plain\r\n\r\nSee.\r\n--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=log.txt\r\n\r\nSo it is.\r\n--x--\r\n"
}

// A judge that ends at any point leaves what another goes on with: there is one ticket, one
// contact, one file, one comment.
func TestAJudgeThatEndsEarlyRepeatsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx := kit.Context(t)
	first := d.takes(t, withFile("ann@example.org", "Message-ID: <1@example.org>"))
	second := d.takes(t, withFile("ann@example.org", "Message-ID: <2@example.org>", "In-Reply-To: <1@example.org>"))
	for _, c := range []struct {
		id      message.ID
		verdict message.Verdict
	}{{first, message.NewTicket}, {second, message.Reply}} {
		s, came, err := d.messages.State(ctx, c.id)
		if err != nil {
			t.Fatal(err)
		}
		unsaid, err := d.decide(ctx, &incoming{State: s, id: c.id, request: commands.Request{CausationID: came.EventID}})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := d.judges(t, c.id); got.Verdict != c.verdict || got.Ticket != unsaid.Ticket || got.Comment != unsaid.Comment {
				t.Errorf("after a crash it is %+v, before it was %+v", got, unsaid)
			}
		}
	}
	for kind, want := range map[string]int{
		"ticket.opened": 1, "user.registered": 1, "ticket.attachment_added": 2, "ticket.comment_added": 1, "mail.received": 2, "mail.judged": 2,
	} {
		if got := d.count(t, kind); got != want {
			t.Errorf("%s: got %d, want %d", kind, got, want)
		}
	}
}

// broken breaks off.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestWhatBreaksOffIsNoMessage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	text := withFile("ann@example.org")
	if _, err := d.Receive(kit.Context(t), commands.Request{}, d.box, broken{strings.NewReader(text)}); err == nil {
		t.Error("a message that broke off was taken")
	}
	if n := d.count(t, "mail.received"); n != 0 {
		t.Errorf("%d messages were received", n)
	}
	d.takes(t, text)
	if n := kit.One[int64](t, d.Pool, `SELECT count(*) FROM uploads WHERE doomed_at IS NULL`); n != 1 {
		t.Errorf("%d blobs are kept, want that of the message", n)
	}
}

// The same message by several doors at once is one, and many of somebody new at once make
// one contact.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var group errgroup.Group
	ids := make([]uuid.UUID, 8)
	for i := range ids {
		group.Go(func() error {
			out, err := d.Receive(kit.Context(t), commands.Request{}, d.box, strings.NewReader(withFile("ann@example.org")))
			ids[i] = out.StreamID
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("one message has the ids %v", ids)
		}
	}
	for i := range 6 {
		id := d.takes(t, withFile("bob@example.org", fmt.Sprintf("Message-ID: <%d@example.org>", i)))
		group.Go(func() error {
			for {
				err := d.Judge.Judge(kit.Context(t), commands.Request{}, id)
				if later := (stalled{}); !errors.As(err, &later) {
					return err
				}
			}
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if people, tickets := d.count(t, "user.registered"), d.count(t, "ticket.opened"); people != 1 || tickets != 6 {
		t.Errorf("got %d contacts and %d tickets, want 1 and 6", people, tickets)
	}
}

func TestAMessageWaitsForTheOneItAnswers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.takes(t, withFile("ann@example.org", "Message-ID: <1@example.org>"))
	second := d.takes(t, withFile("ann@example.org", "Message-ID: <2@example.org>", "References: <1@example.org>"))
	err := d.Judge.Judge(kit.Context(t), commands.Request{}, second)
	var later interface{ RetryAfter() time.Duration }
	if !errors.As(err, &later) || later.RetryAfter() <= 0 {
		t.Fatalf("got %v, want to be asked later", err)
	}
	third := d.takes(t, withFile("ann@example.org", "Message-ID: <3@example.org>", "References: <1@example.org>"))
	d.now = func() time.Time { return time.Now().Add(stallMost) }
	if alone := d.judges(t, third); alone.Verdict != message.NewTicket {
		t.Errorf("what waits too long is %+v", alone)
	}
	opened := d.judges(t, first)
	if reply := d.judges(t, second); reply.Verdict != message.Reply || reply.Ticket != opened.Ticket {
		t.Errorf("the answer is %+v, and was to %+v", reply, opened)
	}
}

// A message of a thousand files that are not taken says so of some.
func TestManyFilesAreNamedInShort(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	many := "From: ann@example.org\r\nSubject: a\u0085b\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nSee.\r\n"
	for i := range 100 {
		many += fmt.Sprintf("--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=%d-%s\r\n\r\nx\r\n", i, strings.Repeat("long", 60))
	}
	judged := d.judges(t, d.takes(t, many+"--x--\r\n"))
	if judged.Verdict != message.NewTicket {
		t.Fatalf("it is %+v", judged)
	}
	events := d.Stream(t, judged.Ticket)
	opened := events[0].Event.(ticket.Opened)
	if got := len(events) - 1; got != ticket.AttachmentsMax || !strings.HasSuffix(opened.Description, "[Nor were 60 more.]") || opened.Title != "a b" {
		t.Errorf("%d files are attached, and the ticket %q ends in %q", got, opened.Title, opened.Description[len(opened.Description)-100:])
	}
}

// A file that holds nothing, or nothing that can be read, is named.
func TestNoFileVanishes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	many := "From: ann@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nSee.\r\n"
	for _, part := range []string{"empty.png\r\n\r\n", "broken.png\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%%\r\n", "short.txt\r\nContent-Transfer-Encoding: base64\r\n\r\nU28gaXQga\r\n"} {
		many += "--x\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=" + part
	}
	events := d.Stream(t, d.judges(t, d.takes(t, many+"--x--\r\n")).Ticket)
	want := "See.\n\n[The file empty.png was not taken: the file is empty.]\n[The file broken.png was not taken: its bytes cannot be read.]"
	if got := events[0].Event.(ticket.Opened).Description; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if file := events[1].Event.(ticket.AttachmentAdded); len(events) != 2 || file.Filename != "short.txt" {
		t.Errorf("%d events, the file %+v", len(events), file)
	}
}

// What claims to be old is history where it comes last, and else a reply of now.
func TestHistoryNeverTurnsTimeBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	now := time.Now()
	_, err := d.mailboxes.Do(kit.Context(t), commands.Request{}, d.box, mailbox.Edit{By: mailbox.By{Actor: domain.System()}, ImportBefore: &now, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	of := func(id, year string) string {
		return withFile("ann@example.org", "Message-ID: <"+id+"@example.org>", "References: <first@example.org>", "Date: Mon, 05 Jan "+year+" 10:00:00 +0000")
	}
	opened := d.judges(t, d.takes(t, of("first", "2015")))
	for _, c := range []struct {
		id, year string
		history  bool
	}{{"second", "2016", true}, {"third", "2014", false}, {"fourth", "2017", false}} {
		before := time.Now().Add(-time.Minute)
		if judged := d.judges(t, d.takes(t, of(c.id, c.year))); judged.Verdict != message.Reply || judged.Ticket != opened.Ticket {
			t.Fatalf("%s is %+v", c.id, judged)
		}
		events := d.Stream(t, opened.Ticket)
		last := events[len(events)-1]
		if last.OccurredAt.Before(before) != c.history || (last.ActorKind == domain.ActorImport) != c.history {
			t.Errorf("%s happened at %v by %s", c.id, last.OccurredAt, last.ActorKind)
		}
	}
}

// What only looks like the report of a server is of who wrote it, and erased with them.
func TestWhatLooksLikeAReport(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.takes(t, "From: ann@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=sales; boundary=x\r\n\r\n--x\r\n\r\nUp.\r\n--x--\r\n")
	if judged := d.judges(t, id); judged.Verdict != message.NewTicket {
		t.Fatalf("it is %+v", judged)
	}
	ann, err := d.accounts.Find(kit.Context(t), "ann@example.org")
	if err != nil || ann.ID.UUID == id.UUID {
		t.Fatalf("its author is %v, %v", ann.ID, err)
	}
	if also, err := Aliases(kit.Context(t), d.Pool, ann.ID, nil); err != nil || len(also) != 1 || also[0].UUID != id.UUID {
		t.Errorf("erased with its author: got %v, %v, want %v", also, err, id)
	}
}

func TestWhatContactsAreCalled(t *testing.T) {
	id := uuid.MustParse("0197c2a4-8f00-7000-8000-0000deadbeef")
	for address, want := range map[string]string{
		"Ann.Smith+x@example.org": "ann.smithx-deadbeef", "...@example.org": "contact-deadbeef", "анна@example.org": "contact-deadbeef",
		strings.Repeat("a", 99) + "@example.org": strings.Repeat("a", 60) + "-deadbeef",
	} {
		if got := username(address, id); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
	for display, want := range map[string][2]string{
		"Ann Mary Smith": {"Ann Mary", "Smith"}, "Ann": {"Ann", ""}, "": {"", ""}, "ann@example.org": {"", ""}, strings.Repeat("x", 151): {"", ""},
	} {
		if first, last := names(display); [2]string{first, last} != want {
			t.Errorf("%q: got %q %q, want %q", display, first, last, want)
		}
	}
	if got := title(strings.Repeat("ü", 300)); len([]rune(got)) != ticket.TitleMax || !strings.HasSuffix(got, "…") {
		t.Errorf("a long subject becomes %q", got)
	}
	if got := title(" "); got != noSubject {
		t.Errorf("none becomes %q", got)
	}
	if got := shortened(strings.Repeat("x", 100), 50); len(got) != 50 || !strings.HasSuffix(got, shortening) {
		t.Errorf("a long text becomes %q", got)
	}
}
