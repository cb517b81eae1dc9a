package imap

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"

	"helpdesk/domain/mailbox"
	"helpdesk/eventstore"
	"helpdesk/inbound"
	"helpdesk/test/imapserver"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// shelf is a ledger that keeps what it is given. While it is away it takes nothing.
type shelf struct {
	mu      sync.Mutex
	taken   []string
	away    bool
	refused int
}

func (s *shelf) Receive(_ context.Context, _ commands.Request, _ mailbox.ID, r io.Reader) (commands.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		s.refused++
		return commands.Outcome{}, eventstore.ErrUnavailable
	}
	message, err := io.ReadAll(r)
	if !strings.Contains(string(message), ":") {
		return commands.Outcome{}, inbound.ErrNoMessage
	}
	s.taken = append(s.taken, string(message))
	return commands.Outcome{}, err
}

func (s *shelf) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

func (s *shelf) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

func (s *shelf) goes(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

// configured are the mailboxes of a test.
type configured struct {
	mu  sync.Mutex
	all []inbound.Fetched
}

func (c *configured) Fetched(context.Context) ([]inbound.Fetched, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all), nil
}

// fetching runs a door for a folder of a server until its test ends.
func fetching(t *testing.T, db *pgtest.DB, id uuid.UUID, url, after string, ledger Ledger) {
	t.Helper()
	boxes := &configured{all: []inbound.Fetched{{
		ID: mailbox.ID{UUID: id}, Name: "Support", IMAP: mailbox.IMAP{URL: url, After: after}, Password: imapserver.Password,
	}}}
	door := NewDoor(db.Pool(t), ledger, boxes, nil, slog.New(slog.NewTextHandler(t.Output(), nil)))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- door.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the door does not end")
		}
	})
}

func await(t *testing.T, s *shelf, want ...string) {
	t.Helper()
	kit.Poll(t, "the messages", func() bool { return slices.Equal(s.all(), want) })
}

// What cannot be taken stays where it is until it can; what is no message is passed over.
func TestAMessageWaitsForTheLedger(t *testing.T) {
	t.Parallel()
	server, ledger := imapserver.Start(t), &shelf{away: true}
	server.Deliver(t, "INBOX", "Subject: one\r\n\r\n1")
	server.Deliver(t, "INBOX", "none")
	server.Deliver(t, "INBOX", "Subject: two\r\n\r\n2")
	fetching(t, pgtest.New(t), uuid.New(), server.URL("INBOX"), mailbox.AfterSeen, ledger)
	kit.Poll(t, "the ledger to be asked", func() bool { return ledger.asked() > 0 })
	if got := server.Folder(t, "INBOX"); slices.Contains(got, `\Seen`) {
		t.Errorf("messages that nobody took are %q", got)
	}
	ledger.goes(false)
	await(t, ledger, "Subject: one\r\n\r\n1", "Subject: two\r\n\r\n2")
	kit.Poll(t, "what was taken to be seen", func() bool { return slices.Equal(server.Folder(t, "INBOX"), []string{`\Seen`, "", `\Seen`}) })
}

// A server that does not do what is wanted with a message keeps it, and no other waits.
func TestWhatAServerRefusesHoldsUpNothing(t *testing.T) {
	t.Parallel()
	server, ledger := imapserver.Start(t), &shelf{}
	server.Deliver(t, "INBOX", "Subject: one\r\n\r\n1")
	server.Deliver(t, "INBOX", "Subject: two\r\n\r\n2")
	fetching(t, pgtest.New(t), uuid.New(), server.URL("INBOX"), "move:Nowhere", ledger)
	await(t, ledger, "Subject: one\r\n\r\n1", "Subject: two\r\n\r\n2")
	if got := server.Folder(t, "INBOX"); len(got) != 2 {
		t.Errorf("the folder has %d messages, want 2", len(got))
	}
}

// A restart goes on where it was; a folder whose UIDs begin anew is fetched from its
// beginning.
func TestAFolderIsFetchedFromWhereItWas(t *testing.T) {
	t.Parallel()
	db, id := pgtest.New(t), uuid.New()
	server := imapserver.Start(t)
	server.Deliver(t, "INBOX", "Subject: one\r\n\r\n1")
	first := &shelf{}
	t.Run("first", func(t *testing.T) {
		fetching(t, db, id, server.URL("INBOX"), mailbox.AfterSeen, first)
		await(t, first, "Subject: one\r\n\r\n1")
		kit.Poll(t, "it to be seen", func() bool { return slices.Equal(server.Folder(t, "INBOX"), []string{`\Seen`}) })
		server.Deliver(t, "INBOX", "Subject: two\r\n\r\n2")
		await(t, first, "Subject: one\r\n\r\n1", "Subject: two\r\n\r\n2")
		kit.Poll(t, "its place to be known", func() bool {
			return kit.One[int](t, db.OwnerPool(t), `SELECT coalesce(max(uid), 0)::int FROM mailbox_places`) == 2
		})
	})
	server.Deliver(t, "INBOX", "Subject: three\r\n\r\n3")
	again := &shelf{}
	t.Run("again", func(t *testing.T) {
		fetching(t, db, id, server.URL("INBOX"), mailbox.AfterSeen, again)
		await(t, again, "Subject: three\r\n\r\n3")
	})
	if _, err := db.OwnerPool(t).Exec(kit.Context(t), `UPDATE mailbox_places SET uid_validity = uid_validity + 1`); err != nil {
		t.Fatal(err)
	}
	anew := &shelf{}
	fetching(t, db, id, server.URL("INBOX"), mailbox.AfterSeen, anew)
	await(t, anew, "Subject: one\r\n\r\n1", "Subject: two\r\n\r\n2", "Subject: three\r\n\r\n3")
}
