package eventstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/email"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
)

var update = flag.Bool("update", false, "add the golden files that are missing; none is ever changed")

var (
	ann     = domain.UserID{UUID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")}
	bob     = domain.UserID{UUID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8058")}
	instant = time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC)
	comment = ticket.CommentID{UUID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8059")}
	queued  = email.Queued{
		Kind: email.Commented, TicketID: comment.UUID, TicketNumber: 4711, CauseVersion: 3,
		Recipient: ann, Address: "ann@example.org", At: instant,
	}
)

// goldens are what the files in testdata/events decode to, by type and schema
// version. Entries are added, never changed: a new schema version gets a second
// entry, and the first one then shows what its upcaster makes of the old file.
var goldens = []struct {
	version int
	event   domain.Event
}{
	{1, ticket.Opened{Number: 4711, Title: "Printer <3> & \"co\"", Description: "It smokes.\nAgain – ü.", Priority: ticket.High, CreatedBy: ann, OpenedBy: bob}},
	{1, ticket.Retitled{Title: "Plotter"}},
	{1, ticket.Described{Description: "No smoke\tany more."}},
	{1, ticket.Prioritised{Priority: ticket.Low}},
	{1, ticket.Assigned{AssignedTo: bob}},
	{1, ticket.Unassigned{}},
	{1, ticket.Started{Reason: "on it"}},
	{1, ticket.Resolved{Reason: "new drum"}},
	{1, ticket.Closed{Reason: "confirmed"}},
	{1, ticket.Reopened{Reason: "smokes again"}},
	{2, ticket.Reopened{CommentID: comment}},
	{1, ticket.Returned{}},
	{1, ticket.Escalated{Reason: "waited too long"}},
	{2, ticket.Escalated{Reason: "waited too long", Silent: true}},
	{1, ticket.Exempted{}},
	{1, ticket.CommentAdded{CommentID: comment, Author: bob, Text: "Which model?", Internal: true, AddedAt: time.Date(2025, 2, 3, 4, 5, 6, 789_000_000, time.UTC)}},
	{1, ticket.CommentEdited{CommentID: comment, Text: "Which model is it?"}},
	{1, ticket.CommentRemoved{CommentID: comment, Internal: true}},
	{1, ticket.TextRedacted{Field: ticket.FieldComment, CommentID: comment, Internal: true, Text: "It is [redacted].", Reason: "a salary"}},
	{1, ticket.Deleted{}},
	{1, ticket.Restored{}},
	{1, ticket.AttachmentAdded{
		AttachmentID: ticket.AttachmentID(comment), CommentID: comment, AddedBy: bob, Filename: "log 1.txt", ContentType: "text/plain; charset=utf-8",
		DeclaredType: "text/x-log", Size: 48_213, Digest: "0102ff", Internal: true, AddedAt: instant,
	}},
	{1, ticket.AttachmentRemoved{AttachmentID: ticket.AttachmentID(comment), Internal: true}},
	{1, user.Registered{Username: "ann", Email: "ann@example.org", FirstName: "Ann", LastName: "Lee", Role: domain.RoleAgent}},
	{1, user.ProfileChanged{Email: "ann@example.com", FirstName: "Ann", LastName: "Lee-Ray"}},
	{1, user.RoleChanged{Role: domain.RoleAdmin}},
	{1, user.PasswordChanged{}},
	{1, user.PasswordLinkMade{ExpiresAt: instant}},
	{1, user.FileRefused{Filename: "invoice 1.doc", Malware: "Test.Harmless-1"}},
	{1, user.AddressBounced{Email: comment.UUID, Status: "5.1.1", Diagnostic: "no such box"}},
	{1, user.AddressCleared{}},
	{1, user.Deactivated{}},
	{1, user.Reactivated{}},
	{1, user.NotificationsChanged{Notifications: user.Notifications{Escalated: true, Resolved: true}}},
	{1, user.Erased{}},
	{1, user.TextsErased{Streams: []uuid.UUID{comment.UUID, ann.UUID}}},
	{1, queued},
	{1, email.HandedOver{Attempt: 1}},
	{1, email.Postponed{Attempt: 1, Error: "451 try \"later\"", RetryAt: instant}},
	{1, email.Sent{Attempt: 2}},
	{1, email.Failed{Attempt: 3, Error: "550 no such box"}},
	{1, email.Doubted{Attempt: 4, Error: "cut"}},
	{1, email.Requeued{At: instant}},
	{2, email.Postponed{Attempt: 1, Error: "554 5.7.1 relay access denied", RetryAt: instant, Blocked: true}},
	{1, email.Cancelled{Reason: email.CommentRemoved, Email: queued}},
	{1, email.Digested{Digest: email.ID{UUID: comment.UUID}, Email: queued}},
	{1, email.Delayed{Status: "4.4.1", Diagnostic: "no answer from mx.example.org"}},
	{1, email.Bounced{Status: "5.1.1", Diagnostic: "no such box \"ann\""}},
	{2, email.Sent{Attempt: 1, Email: queued}},
	{2, email.Failed{Attempt: 1, Error: "550 no such box", Email: queued}},
	{2, email.Doubted{Attempt: 1, Error: "cut", Email: queued}},
	{1, mailbox.Added{Name: "Support", Address: "support@example.com", DefaultPriority: "low", Strangers: mailbox.Accept, ReopenDays: 14}},
	{1, mailbox.Changed{Name: "Support", Address: "support@example.com", DefaultPriority: "high", Strangers: mailbox.Quarantine, ImportBefore: instant, IMAP: mailbox.IMAP{URL: "imaps://support@mail.example.com/INBOX", After: "seen"}}},
	{1, mailbox.PasswordSet{}},
	{1, mailbox.Archived{}},
	{1, mailbox.Restored{}},
	{1, message.Received{
		Mailbox: comment.UUID, Sender: ann, MessageID: "<1@example.org>", From: "ann@example.org", To: "support@example.com", Subject: "No ink", Size: 4711, Digest: "ab12", Truncated: true, At: instant,
	}},
	{1, message.Judged{Verdict: message.Reply, Reason: message.ReasonReference, Detail: "In-Reply-To names <2@example.com>.", Ticket: comment.UUID, Comment: comment.UUID, Email: comment.UUID}},
	{1, message.Released{}},
	{1, message.Reprocessed{}},
	{1, message.Discarded{Reason: "advertising"}},
	{1, access.SignedIn{Address: "203.0.113.7", UserAgent: "curl/8.5"}},
	{1, access.SignInFailed{Address: "2001:db8::/64", UserAgent: "Mozilla/5.0 (\"X\")"}},
	{1, access.UnknownSignInFailed{Network: "203.0.113.0/24"}},
	{1, access.TokenUsed{TokenID: comment.UUID, Address: "203.0.113.7"}},
	{1, access.RecordRead{Method: "GET", Path: "/api/tickets", Query: "q=a%20b&status=open", Address: "203.0.113.7", UserAgent: "curl/8.5"}},
}

func goldenFile(name string, version int) string {
	return filepath.Join("testdata", "events", fmt.Sprintf("%s.v%d.json", name, version))
}

func TestEveryEventEverWrittenStaysReadable(t *testing.T) {
	codec := newCodec(nil)
	known := map[string]bool{}
	for _, g := range goldens {
		for _, name := range domain.StoredNames(g.event) {
			if name != g.event.EventType() && g.version > 1 {
				continue // no second version was written before a renaming
			}
			path := goldenFile(name, g.version)
			known[path] = true
			t.Run(filepath.Base(path), func(t *testing.T) { checkGolden(t, codec, name, g.version, g.event) })
		}
	}
	for name, current := range codec.Types() {
		for version := 1; version <= current; version++ {
			if !known[goldenFile(name, version)] {
				t.Errorf("%s version %d has no golden file", name, version)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join("testdata", "events", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if !known[path] {
			t.Errorf("%s is not decoded by any code", path)
		}
	}
}

// checkGolden fails the test unless the file of a stored name decodes to e, and the
// current form of e is what the file of its name has.
func checkGolden(t *testing.T, codec *Codec, name string, version int, e domain.Event) {
	t.Helper()
	path := goldenFile(name, version)
	if *update {
		addGolden(t, codec, path, e)
	}
	stored, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (-update adds it)", err)
	}
	stored = bytes.TrimSuffix(stored, []byte("\n"))
	got, err := codec.Decode(name, version, stored)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if name != e.EventType() || version != codec.Types()[name] {
		return // an older form, which is not written any more
	}
	again, _, err := codec.encode(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(stored), string(again)); diff != "" {
		t.Errorf("it is written otherwise now; that takes a new schema version (-stored +written):\n%s", diff)
	}
}

// addGolden writes the file of an event unless it is there.
func addGolden(t *testing.T, codec *Codec, path string, e domain.Event) {
	t.Helper()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	data, _, err := codec.encode(e)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// renamed is an event with two older forms: {"n": 1}, {"name": "1"}, {"names": ["1"]}.
type renamed struct {
	Names []string `json:"names"`
}

func (renamed) EventType() string { return "test.renamed" }

func upcastingCodec() *Codec {
	return NewCodec(nil, []domain.EventType{domain.EventOf[renamed](
		func(data json.RawMessage) (json.RawMessage, error) {
			var old struct {
				N *int `json:"n"`
			}
			if err := json.Unmarshal(data, &old); err != nil {
				return nil, err
			}
			if old.N == nil {
				return nil, errors.New("no n")
			}
			return json.Marshal(map[string]string{"name": fmt.Sprint(*old.N)})
		},
		func(data json.RawMessage) (json.RawMessage, error) {
			var old struct {
				Name string `json:"name"`
			}
			if err := json.Unmarshal(data, &old); err != nil {
				return nil, err
			}
			return json.Marshal(renamed{Names: []string{old.Name}})
		},
	)})
}

func TestOlderSchemaVersionsAreUpcastStepByStep(t *testing.T) {
	codec := upcastingCodec()
	for version, data := range map[int]string{1: `{"n":7}`, 2: `{"name":"7"}`, 3: `{"names":["7"]}`} {
		got, err := codec.Decode("test.renamed", version, json.RawMessage(data))
		if err != nil {
			t.Errorf("version %d: %v", version, err)
		}
		if diff := cmp.Diff(renamed{Names: []string{"7"}}, got); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", version, diff)
		}
	}
	if _, version, err := codec.encode(renamed{}); err != nil || version != 3 {
		t.Errorf("written as version %d, %v; want 3", version, err)
	}
	if _, err := codec.Decode("test.renamed", 1, json.RawMessage(`{}`)); err == nil || errors.Is(err, ErrUnknownEvent) {
		t.Errorf("an upcaster that refuses: got %v, want its own error", err)
	}
}

func TestWhatTheCodecDoesNotKnowIsRefused(t *testing.T) {
	codec := newCodec(nil)
	for name, c := range map[string]struct {
		typ     string
		version int
	}{
		"a type that was never registered":        {"ticket.teleported", 1},
		"a schema version of a newer program":     {"ticket.opened", 2},
		"schema version 0, which does not exist":  {"ticket.opened", 0},
		"a negative schema version":               {"ticket.opened", -1},
		"a type name that differs in case":        {"Ticket.Opened", 1},
		"a type name with nothing in it":          {"", 1},
		"a newer version of an upcast event type": {"test.renamed", 4},
	} {
		t.Run(name, func(t *testing.T) {
			codec := codec
			if c.typ == "test.renamed" {
				codec = upcastingCodec()
			}
			if _, err := codec.Decode(c.typ, c.version, json.RawMessage(`{}`)); !errors.Is(err, ErrUnknownEvent) {
				t.Errorf("got %v, want %v", err, ErrUnknownEvent)
			}
		})
	}
	if _, _, err := codec.encode(renamed{}); !errors.Is(err, ErrUnknownEvent) {
		t.Errorf("encode an event that is not registered: got %v, want %v", err, ErrUnknownEvent)
	}
}

func TestATypeIsRegisteredOnce(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the second registration was taken")
		}
	}()
	newCodec(nil, domain.EventOf[ticket.Opened]())
}

// What decodes must be writable again and then mean the same, whatever the bytes.
func FuzzDecode(f *testing.F) {
	codec := newCodec(nil)
	for _, g := range goldens {
		data, version, err := codec.encode(g.event)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(g.event.EventType(), version, []byte(data))
	}
	f.Add("ticket.opened", 1, []byte(`{"created_by":null,"number":1e3}`))
	f.Add("ticket.comment_added", 1, []byte(`{"added_at":"2025-01-01T00:00:00+23:59","text":"\ud800\u0000"}`))
	f.Add("user.deactivated", 1, []byte("null"))
	f.Fuzz(func(t *testing.T, name string, version int, data []byte) {
		first, err := codec.Decode(name, version, data)
		if err != nil {
			return
		}
		stored, current, err := codec.encode(first)
		if err != nil {
			t.Fatalf("%#v decodes but cannot be written: %v", first, err)
		}
		second, err := codec.Decode(name, current, stored)
		if err != nil {
			t.Fatalf("%s was written and cannot be read: %v", stored, err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}
