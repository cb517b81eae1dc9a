package audit

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/test/keys"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// patience is far above what anything waited for takes.
const patience = 30 * time.Second

// desk is a log with its tree, and a folder for its key.
type desk struct {
	db       *pgtest.DB
	pool     *pgxpool.Pool
	super    *pgxpool.Pool // who gets behind the service's back
	store    *eventstore.Store
	notifier *eventstore.Notifier
	dir      Dir
}

func newDesk(t testing.TB, opts ...pgtest.Option) *desk {
	t.Helper()
	d := &desk{db: pgtest.New(t, opts...), notifier: eventstore.NewNotifier(), dir: Dir(t.TempDir())}
	d.pool = d.db.Pool(t)
	d.store = eventstore.New(d.pool, keys.Plain(), d.notifier.NotifyOf)
	t.Cleanup(d.store.Close)
	return d
}

// append appends n events, up to per to a stream.
func (d *desk) append(t testing.TB, n, per int) {
	t.Helper()
	var group sync.WaitGroup
	room := make(chan struct{}, 64)
	for ; n > 0; n -= per {
		group.Add(1)
		room <- struct{}{}
		go func(n int) {
			defer func() { <-room; group.Done() }()
			if _, err := d.store.Append(context.Background(), opening(n)); err != nil {
				t.Error(err)
			}
		}(min(n, per))
	}
	group.Wait()
}

// opening is an append of n events that begin a ticket.
func opening(n int) eventstore.Append {
	events := []domain.Event{ticket.Opened{Title: "Printer", Description: "It \"smokes\".\n", Priority: ticket.High}}
	for len(events) < n {
		events = append(events, ticket.Retitled{Title: "Plotter"})
	}
	return eventstore.Append{
		StreamID: uuid.Must(uuid.NewV7()), StreamType: domain.TicketStream, Events: events,
		Metadata: eventstore.Metadata{ActorKind: domain.ActorSystem, CorrelationID: "test"},
	}
}

// follow grows the tree until the test ends, or until it is stopped.
func (d *desk) follow(t testing.TB, logger *slog.Logger) (stop func()) {
	t.Helper()
	f := follow.New(d.pool, d.store.Codec(), d.notifier, eventstore.NewNotifier(),
		follow.Config{Logger: logger}, Follower(func() {}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// grow lets the tree reach the head of the log.
func (d *desk) grow(t testing.TB) {
	t.Helper()
	stop := d.follow(t, quiet)
	defer stop()
	head, err := d.store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	poll(t, func() bool { return d.treeSize(t) == head })
}

func (d *desk) treeSize(t testing.TB) (size int64) {
	t.Helper()
	if err := d.pool.QueryRow(t.Context(), treeSizeSQL).Scan(&size); err != nil {
		t.Fatal(err)
	}
	return size
}

// signer is a process that signs, with the desk's folder.
func (d *desk) signer() *Signer {
	return NewSigner(d.pool, SignerConfig{Dir: d.dir, Origin: "desk.example.com", Logger: quiet})
}

func (d *desk) sign(t testing.TB) Checkpoint {
	t.Helper()
	if err := d.signer().Sign(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := NewReader(d.pool, d.store).Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// verify verifies the database against the desk's folder and more files.
func (d *desk) verify(t testing.TB, files ...string) (Verified, error) {
	t.Helper()
	return Verify(t.Context(), NewDatabase(d.pool, d.store), d.against(t, files...))
}

func (d *desk) against(t testing.TB, files ...string) VerifyConfig {
	t.Helper()
	vkeys, err := d.dir.VKeys()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := Verifiers(vkeys)
	if err != nil {
		t.Fatal(err)
	}
	if own := d.dir.Checkpoints(); exists(own) {
		files = append([]string{own}, files...)
	}
	return VerifyConfig{Keys: keys, Files: files}
}

// tamper runs statements as a superuser for whom no trigger runs.
func (d *desk) tamper(t testing.TB, statements ...string) {
	t.Helper()
	if d.super == nil {
		var err error
		if d.super, err = pgxpool.New(context.Background(), d.db.SuperURL); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(d.super.Close)
	}
	err := pgx.BeginFunc(t.Context(), d.super, func(tx pgx.Tx) error {
		for _, sql := range append([]string{
			`ALTER TABLE events DISABLE TRIGGER ALL`, `ALTER TABLE audit.tiles DISABLE TRIGGER ALL`,
		}, statements...) {
			if _, err := tx.Exec(t.Context(), sql); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var quiet = slog.New(slog.DiscardHandler)

// poll looks until the condition holds, and fails the test when it never does.
func poll(t testing.TB, condition func() bool) {
	t.Helper()
	limit := time.After(4 * patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("what was waited for did not happen")
		}
	}
}

func write(t testing.TB, name string, text []byte) string {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
