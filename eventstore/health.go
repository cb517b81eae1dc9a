package eventstore

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
)

// How often [Health] looks, and how long it waits for an answer.
const (
	healthTick  = 500 * time.Millisecond
	healthLook  = 2 * time.Second
	healthDisk  = 9 * time.Second
	healthWait  = 1500 * time.Millisecond
	appendStuck = 1500 * time.Millisecond // an append that takes longer is looked into
)

// clockSlack is how far the newest event may lie in the future before that is told: the
// clocks of two servers, of which one takes over from the other, differ a little.
const clockSlack = 2 * time.Second

// attempts is what a writer remembers of its attempts for [Health].
type attempts struct {
	begun  atomic.Int64 // when the one under way began, in Unix nanoseconds; 0: none is
	failed atomic.Bool  // whether one failed since Health looked
}

func (a *attempts) begin() { a.begun.Store(time.Now().UnixNano()) }

func (a *attempts) end(err error) {
	a.begun.Store(0)
	if err != nil {
		a.failed.Store(true)
	}
}

// doubtful reports whether an attempt failed, or takes long.
func (a *attempts) doubtful(now time.Time) bool {
	begun := a.begun.Load()
	return a.failed.Load() || (begun != 0 && now.UnixNano()-begun > int64(appendStuck))
}

// Health watches whether events can be written, and with the right time. It is safe for
// concurrent use.
type Health struct {
	pool   *pgxpool.Pool
	writer *writer
	log    *slog.Logger

	mu     sync.Mutex
	reason *domain.Error // why nothing can be written; nil: it can
	ahead  time.Duration // how far the newest event lies in the future

	looked, lookedDisk time.Time // of the loop alone
}

// NewHealth makes the watch over what a store writes to, which it looks at through a pool
// that requests do not take the connections of.
func NewHealth(s *Store, pool *pgxpool.Pool, log *slog.Logger) *Health {
	return &Health{pool: pool, writer: s.writer, log: log}
}

// Run looks until ctx ends, and logs when nothing can be written any more and when it
// can again.
func (h *Health) Run(ctx context.Context) error {
	tick := time.NewTicker(healthTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			h.runOnce(ctx, now)
		}
	}
}

// Ready returns why nothing can be written, nil where it can.
func (h *Health) Ready(context.Context) error {
	if reason := h.Reason(); reason != nil {
		return reason
	}
	return nil
}

// Reason returns why nothing can be written, nil where it can.
func (h *Health) Reason() *domain.Error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reason
}

// Ahead returns how far the newest event lies in the future, 0 where it does not: the
// clock of the database was ahead, and until it is there again all events have one time.
func (h *Health) Ahead() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ahead
}

func (h *Health) runOnce(ctx context.Context, now time.Time) {
	doubtful := h.Reason() != nil || h.writer.attempts.doubtful(now)
	if !doubtful && now.Sub(h.looked) < healthLook {
		return
	}
	h.looked = now
	within, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	h.writer.attempts.failed.Store(false)
	room := doubtful || now.Sub(h.lookedDisk) > healthDisk
	if room {
		h.lookedDisk = now
	}
	ahead, err := h.look(within, room, doubtful)
	if err != nil && within.Err() == nil { // a connection may have ended unnoticed
		ahead, err = h.look(within, room, doubtful)
	}
	if ctx.Err() != nil {
		return
	}
	h.note(err)
	if err == nil {
		h.noteAhead(ahead)
	}
}

// look asks the server how far the newest event lies in the future, and tries whether
// there is room and whether the head of the log can be taken.
func (h *Health) look(ctx context.Context, room, head bool) (ahead time.Duration, err error) {
	err = h.pool.QueryRow(ctx, aheadSQL).Scan(&ahead)
	if err == nil && room {
		err = h.tryRoom(ctx)
	}
	if err == nil && head {
		err = h.tryHead(ctx)
	}
	return ahead, err
}

const aheadSQL = `SELECT CASE WHEN recorded_at > clock_timestamp() THEN recorded_at - clock_timestamp() ELSE interval '0' END
FROM log_head WHERE id = 1`

// roomSQL has the server write a megabyte to a temporary file beside its tables, which
// is gone at the statement's end and leaves nothing in its log or its tables.
const roomSQL = `SET LOCAL work_mem = '64kB'; SELECT count(*) FROM (SELECT repeat('x', 1000) AS x FROM generate_series(1, 1000) AS n ORDER BY n DESC OFFSET 0) AS all_of_them`

func (h *Health) tryRoom(ctx context.Context) error {
	return h.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		return conn.Conn().PgConn().Exec(ctx, roomSQL).Close()
	})
}

// tryHead takes and gives back what every append takes first.
func (h *Health) tryHead(ctx context.Context) error {
	const q = `SET LOCAL lock_timeout = '500ms'; SELECT position FROM log_head WHERE id = 1 FOR UPDATE`
	return h.pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		return conn.Conn().PgConn().Exec(ctx, q).Close()
	})
}

// note takes note of whether events can be written.
func (h *Health) note(err error) {
	reason := reasonOf(err)
	h.mu.Lock()
	was := h.reason
	h.reason = reason
	h.mu.Unlock()
	switch {
	case reason != nil && (was == nil || was.Code != reason.Code):
		h.log.Error("nothing can be written", "reason", reason.Code, "means", reason.Message, "error", err)
	case reason == nil && was != nil:
		h.log.Info("everything can be written again", "reason", was.Code)
	}
}

// reasonOf returns why a look failed, nil where it did not.
func reasonOf(err error) *domain.Error {
	switch {
	case err == nil:
		return nil
	case diskFull(err):
		return ErrDiskFull
	case locked(err):
		return ErrLocked
	case errors.Is(err, context.DeadlineExceeded):
		return ErrUnreachable.With("the database does not answer")
	}
	return ErrUnreachable
}

func (h *Health) noteAhead(ahead time.Duration) {
	if ahead < clockSlack {
		ahead = 0
	}
	h.mu.Lock()
	was := h.ahead
	h.ahead = ahead
	h.mu.Unlock()
	switch {
	case ahead > 0 && was == 0:
		h.log.Error("the newest event lies in the future: the clock of the database was ahead, and until it is there again all events have one time",
			"by", ahead.Round(time.Second).String())
	case ahead == 0 && was > 0:
		h.log.Info("the clock of the database has reached the newest event")
	}
}
