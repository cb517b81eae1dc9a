package imap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/commands"
	"helpdesk/domain/mailbox"
	"helpdesk/inbound"
)

// Pace of the door.
const (
	lookEvery   = 5 * time.Second  // whether the lock is held still, or free by now
	restEvery   = 30 * time.Second // for a mailbox that is fetched, where there is none: a change wakes the door
	pollEvery   = time.Minute      // for messages that a server did not tell of
	firstRetry  = 2 * time.Second  // after a failure; doubled with each in a row
	longestWait = 5 * time.Minute  // until a server is tried again
	calm        = 10 * time.Minute // a connection that lasted so long was none of a row of failures
)

// doorLock is the advisory lock of the process that fetches.
const doorLock = 7_205_759_404

// Ledger takes messages in; see [inbound.Ledger].
type Ledger interface {
	Receive(ctx context.Context, q commands.Request, to mailbox.ID, r io.Reader) (commands.Outcome, error)
}

// Mailboxes are those whose messages are fetched; see [inbound.Passwords].
type Mailboxes interface {
	Fetched(ctx context.Context) ([]inbound.Fetched, error)
}

// Door fetches the messages of all mailboxes. Of all processes one does so at a time:
// it has an advisory lock, on a connection of its own. A message is finished on its server
// once it is durable here; a crash in between fetches it again, and the ledger knows it.
type Door struct {
	pool      *pgxpool.Pool
	ledger    Ledger
	mailboxes Mailboxes
	changed   <-chan struct{}
	log       *slog.Logger
}

// NewDoor makes the door into a ledger. changed receives when a mailbox was changed.
func NewDoor(pool *pgxpool.Pool, ledger Ledger, mailboxes Mailboxes, changed <-chan struct{}, log *slog.Logger) *Door {
	return &Door{pool: pool, ledger: ledger, mailboxes: mailboxes, changed: changed, log: log}
}

// Run fetches until ctx ends, whenever it is the turn of this process.
func (d *Door) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		boxes, err := d.mailboxes.Fetched(ctx)
		wait := restEvery
		if err == nil && len(boxes) > 0 {
			wait, err = lookEvery, d.turn(ctx)
		}
		if err != nil && ctx.Err() == nil {
			d.log.Warn("the mailboxes cannot be looked for", "error", err)
		}
		d.rest(ctx, wait)
	}
	return nil
}

// rest returns when a mailbox was changed, after a while, or when ctx ends.
func (d *Door) rest(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-d.changed:
	case <-timer.C:
	}
}

// turn fetches for as long as this process has the lock, if it gets it.
func (d *Door) turn(ctx context.Context) (err error) {
	pooled, err := d.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	conn := pooled.Hijack() // it holds a lock: the pool must not hand it on
	defer conn.Close(context.WithoutCancel(ctx))
	var mine bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, doorLock).Scan(&mine); err != nil || !mine {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return d.fetch(ctx, conn)
}

// fetch fetches all mailboxes, and others when they are changed, until the lock is lost,
// ctx ends or there is none.
func (d *Door) fetch(ctx context.Context, lock *pgx.Conn) error {
	var running sync.WaitGroup
	under := map[inbound.Fetched]context.CancelFunc{}
	defer func() {
		for _, stop := range under {
			stop()
		}
		running.Wait()
	}()
	for {
		boxes, err := d.mailboxes.Fetched(ctx)
		if err != nil {
			return err
		}
		wanted := map[inbound.Fetched]bool{}
		for _, box := range boxes {
			wanted[box] = true
			if under[box] == nil {
				own, stop := context.WithCancel(ctx)
				under[box] = stop
				running.Go(func() { d.keep(own, box) })
			}
		}
		for box, stop := range under {
			if !wanted[box] {
				stop()
				delete(under, box)
			}
		}
		if len(under) == 0 {
			return nil
		}
		d.rest(ctx, lookEvery)
		if err := lock.Ping(ctx); err != nil {
			return fmt.Errorf("the lock to fetch is lost: %w", err)
		}
	}
}

// keep fetches a mailbox until ctx ends, again and again while its server cannot be
// reached.
func (d *Door) keep(ctx context.Context, box inbound.Fetched) {
	for failures := 0; ; failures++ {
		began := time.Now()
		err := d.session(ctx, box)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > calm {
			failures = 0
		}
		wait := min(firstRetry<<min(failures, 16), longestWait)
		d.log.Warn("a mailbox cannot be fetched", "mailbox", box.Name, "error", err, "again_in", wait)
		sleep(ctx, wait)
	}
}

// session fetches a mailbox over one connection.
func (d *Door) session(ctx context.Context, box inbound.Fetched) error {
	f, err := open(ctx, box)
	if err != nil {
		return err
	}
	defer f.close()
	validity, err := f.begin()
	if err != nil {
		return err
	}
	last, err := d.place(ctx, box, validity)
	if err != nil {
		return err
	}
	for {
		uids, err := f.newer(last)
		if err != nil {
			return err
		}
		for _, uid := range uids {
			if err := d.bring(ctx, box, f, uid); err != nil {
				return err
			}
			last = uid
			if err := d.reached(ctx, box, validity, uid); err != nil {
				return err
			}
		}
		if len(uids) == 0 {
			err = f.await(ctx, pollEvery)
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
}

// bring takes a message in, and finishes it on its server: where that refuses, as for a
// folder that is not there, the next one is fetched all the same. What is no message stays
// there as it is.
func (d *Door) bring(ctx context.Context, box inbound.Fetched, f *folder, uid goimap.UID) error {
	received := false
	err := f.read(uid, func(body goimap.LiteralReader) error {
		_, err := d.ledger.Receive(ctx, commands.Request{CorrelationID: "imap"}, box.ID, body)
		received = err == nil
		return err
	})
	if errors.Is(err, inbound.ErrNoMessage) {
		d.log.Warn("what is in a folder is no message", "mailbox", box.Name, "uid", uid)
		return nil
	}
	if err != nil || !received { // it is gone
		return err
	}
	if err := f.finish(uid); err != nil {
		if refused := new(goimap.Error); !errors.As(err, &refused) {
			return err
		}
		d.log.Warn("a message was taken in, but its server does not do with it what is wanted", "mailbox", box.Name, "error", err)
	}
	return nil
}

// place returns the UID of the last message that was fetched of a folder; 0 where none
// was, or where its UIDs begin anew.
func (d *Door) place(ctx context.Context, box inbound.Fetched, validity uint32) (uid goimap.UID, err error) {
	const q = `SELECT uid FROM mailbox_places WHERE mailbox_id = $1 AND imap_url = $2 AND uid_validity = $3`
	var last int64
	err = d.pool.QueryRow(ctx, q, box.ID.UUID, box.IMAP.URL, int64(validity)).Scan(&last)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return goimap.UID(last), err
}

func (d *Door) reached(ctx context.Context, box inbound.Fetched, validity uint32, uid goimap.UID) error {
	const q = `
INSERT INTO mailbox_places (mailbox_id, imap_url, uid_validity, uid) VALUES ($1, $2, $3, $4)
ON CONFLICT (mailbox_id) DO UPDATE SET imap_url = excluded.imap_url, uid_validity = excluded.uid_validity, uid = excluded.uid`
	_, err := d.pool.Exec(ctx, q, box.ID.UUID, box.IMAP.URL, int64(validity), int64(uid))
	return err
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
