package follow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/eventstore"
)

// Bounds of the page of several followers. Who needs more goes apart.
const (
	convoyTimeout = 5 * time.Second
	convoyLock    = "1s" // for a lock that somebody holds
	convoySpread  = 1000 // positions between the first and the last of them
)

// convoy is the lane of all followers that are neither behind nor in trouble: a
// page of the log is looked for, read and decoded once for all of them, and applied
// by each in one transaction. Where one of them cannot, all is undone, that one goes
// [worker.apart], and the others go on without it.
type convoy struct {
	*lane
	codec   *eventstore.Codec
	recent  *eventstore.Recent
	workers []*worker
	size    int64
	timeout time.Duration
	given   []*worker // that had events in the page under way
	left    []*worker // that go apart with it
}

// leave has a follower go apart, once the transaction under way has let go of it.
func (c *convoy) leave(w *worker) {
	w.apart.Store(true)
	c.left = append(c.left, w)
}

// ended is called when the transaction of a page, if there was one, has ended.
func (c *convoy) ended() {
	for _, w := range c.given {
		if w.Committed != nil {
			w.Committed()
		}
	}
	for _, w := range c.left {
		w.pacer.call()
	}
	c.given, c.left = nil, nil
}

// members returns the names of those in the convoy.
func (c *convoy) members() []string {
	return namesOf(c.workers, func(w *worker) bool { return !w.Inline && !w.apart.Load() })
}

// watched returns the names of those that the convoy looks after only: followers
// which appends bring up to date go their own way where that was not possible.
func (c *convoy) watched() []string {
	return namesOf(c.workers, func(w *worker) bool { return w.Inline && !w.apart.Load() })
}

func (c *convoy) types() []string { return nil }

func namesOf(workers []*worker, of func(*worker) bool) []string {
	names := []string{} // nil would be null, and null is any of nothing
	for _, w := range workers {
		if of(w) {
			names = append(names, w.Name)
		}
	}
	return names
}

// handle is the Watermill handler of the convoy; see [worker.handle].
func (c *convoy) handle(msg *message.Message) error {
	p, tx, done, err := c.open(msg)
	if err != nil {
		return err
	}
	defer done()
	for _, w := range c.workers {
		if slices.Contains(p.Behind, w.Name) {
			c.leave(w)
		}
	}
	on, after, upto := c.participants(p)
	if len(on) == 0 {
		return setSavepoint(msg.Context(), tx)
	}
	ctx, cancel := context.WithTimeout(msg.Context(), c.timeout)
	defer cancel()
	var culprit *worker
	err = inPageSavepoint(ctx, tx, func() error {
		culprit, err = c.apply(ctx, tx, on, after, upto)
		return err
	})
	switch {
	case err == nil:
		c.pacer.applied(upto == p.Head)
		return nil
	case errors.Is(err, errMoved):
		return nil
	case culprit != nil:
		c.given = nil
		c.leave(culprit)
		c.log.Warn("a page of the log was not applied; the follower goes on apart", "follower", culprit.Name, "after", after, "upto", upto, "error", err)
	default:
		c.given = nil
		c.log.Warn("a page of the log was not applied", "after", after, "upto", upto, "try", c.pacer.fail(), "error", err)
	}
	return nil
}

// participant is a member with its place.
type participant struct {
	*worker
	after int64
}

// participants returns the page (after, upto] and who takes part in it. Who is far behind
// the others, or has failed events, goes apart.
func (c *convoy) participants(p page) (on []participant, after, upto int64) {
	after = p.Head
	for _, w := range c.workers {
		for _, m := range p.Members {
			switch {
			case m.Name != w.Name || m.After >= p.Head:
			case m.Failing || p.First-m.After > convoySpread:
				c.leave(w)
			default:
				on, after = append(on, participant{w, m.After}), min(after, m.After)
			}
		}
	}
	upto = min(after+c.size, p.Head)
	// Who is beyond the page already must not be moved back to its end.
	on = slices.DeleteFunc(on, func(w participant) bool { return w.after >= upto })
	return on, after, upto
}

// moveAllSQL moves several checkpoints, each if it is still where it was.
const moveAllSQL = `UPDATE checkpoints AS c SET position = $3, moved_at = clock_timestamp()
FROM unnest($1::text[], $2::bigint[]) AS m (name, after)
WHERE c.name = m.name AND c.position = m.after AND m.after < $3`

const convoySettingsSQL = `SELECT set_config('search_path', '` + Serving + `, public', true), set_config('lock_timeout', '` + convoyLock + `', true)`

// apply applies the page (after, upto]. culprit is who could not take it; nil where
// it is not known to be somebody's fault.
func (c *convoy) apply(ctx context.Context, tx pgx.Tx, on []participant, after, upto int64) (culprit *worker, err error) {
	recorded, err := c.begin(ctx, tx, on, after, upto)
	if err != nil {
		return nil, err
	}
	events, faults, err := c.decode(ctx, on, recorded)
	if err != nil {
		return nil, err
	}
	for _, w := range on {
		given, err := w.take(ctx, tx, upto, recorded, events, faults)
		if err = noneIgnored(tx, err); err == nil {
			err = ctx.Err() // whatever it says: it may have given up half way
		}
		if err != nil {
			return w.worker, err
		}
		if given {
			c.given = append(c.given, w.worker)
		}
	}
	return nil, nil
}

// begin sets the savepoint, moves the checkpoints and reads the page unless its
// events are remembered, in one round trip.
func (c *convoy) begin(ctx context.Context, tx pgx.Tx, on []participant, after, upto int64) (recorded []eventstore.Recorded, err error) {
	names, places := make([]string, len(on)), make([]int64, len(on))
	for i, w := range on {
		names[i], places[i] = w.Name, w.after
	}
	recorded, remembered := c.recent.Page(after, upto)
	var b pgx.Batch
	b.Queue(setPageSQL)
	b.Queue(convoySettingsSQL)
	b.Queue(moveAllSQL, names, places, upto)
	if remembered {
		b.Queue(eventIDSQL, upto)
	} else {
		b.Queue(pageSQL, after, upto, typesOf(on))
	}
	answers := tx.SendBatch(ctx, &b)
	defer func() { err = errors.Join(err, answers.Close()) }()
	for range 2 {
		if _, err := answers.Exec(); err != nil {
			return nil, fmt.Errorf("set up the page: %w", err)
		}
	}
	moved, err := answers.Exec()
	if err != nil {
		return nil, fmt.Errorf("move the checkpoints: %w", err)
	}
	if int(moved.RowsAffected()) < len(on) {
		return nil, errMoved
	}
	if remembered {
		return recorded, c.check(answers, recorded[len(recorded)-1])
	}
	rows, _ := answers.Query() // CollectRecorded returns its error
	if recorded, err = eventstore.CollectRecorded(rows, upto-after); err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	return recorded, nil
}

// eventIDSQL returns the id of the event at a position.
const eventIDSQL = `SELECT event_id FROM events WHERE position = $1`

// errOtherLog means that the log has other events than those that are remembered.
var errOtherLog = errors.New("the log has other events at these positions than this process appended, as after a restore")

// check holds the last event of a page that is remembered against the log.
func (c *convoy) check(answers pgx.BatchResults, last eventstore.Recorded) error {
	var id uuid.UUID
	if err := answers.QueryRow().Scan(&id); err != nil {
		return fmt.Errorf("look at event %d: %w", last.Position, err)
	}
	if id != last.EventID {
		c.recent.Forget()
		return errOtherLog
	}
	return nil
}

// typesOf returns the types that one of them is given; nil: all.
func typesOf(on []participant) []string {
	var types []string
	for _, w := range on {
		if w.Types == nil {
			return nil
		}
		types = append(types, w.Types...)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// decode opens the events that somebody is given decoded.
func (c *convoy) decode(ctx context.Context, on []participant, recorded []eventstore.Recorded) ([]eventstore.Envelope, map[int64]error, error) {
	var wanted []eventstore.Recorded
	for _, e := range recorded {
		if slices.ContainsFunc(on, func(w participant) bool { return w.Whole == nil && w.wants(e.Type) }) {
			wanted = append(wanted, e)
		}
	}
	events, faults, _, err := c.codec.OpenEach(ctx, wanted...)
	return events, faults, err
}

// take applies what is for a follower of a page that ends at upto, and reports
// whether there was anything.
func (w participant) take(ctx context.Context, tx pgx.Tx, upto int64, recorded []eventstore.Recorded, events []eventstore.Envelope, faults map[int64]error) (given bool, err error) {
	if w.Whole != nil {
		behind, _ := slices.BinarySearchFunc(recorded, w.after+1, func(e eventstore.Recorded, position int64) int { return int(e.Position - position) })
		return true, w.applyWhole(ctx, tx, w.after, upto, recorded[behind:])
	}
	var mine []eventstore.Envelope
	for _, e := range events {
		if e.Position <= w.after || !w.wants(e.Type) {
			continue
		}
		if err := faults[e.Position]; err != nil {
			return false, fmt.Errorf("event at position %d: %w", e.Position, err)
		}
		mine = append(mine, e)
	}
	return len(mine) > 0, w.applyOpened(ctx, tx, mine)
}
