package follow

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// Follower is something that is kept up to date with the log.
type Follower struct {
	// Name is the follower's for good: its checkpoint is stored under it.
	Name string
	// Types are the stored names of the events it is given; nil: all of them.
	Types []string
	// Apply brings its tables up to date with a page of events, in the order of
	// positions, through tx and nothing else. Each event is applied exactly once:
	// what Apply wrote is undone when it fails or panics, or when the page's
	// checkpoint is not committed with it. It MUST return when ctx ends and MUST
	// NOT end tx. It may be given the same events again after a failure, in
	// smaller pages.
	Apply func(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error
	// Whole takes the place of Apply for a follower that may miss nothing: it is
	// given the events as they are stored, decoded by nobody, and every one of
	// them. A position that is missing from the log, or an event it refuses, stops
	// it for as long as that is so; no event of its fails. Types MUST be nil.
	Whole func(ctx context.Context, tx pgx.Tx, events []eventstore.Recorded) error
	// Forget, when not nil, removes all that the tables hold of streams, through
	// tx. It is for followers that keep texts: where texts of an erased person
	// were in a stream, or one was redacted, its rows are forgotten and its events applied once more,
	// from the first on, so that what is kept is what they say now. Types MUST
	// then have the event that names the streams, the one with an ErasedIn method.
	// It is also for followers that drop what was deleted: after an event with a
	// Restores method, which Types MUST have, its stream is applied once more likewise.
	// Events that were applied before are marked [eventstore.Envelope].Again.
	Forget func(ctx context.Context, tx pgx.Tx, streamIDs []uuid.UUID) error
	// Afresh, when not nil, reports whether Apply cannot go on from what the tables hold
	// of a stream with this event: then they forget the stream, and its events are
	// applied once more, from the first on. It is for few events; Forget MUST be set.
	Afresh func(domain.Event) bool
	// Tables are those that Apply and Forget write, for a follower whose tables can
	// be rebuilt while the old ones are served. Their SQL MUST name them without a
	// schema, and nothing else in [Serving]: search_path says which ones are meant.
	Tables []string
	// Lookups are the indexes of Tables, beside unique ones, that Apply and Forget
	// find rows by: a rebuild needs them from the start. The others, for those who
	// read, are made when the rows are there.
	Lookups []string
	// Inline: it is brought up to date within the append, in its
	// transaction, wherever that can be: who was told of a write can read it. Apply
	// MUST be quick then, for all appends wait for it.
	Inline bool
	// Version is of what Apply makes of events, and changes with it: tables that
	// another version built ask for a rebuild. 0 is 1.
	Version int
	// Committed, when not nil, is called once a page's transaction has ended,
	// which is not to say that there was anything in it for the follower. It is a
	// hint, as for waking whoever works on what Apply wrote, and MUST NOT block.
	Committed func()
}

// errMoved means that the page was applied before: the message was sent again.
var errMoved = errors.New("the checkpoint has moved")

// tries is how often a page is applied before its events are tried one by one
// and those at fault are failed.
const tries = 3

// worker applies the pages of one follower.
type worker struct {
	Follower
	*lane   // its own, which it follows in while it is apart
	codec   *eventstore.Codec
	timeout time.Duration // of one page
	size    atomic.Int64  // largest page, in events: less after a timeout
	maxSize int64
	faults  int         // times in a row that Apply refused the page
	failing bool        // whether it may have failed events, which it keeps out of the way of others
	apart   atomic.Bool // whether it follows by itself, for it is behind or in trouble
	convoy  *convoy
}

// caughtUp has the follower go on with the others.
func (w *worker) caughtUp() {
	if !w.failing && w.apart.CompareAndSwap(true, false) {
		w.convoy.pacer.call()
	}
}

// members returns the name of the follower while it is apart.
func (w *worker) members() []string {
	if w.apart.Load() {
		return []string{w.Name}
	}
	return []string{}
}

func (w *worker) watched() []string { return []string{} }
func (w *worker) types() []string   { return w.Types }

// wants reports whether the follower is given events stored under a name.
func (w *worker) wants(stored string) bool { return w.Types == nil || slices.Contains(w.Types, stored) }

// handle is the Watermill handler of the lane of one follower: it applies the page
// msg stands for in the subscriber's transaction. It returns no error, ever: a nack
// would send the message again within the same transaction. A page that failed is
// undone to the savepoint and acked with nothing written; the next poll finds it
// again.
func (w *worker) handle(msg *message.Message) error {
	p, tx, done, err := w.open(msg)
	if err != nil {
		return err
	}
	defer done()
	if len(p.Members) == 0 {
		return setSavepoint(msg.Context(), tx)
	}
	m := p.Members[0]
	s := span{after: m.After, upto: min(m.After+w.size.Load(), p.Head)}
	if s.closes = w.closes(s); s.closes {
		s.timeout = min(w.timeout, closingTimeout)
	} else {
		s.timeout = w.timeout
	}
	ctx, cancel := context.WithTimeout(msg.Context(), s.timeout)
	defer cancel()

	err = inPageSavepoint(ctx, tx, func() error { return w.applyPage(ctx, tx, s) })
	switch {
	case err == nil || errors.Is(err, errMoved):
		w.faults = 0
		w.failing = m.Failing
		w.pacer.applied(err == nil && s.upto == p.Head) // it was when the page was cut
		w.grow()
		return nil
	case ctx.Err() != nil:
		w.shrink()
	case !eventstore.Transient(err): // the database's trouble is not the events' fault
		w.faults++
		w.stopped(s, err)
	}
	w.log.Warn("a page of the log was not applied", "follower", w.Name,
		"after", s.after, "upto", s.upto, "try", w.pacer.fail(), "error", err)
	return nil
}

// span is the page (after, upto] of one follower.
type span struct {
	after, upto int64
	timeout     time.Duration
	closes      bool // whether it is to end at the very head, as [worker.close] has it
}

// applyPage sets the savepoint, moves the checkpoint and applies the page.
func (w *worker) applyPage(ctx context.Context, tx pgx.Tx, s span) (err error) {
	if s.closes {
		if s.upto, err = w.close(ctx, tx); err != nil {
			return err
		}
	}
	events, failed, err := w.begin(ctx, tx, s)
	if err != nil {
		return err
	}
	run := pageRun{worker: w, tx: tx, failed: failed}
	if events, err = run.failFollowing(ctx, events); err != nil {
		return err
	}
	if w.Whole != nil {
		return w.applyWhole(ctx, tx, s.after, s.upto, events)
	}
	if w.faults >= tries {
		return run.isolate(ctx, events)
	}
	return w.apply(ctx, tx, events)
}

const (
	moveSQL = `UPDATE checkpoints SET position = $3, moved_at = clock_timestamp() WHERE name = $1 AND position = $2`

	pageSQL = `SELECT ` + eventstore.Columns + ` FROM events
WHERE position > $1 AND position <= $2 AND ($3::text[] IS NULL OR type = ANY ($3))
ORDER BY position`

	failedStreamsSQL = `SELECT DISTINCT stream_id FROM failed_events
WHERE follower = $1 AND stream_id IN (SELECT stream_id FROM events WHERE position > $2 AND position <= $3)`
)

// begin sets the savepoint, unless it is set, moves the checkpoint by
// compare-and-set and reads the page, in one round trip.
func (w *worker) begin(ctx context.Context, tx pgx.Tx, s span) (events []eventstore.Recorded, failed streamSet, err error) {
	var b pgx.Batch
	if !s.closes {
		b.Queue(setPageSQL)
	}
	b.Queue(moveSQL, w.Name, s.after, s.upto)
	b.Queue(failedStreamsSQL, w.Name, s.after, s.upto)
	b.Queue(pageSQL, s.after, s.upto, w.Types)
	if w.Tables != nil {
		b.Queue(withinSQL, Serving)
	}
	answers := tx.SendBatch(ctx, &b)
	defer func() { err = errors.Join(err, answers.Close()) }()

	if !s.closes {
		if _, err := answers.Exec(); err != nil {
			return nil, nil, fmt.Errorf("set a savepoint: %w", err)
		}
	}
	moved, err := answers.Exec()
	if err != nil {
		return nil, nil, fmt.Errorf("move the checkpoint: %w", err)
	}
	if moved.RowsAffected() == 0 {
		return nil, nil, errMoved
	}
	rows, _ := answers.Query() // CollectRows returns its error
	if failed, err = collectStreams(rows); err != nil {
		return nil, nil, fmt.Errorf("read the failed streams: %w", err)
	}
	rows, _ = answers.Query() // CollectRecorded returns its error
	if events, err = eventstore.CollectRecorded(rows, s.upto-s.after); err != nil {
		return nil, nil, fmt.Errorf("read the page: %w", err)
	}
	return events, failed, nil
}

// apply decodes events and hands them over. A panic becomes an error.
func (w *worker) apply(ctx context.Context, tx pgx.Tx, recorded []eventstore.Recorded) (err error) {
	defer w.recover(&err)
	events, err := w.codec.Open(ctx, recorded...)
	if err != nil {
		return err
	}
	return w.applyOpened(ctx, tx, events)
}

// applyOpened hands decoded events over. A panic becomes an error.
func (w *worker) applyOpened(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) (err error) {
	if len(events) == 0 {
		return nil
	}
	defer w.recover(&err)
	events, erased, err := w.again(ctx, tx, w.codec, events, w.Name)
	if err != nil {
		return err
	}
	if err := w.Apply(ctx, tx, events); err != nil || len(erased) == 0 {
		return err
	}
	return w.forgetElsewhere(ctx, tx, erased)
}

// recover makes an error of a panic of the follower's.
func (w *worker) recover(err *error) {
	if p := recover(); p != nil {
		w.log.Error("a follower panicked", "follower", w.Name, "panic", p, "stack", string(debug.Stack()))
		*err = fmt.Errorf("panic: %v", p)
	}
}

// shrink halves the page after a timeout; grow brings it back.
func (w *worker) shrink() { w.size.Store(max(w.size.Load()/2, 1)) }
func (w *worker) grow()   { w.size.Store(min(w.size.Load()*2, w.maxSize)) }
