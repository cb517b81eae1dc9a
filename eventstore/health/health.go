// Package health watches whether what the service writes to can be written, and why not.
// It finds out by itself, before a request waits in vain: it looks every two seconds, and
// twice a second while something is in doubt.
package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/internal/pgsession"
)

// How often a [Watch] looks, and how long it waits for an answer.
const (
	tick     = 500 * time.Millisecond
	calm     = 2 * time.Second // between two looks while nothing is in doubt
	roomTick = 9 * time.Second
	dateTick = 2500 * time.Millisecond // between two looks at the time of the newest event
	patience = 1500 * time.Millisecond
)

// clockSlack is how far the newest event may lie in the future before that is told: the
// clocks of two servers, of which one takes over from the other, differ a little.
const clockSlack = 2 * time.Second

// Known are the reasons there may be.
var Known = []*domain.Error{eventstore.ErrDiskFull, eventstore.ErrLocked, eventstore.ErrTableLocked, eventstore.ErrReadOnly, eventstore.ErrUnreachable}

// Watch watches whether events can be written, with the right time, and whether other
// sessions hold tables. It is safe for concurrent use.
type Watch struct {
	pool  *pgxpool.Pool
	store *eventstore.Store
	log   *slog.Logger

	mu     sync.Mutex
	reason *domain.Error // why it cannot work, the message as it is for everybody; nil: it can
	locks  lockedError   // that are the reason
	ahead  time.Duration // how far the newest event lies in the future

	looked, lookedRoom, lookedDate time.Time // of the loop alone, as is the next

	seen []lock // at the last look
}

// New makes the watch over what a store writes to, which it looks at through a pool
// that requests do not take the connections of.
func New(s *eventstore.Store, pool *pgxpool.Pool, log *slog.Logger) *Watch {
	return &Watch{pool: pool, store: s, log: log}
}

// Run looks until ctx ends, and logs when the database cannot be worked with any more
// and when it can again.
func (w *Watch) Run(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			w.runOnce(ctx, now)
		}
	}
}

// Reason returns why the database cannot be worked with, in words for everybody; nil
// where it can.
func (w *Watch) Reason() *domain.Error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reason
}

// Ready returns why the database cannot be worked with, in words for operators: they
// name who holds a lock. It returns nil where it can.
func (w *Watch) Ready(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.reason == nil:
		return nil
	case len(w.locks) > 0:
		return w.reason.With("%s: %v", w.reason.Message, w.locks)
	}
	return w.reason
}

// Explain returns err with the reason for it, where it is for want of the database and
// the reason is known; any other as it is.
func (w *Watch) Explain(err error) error {
	why := w.Reason()
	if why == nil {
		return err
	}
	refusal := eventstore.Refused(err)
	switch {
	case errors.Is(err, eventstore.ErrUnavailable):
		return eventstore.ErrUnavailable.With("%s; whether the change was written is not known", why.Message)
	case errors.Is(err, follow.ErrNotYet):
		return follow.ErrNotYet.With("%s: %s", why.Message, follow.ErrNotYet.Message)
	case refusal == eventstore.ErrTableLocked && isLock(why):
		return why.With("%s: nothing was changed; try again once it has let go", why.Message)
	case refusal == nil && (errors.Is(err, eventstore.ErrUnreachable) || errors.Is(err, context.DeadlineExceeded)):
		return why
	}
	return err
}

func isLock(why *domain.Error) bool {
	return errors.Is(why, eventstore.ErrLocked) || errors.Is(why, eventstore.ErrTableLocked)
}

// Ahead returns how far the newest event lies in the future, 0 where it does not: the
// clock of the database was ahead, and until it is there again all events have one time.
func (w *Watch) Ahead() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ahead
}

func (w *Watch) runOnce(ctx context.Context, now time.Time) {
	doubtful := w.Reason() != nil || w.store.Doubtful(now)
	if !doubtful && len(w.seen) == 0 && w.Ahead() == 0 && now.Sub(w.looked) < calm {
		return
	}
	w.looked = now
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	w.store.Looked()
	l := look{doubtful: doubtful, before: w.seen}
	l.room = w.due(&w.lookedRoom, now, roomTick, doubtful)
	l.date = w.due(&w.lookedDate, now, dateTick, doubtful || w.Ahead() > 0)
	err := w.look(within, l)
	if err != nil && within.Err() == nil && !conclusive(err) { // a connection may have ended unnoticed
		err = w.look(within, l)
	}
	if ctx.Err() == nil {
		w.note(err)
	}
}

// due reports whether it is time for another look, and notes that there is one then.
func (*Watch) due(last *time.Time, now time.Time, every time.Duration, always bool) bool {
	if !always && now.Sub(*last) < every {
		return false
	}
	*last = now
	return true
}

// look is what a look is at.
type look struct {
	doubtful   bool
	room, date bool
	before     []lock // that there were at the look before
}

// look asks the server whether it takes writes and which locks last that were there
// before, then tries whether the head of the log can be taken and whether there is room,
// and notes how far the newest event lies in the future.
func (w *Watch) look(ctx context.Context, l look) error {
	w.seen = nil
	s, err := w.state(ctx)
	if err != nil {
		return err
	}
	w.seen = s.locks
	rows, tables := divide(s.locks)
	rowsLast, tablesLast := divide(lasting(s.locks, l.before))
	switch {
	case s.standby:
		return pgsession.Standby
	case s.readOnly:
		return pgsession.ReadOnly
	case len(tablesLast) > 0:
		return tablesLast
	case len(tables) > 0: // gone at the next look, or lasting; nothing is to wait for it meanwhile
		return nil
	}
	if l.doubtful || len(rowsLast) > 0 {
		err = w.tryHead(ctx)
		if len(rows) > 0 && eventstore.Refused(err) == eventstore.ErrTableLocked {
			err = fmt.Errorf("%w: %w", err, rows)
		}
	}
	if err == nil && l.room {
		err = w.tryRoom(ctx)
	}
	if err == nil && l.date {
		var ahead time.Duration
		if err = w.pool.QueryRow(ctx, aheadSQL).Scan(&ahead); err == nil {
			w.noteAhead(ahead)
		}
	}
	return err
}

const aheadSQL = `SELECT CASE WHEN recorded_at > clock_timestamp() THEN recorded_at - clock_timestamp() ELSE interval '0' END
FROM log_head WHERE id = 1`

// roomSQL has the server write a megabyte to a temporary file beside its tables, which
// is gone at the statement's end and leaves nothing in its log or its tables.
const roomSQL = `SET LOCAL work_mem = '64kB'; SELECT count(*) FROM (SELECT repeat('x', 1000) AS x FROM generate_series(1, 1000) AS n ORDER BY n DESC OFFSET 0) AS all_of_them`

func (w *Watch) tryRoom(ctx context.Context) error {
	return w.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		return conn.Conn().PgConn().Exec(ctx, roomSQL).Close()
	})
}

// tryHead takes and gives back what every append takes first.
func (w *Watch) tryHead(ctx context.Context) error {
	const q = `SET LOCAL lock_timeout = '500ms'; SELECT position FROM log_head WHERE id = 1 FOR UPDATE`
	return w.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		return conn.Conn().PgConn().Exec(ctx, q).Close()
	})
}

// note takes note of whether the database can be worked with.
func (w *Watch) note(err error) {
	reason := reasonOf(err)
	locks, _ := errors.AsType[lockedError](err)
	w.mu.Lock()
	was := w.reason
	w.reason, w.locks = reason, locks
	w.mu.Unlock()
	switch {
	case reason == nil && was == nil:
	case reason == nil:
		w.log.Info("everything can be written again", "reason", was.Code)
	case was != nil && was.Code == reason.Code && (!isLock(reason) || was.Message == reason.Message):
	case errors.Is(reason, eventstore.ErrTableLocked):
		w.log.Error("another session holds a lock on tables", "reason", reason.Code, "means", reason.Message, "error", err)
	default:
		w.log.Error("nothing can be written", "reason", reason.Code, "means", reason.Message, "error", err)
	}
}

// conclusive reports whether another look would come to the same.
func conclusive(err error) bool {
	_, locked := errors.AsType[lockedError](err)
	_, refused := errors.AsType[pgsession.Refusal](err)
	return locked || refused || eventstore.Refused(err) != nil
}

// reasonOf returns why a look failed, nil where it did not.
func reasonOf(err error) *domain.Error {
	if locks, ok := errors.AsType[lockedError](err); ok {
		return locks.reason()
	}
	if refusal, ok := errors.AsType[pgsession.Refusal](err); ok && (refusal == pgsession.Standby || refusal == pgsession.ReadOnly) {
		return eventstore.ErrReadOnly.With("%s", refusal)
	}
	switch refusal := eventstore.Refused(err); {
	case err == nil:
		return nil
	case refusal == eventstore.ErrTableLocked:
		return eventstore.ErrLocked.With("another session of the database holds a lock on the log")
	case refusal == eventstore.ErrDiskFull:
		return refusal.With("the disk of the database is full")
	case refusal != nil:
		return refusal.With("the database takes no writes at the moment")
	case errors.Is(err, context.DeadlineExceeded):
		return eventstore.ErrUnreachable.With("the database does not answer")
	}
	return eventstore.ErrUnreachable
}

func (w *Watch) noteAhead(ahead time.Duration) {
	if ahead < clockSlack {
		ahead = 0
	}
	w.mu.Lock()
	was := w.ahead
	w.ahead = ahead
	w.mu.Unlock()
	switch {
	case ahead > 0 && was == 0:
		w.log.Error("the newest event lies in the future: the clock of the database was ahead, and until it is there again all events have one time",
			"by", ahead.Round(time.Second).String())
	case ahead == 0 && was > 0:
		w.log.Info("the clock of the database has reached the newest event")
	}
}
