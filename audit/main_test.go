package audit

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// signedLog is a log with its tree, and a folder for its key.
type signedLog struct {
	*kit.Log
	super *pgxpool.Pool // who gets behind the service's back
	dir   Dir
}

func newLog(t testing.TB, opts ...pgtest.Option) *signedLog {
	t.Helper()
	return &signedLog{Log: kit.Plain(t, opts...), dir: Dir(t.TempDir())}
}

// fill appends n events, up to per to a stream.
func (d *signedLog) fill(t testing.TB, n, per int) {
	t.Helper()
	var group sync.WaitGroup
	room := make(chan struct{}, 64)
	for ; n > 0; n -= per {
		group.Add(1)
		room <- struct{}{}
		go func(n int) {
			defer func() { <-room; group.Done() }()
			if _, err := d.Append(context.Background(), opening(n)); err != nil {
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
	return kit.Appending(kit.NewID(), 0, events...)
}

// follow grows the tree until the test ends, or until it is stopped.
func (d *signedLog) follow(t testing.TB, logger *slog.Logger) (stop func()) {
	t.Helper()
	f := follow.New(d.Pool, d.Store.Codec(), d.Notifier, eventstore.NewNotifier(),
		follow.Config{Logger: logger}, Follower(func() {}))
	return kit.Run(t, f.Run)
}

// grow lets the tree reach the head of the log.
func (d *signedLog) grow(t testing.TB) {
	t.Helper()
	stop := d.follow(t, quiet)
	defer stop()
	head := d.End(t)
	kit.Poll(t, "the tree", func() bool { return d.treeSize(t) == head })
}

func (d *signedLog) treeSize(t testing.TB) (size int64) {
	t.Helper()
	if err := d.Pool.QueryRow(t.Context(), treeSizeSQL).Scan(&size); err != nil {
		t.Fatal(err)
	}
	return size
}

// signer is a process that signs, with its folder.
func (d *signedLog) signer() *Signer {
	return NewSigner(d.Pool, SignerConfig{Dir: d.dir, Origin: "desk.example.com", Logger: quiet})
}

func (d *signedLog) sign(t testing.TB) Checkpoint {
	t.Helper()
	if err := d.signer().Sign(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := NewReader(d.Pool, d.Store).Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// verify verifies the database against its folder and more files.
func (d *signedLog) verify(t testing.TB, files ...string) (Verified, error) {
	t.Helper()
	return Verify(t.Context(), NewDatabase(d.Pool, d.Store), d.against(t, files...))
}

func (d *signedLog) against(t testing.TB, files ...string) VerifyConfig {
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
func (d *signedLog) tamper(t testing.TB, statements ...string) {
	t.Helper()
	if d.super == nil {
		d.super = d.Super(t)
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

func write(t testing.TB, name string, text []byte) string {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
