package eventstore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Bounds of one batch: enough to share a disk flush widely, small enough that
// the lock on the head is never held for long.
const (
	maxBatchAppends = 512
	maxBatchBytes   = 4 << 20
)

// commitTimeout bounds how long a batch is tried while the database is away.
const commitTimeout = 15 * time.Second

// writer writes appends that wait at the same time together.
type writer struct {
	pool     *pgxpool.Pool
	codec    *Codec
	appended func(types []string)
	inline   []Inline // brought up to date with each append
	recent   Recent
	keys     streamKeys
	attempts attempts

	inlineNames    []string
	inlineVersions []int

	mu      sync.Mutex
	queue   []*waiting // appends nobody has taken yet
	running bool       // whether a committer is at work
	closed  bool
	wg      sync.WaitGroup // the committer
}

// close waits for the appends under way and refuses later ones.
func (c *writer) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.wg.Wait()
}

// waiting is an append in the queue.
type waiting struct {
	encoded
	done chan result // buffered: the committer never waits for its reader
}

type result struct {
	Appended
	err error
}

// Append writes the events of one command and returns once they are durable.
//
// All of the events are written or none. They get consecutive positions and
// versions, and every reader sees them in the order of positions. The error is
// [ErrConflict], [ErrDuplicateCommand], [ErrUnavailable], [ErrDiskFull], [ErrLocked],
// [ErrReadOnly], what Also returned, or the database's own. When ctx ends first, its error
// is returned for an append that is still queued, which is taken back; another is written
// or not, and where time ran out that is [ErrUnavailable].
//
// Appends that wait at the same time are written together, in one statement
// with one flush to disk; the conflict of one never fails another. One with
// Also has a transaction of its own.
func (s *Store) Append(ctx context.Context, a Append) (Appended, error) {
	if len(a.Events) == 0 {
		return Appended{}, errors.New("append without events")
	}
	if len(a.Destroys) > 0 {
		a.Also = InTurn(s.codec.destroyTexts(a.StreamID, a.Destroys), a.Also)
	}
	e, err := s.codec.prepare(ctx, a, s.writer.keys.of)
	if err != nil {
		return Appended{}, err
	}
	if a.Also != nil {
		r := s.writer.commitAlone(ctx, e)
		if len(a.Destroys) > 0 {
			s.writer.recent.Forget() // the keys are in them
		}
		return r.Appended, r.err
	}
	w := &waiting{encoded: e, done: make(chan result, 1)}
	if err := s.writer.enqueue(w); err != nil {
		return Appended{}, err
	}
	select {
	case r := <-w.done:
		return r.Appended, r.err
	case <-ctx.Done():
		err := fmt.Errorf("waiting for the append: %w", ctx.Err())
		if !s.writer.takeBack(w) {
			err = uncertain(err)
		}
		return Appended{}, err
	}
}

// enqueue adds w and sees to it that a committer is at work. The committer
// lives as long as there is something to write.
func (c *writer) enqueue(w *waiting) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrUnavailable.With("the service is shutting down; nothing was written")
	}
	c.queue = append(c.queue, w)
	if !c.running {
		c.running = true
		c.wg.Go(c.commit)
	}
	return nil
}

// takeBack removes w from the queue, and reports false where a batch has taken it.
func (c *writer) takeBack(w *waiting) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, q := range c.queue {
		if q == w {
			c.queue = append(c.queue[:i], c.queue[i+1:]...)
			return true
		}
	}
	return false
}

// commit writes batches until the queue is empty.
func (c *writer) commit() {
	for {
		runtime.Gosched() // who is about to append joins
		batch := c.nextBatch()
		if batch == nil {
			return
		}
		c.write(batch)
		c.notify(batch)
	}
}

// notify calls appended with the types of what was written, or tried to be.
func (c *writer) notify(batch []*waiting) {
	var types []string
	for _, w := range batch {
		types = w.addTypes(types)
	}
	c.appended(types)
}

// addTypes adds the types of the append's events to those that are not there.
func (e encoded) addTypes(types []string) []string {
	for _, event := range e.events {
		if !slices.Contains(types, event.name) {
			types = append(types, event.name)
		}
	}
	return types
}

// nextBatch takes what is waiting, up to the bounds, in order. Of two appends
// to one stream, or with one command id, the later stays for the next batch.
func (c *writer) nextBatch() []*waiting {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		c.running = false
		return nil
	}
	var (
		batch, rest []*waiting
		taken       = map[uuid.UUID]bool{} // streams and commands: both are unique
		size        int
	)
	for _, w := range c.queue {
		full := len(batch) == maxBatchAppends || (size > 0 && size+w.size > maxBatchBytes)
		if full || taken[w.StreamID] || (w.CommandID != uuid.Nil && taken[w.CommandID]) {
			rest = append(rest, w)
			taken[w.StreamID] = true // a third to the same stream stays behind the second
			continue
		}
		taken[w.StreamID] = true
		if w.CommandID != uuid.Nil {
			taken[w.CommandID] = true
		}
		size += w.size
		batch = append(batch, w)
	}
	c.queue = rest
	return batch
}

// write writes a batch and tells every append in it what became of it. What
// the database refuses as a whole is written one by one, so that a single bad
// append fails alone.
func (c *writer) write(batch []*waiting) {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	appends := make([]encoded, len(batch))
	for i, w := range batch {
		appends[i] = w.encoded
	}
	results, err := c.writeSurely(ctx, appends)
	if err != nil && len(batch) > 1 && !Transient(err) {
		for _, w := range batch {
			c.write([]*waiting{w})
		}
		return
	}
	for i, w := range batch {
		if err != nil {
			w.done <- result{err: uncertain(err)}
			continue
		}
		w.done <- results[i]
	}
}

// writeSurely writes a batch, again and again while the database is away. An
// attempt whose answer was lost may have been written: its appends then look
// like conflicts to the next one, and are told apart by their event ids.
func (c *writer) writeSurely(ctx context.Context, batch []encoded) ([]result, error) {
	lost := false
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		c.attempts.begin()
		verdicts, err := c.writeTogether(ctx, batch)
		c.attempts.end(err)
		if err == nil {
			results := judge(batch, verdicts)
			c.rememberKeys(batch, results)
			c.recent.add(recordedOf(results))
			if lost {
				return results, c.recognise(ctx, batch, results)
			}
			return results, nil
		}
		if !Transient(err) || Refused(err) != nil { // which hardly changes within seconds
			if lost {
				err = errors.Join(ErrUnavailable, err)
			}
			return nil, fmt.Errorf("append: %w", err)
		}
		lost = true
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("append: %w", err)
		case <-time.After(wait):
		}
	}
}

// writeTogether writes a batch with what is inline, or without where that fails.
func (c *writer) writeTogether(ctx context.Context, batch []encoded) (verdicts []verdict, err error) {
	if len(c.inline) == 0 {
		return writeBatch(ctx, c.pool, batch)
	}
	err = pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		verdicts, err = c.writeInline(ctx, tx, batch)
		return err
	})
	if errors.Is(err, errInline) {
		return writeBatch(ctx, c.pool, batch)
	}
	return verdicts, err
}

// judge turns the statement's verdicts into results, in the order of the batch.
func judge(batch []encoded, verdicts []verdict) []result {
	results := make([]result, len(batch))
	for _, v := range verdicts {
		a, r := batch[v.Ord], &results[v.Ord]
		switch {
		case v.Repeated:
			r.err = ErrDuplicateCommand
		case v.Before == nil:
			r.err = ErrConflict
		default:
			r.Appended = a.at(*v.Before, *v.OccurredAt, *v.RecordedAt)
		}
	}
	return results
}

// rememberKeys keeps the keys of streams that were appended to. Where an append was
// refused, the key may be why: the next one looks it up.
func (c *writer) rememberKeys(batch []encoded, results []result) {
	for i, e := range batch {
		if results[i].err != nil || len(e.Destroys) > 0 {
			c.keys.forget(e.StreamID)
		}
		if results[i].err == nil && e.key != nil {
			c.keys.keep(e.StreamID, e.key)
		}
	}
}

func (e encoded) at(before int64, occurred, recorded time.Time) Appended {
	n := len(e.events)
	return Appended{
		FirstPosition: before + 1, Position: before + int64(n), Version: e.ExpectedVersion + n,
		OccurredAt: occurred, RecordedAt: recorded, Events: e.envelopes(before, occurred, recorded),
	}
}

// recordedOf returns the events of the appends that were written.
func recordedOf(results []result) (all []Recorded) {
	for _, r := range results {
		for _, e := range r.Events {
			all = append(all, e.Recorded)
		}
	}
	return all
}

// recognise looks for appends of ours among those that lost: an event of ours
// at the version after the expected one means that an earlier attempt won.
func (c *writer) recognise(ctx context.Context, batch []encoded, results []result) error {
	for i, e := range batch {
		if results[i].err == nil {
			continue
		}
		const q = `SELECT position, occurred_at, recorded_at FROM events WHERE stream_id = $1 AND version = $2 AND event_id = $3`
		var first int64
		var occurred, recorded time.Time
		err := c.pool.QueryRow(ctx, q, e.StreamID, e.ExpectedVersion+1, e.events[0].id).Scan(&first, &occurred, &recorded)
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look for an append whose answer was lost: %w", err)
		}
		results[i] = result{Appended: e.at(first-1, occurred, recorded)}
	}
	return nil
}

// commitAlone writes one append in a transaction that begins with its Also.
// Nothing is tried twice: Also may not bear it.
func (c *writer) commitAlone(ctx context.Context, e encoded) (r result) {
	var verdicts []verdict
	r.err = pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		if err := e.Also(ctx, tx); err != nil {
			return err
		}
		// Last, so that the lock on the head is held for the commit alone.
		var err error
		if verdicts, err = c.writeAlone(ctx, tx, e); err != nil {
			return fmt.Errorf("append: %w", err)
		}
		r = judge([]encoded{e}, verdicts)[0]
		return r.err
	})
	if r.err != nil {
		c.keys.forget(e.StreamID)
	}
	if repeatedAtOnce(r.err) {
		return result{err: ErrDuplicateCommand}
	}
	if r.err != nil {
		return result{err: uncertain(r.err)}
	}
	c.recent.add(recordedOf([]result{r}))
	c.rememberKeys([]encoded{e}, []result{r})
	c.appended(e.addTypes(nil))
	return r
}

// writeAlone is [writer.writeTogether] for an append in a transaction of its own.
func (c *writer) writeAlone(ctx context.Context, tx pgx.Tx, e encoded) (verdicts []verdict, err error) {
	batch := []encoded{e}
	if len(c.inline) == 0 {
		return writeBatch(ctx, tx, batch)
	}
	err = pgx.BeginFunc(ctx, tx, func(savepoint pgx.Tx) error {
		verdicts, err = c.writeInline(ctx, savepoint, batch)
		return err
	})
	if errors.Is(err, errInline) {
		return writeBatch(ctx, tx, batch)
	}
	return verdicts, err
}
