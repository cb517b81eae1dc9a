package follow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-sql/v4/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/components/metrics"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"helpdesk/eventstore"
)

// Config adjusts how the log is followed. The zero value is ready to use.
type Config struct {
	// PageSize is the largest number of positions in one page: what a page costs
	// besides its events is shared by as many. Default 4,000, which take some
	// tenths of a second.
	PageSize int
	// PageTimeout bounds the work on one page. Default 20 s.
	PageTimeout time.Duration
	// Logger takes what the followers have to say. Default [slog.Default].
	Logger *slog.Logger
	// Metrics, when not nil, is given the router's metrics.
	Metrics prometheus.Registerer
	// Recent, when not nil, has the events that this process appended, which need
	// not be read again: that of the store.
	Recent *eventstore.Recent
	// Middleware is added to Watermill's router, outside the follower's own.
	Middleware []message.HandlerMiddleware
}

// Followers carries the log to a set of followers, each at its own pace with
// its own checkpoint, through Watermill's router.
type Followers struct {
	pool     *pgxpool.Pool
	notifier *eventstore.Notifier
	config   Config
	workers  map[string]*worker
	convoy   *convoy
	applied  *eventstore.Notifier // notifies when a page was committed
}

// New prepares followers over a pool, which needs a connection for each of them and
// one more. notifier wakes them; applied is woken after every page they commit.
func New(pool *pgxpool.Pool, codec *eventstore.Codec, notifier, applied *eventstore.Notifier, config Config, followers ...Follower) *Followers {
	if config.PageSize == 0 {
		config.PageSize = 4000
	}
	if config.PageTimeout == 0 {
		config.PageTimeout = 20 * time.Second
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Recent == nil {
		config.Recent = &eventstore.Recent{}
	}
	f := &Followers{pool: pool, notifier: notifier, config: config, workers: map[string]*worker{}, applied: applied}
	f.convoy = &convoy{
		lane: &lane{name: "convoy", log: config.Logger}, codec: codec, recent: config.Recent,
		size: int64(config.PageSize), timeout: min(config.PageTimeout, convoyTimeout),
	}
	for _, follower := range followers {
		w := &worker{
			Follower: follower, lane: &lane{name: follower.Name, log: config.Logger}, codec: codec,
			timeout: config.PageTimeout, maxSize: int64(config.PageSize), convoy: f.convoy,
		}
		w.size.Store(w.maxSize)
		f.workers[follower.Name] = w
		f.convoy.workers = append(f.convoy.workers, w)
	}
	return f
}

// Names returns the names of the followers, in no order.
func (f *Followers) Names() []string {
	var names []string
	for name := range f.workers {
		names = append(names, name)
	}
	return names
}

// Run follows the log until ctx ends, then lets every follower finish and
// commit the page it is at. It returns nil after such an end, and an error when
// it can't go on. Call it once.
func (f *Followers) Run(ctx context.Context) error {
	if err := f.register(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	logger := watermill.NewSlogLoggerWithLevelMapping(f.config.Logger, map[slog.Level]slog.Level{
		slog.LevelInfo: slog.LevelDebug, // the router's coming and going is not news
	})
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: f.config.PageTimeout}, logger)
	if err != nil {
		return fmt.Errorf("make the router: %w", err)
	}
	if f.config.Metrics != nil {
		metrics.NewPrometheusMetricsBuilder(f.config.Metrics, "helpdesk", "follow").AddPrometheusRouterMetrics(router)
	}
	router.AddMiddleware(middleware.Recoverer, middleware.CorrelationID)
	router.AddMiddleware(f.config.Middleware...)
	for _, l := range f.lanes() {
		stop, err := f.add(router, l, logger)
		if err != nil {
			return err
		}
		defer stop()
	}
	// Not under ctx: ending it would cut the pages that are under way.
	ended := make(chan error, 1)
	go func() { ended <- router.Run(context.WithoutCancel(ctx)) }()
	select {
	case err := <-ended:
		return errors.Join(errors.New("the router of the followers stopped by itself"), err)
	case <-ctx.Done():
	}
	f.drain()
	return errors.Join(router.Close(), <-ended)
}

// registerSQL makes the checkpoints of new followers, in an order of their own:
// two processes that begin at once do not lock each other out.
const registerSQL = `INSERT INTO checkpoints (name, version)
SELECT name, version FROM unnest($1::text[], $2::integer[]) AS f (name, version) ORDER BY name
ON CONFLICT DO NOTHING`

// register makes the checkpoints of new followers, again and again while the
// database is away. It returns nil when ctx ends before.
func (f *Followers) register(ctx context.Context) error {
	for failures := 1; ; failures++ {
		err := f.registerOnce(ctx)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if !eventstore.Transient(err) {
			return fmt.Errorf("make the checkpoints: %w", err)
		}
		f.config.Logger.Warn("followers cannot start", "error", err, "failures", failures)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(backoff(failures, readBackoff)):
		}
	}
}

// registerOnce is one try of [Followers.register]. Tables that other code has
// built are served as they are, and whoever runs the service is told.
func (f *Followers) registerOnce(ctx context.Context) error {
	names := f.Names()
	versions := make([]int, len(names))
	for i, name := range names {
		versions[i] = f.workers[name].CodeVersion()
	}
	if _, err := f.pool.Exec(ctx, registerSQL, names, versions); err != nil {
		return err
	}
	rows, _ := f.pool.Query(ctx, `SELECT name, version FROM checkpoints WHERE name = ANY ($1) ORDER BY name`, names) // ForEachRow returns its error
	var name string
	var built int
	_, err := pgx.ForEachRow(rows, []any{&name, &built}, func() error {
		if w := f.workers[name]; w.Tables != nil && built != w.CodeVersion() {
			f.config.Logger.Warn("tables were built by another version of the program and are served as they are until they are rebuilt",
				"projection", name, "built_by", built, "program", w.CodeVersion(), "command", "helpdesk projections rebuild "+name)
		}
		return nil
	})
	return err
}

// way is a lane with who follows in it.
type way interface {
	at() *lane
	types() []string // of the events it is in a hurry for; nil: all
	members() []string
	watched() []string
	handle(msg *message.Message) error
}

// lanes prepares the pacers of all lanes and returns them, the convoy's last.
func (f *Followers) lanes() []way {
	var all []way
	for _, w := range f.workers {
		w.pacer = f.pacer(w)
		w.pacer.committed, w.pacer.wanted, w.pacer.caughtUp = w.Committed, w.apart.Load, w.caughtUp
		all = append(all, w)
	}
	f.convoy.pacer = f.pacer(f.convoy)
	f.convoy.pacer.waited = f.applied.Listened
	f.convoy.pacer.done = func() {
		f.convoy.ended()
		f.applied.Notify()
	}
	return append(all, f.convoy)
}

func (f *Followers) pacer(w way) *pacer {
	return &pacer{
		follower: w.at().name, log: f.config.Logger, done: f.applied.Notify, behind: func() bool { return f.behind(w) },
		called: make(chan struct{}, 1), stop: make(chan struct{}), idle: make(chan struct{}),
	}
}

// behindSQL reports whether [nextPageSQL] may find a page.
const behindSQL = `SELECT EXISTS (
    SELECT FROM checkpoints
    WHERE name = ANY ($1) AND paused_at IS NULL AND position < (SELECT position FROM log_head WHERE id = 1))`

// behind reports whether somebody in the lane, or watched by it, may have events before
// them, without the transaction of a look. Where that cannot be asked, they may.
func (f *Followers) behind(w way) (behind bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := f.pool.QueryRow(ctx, behindSQL, append(w.members(), w.watched()...)).Scan(&behind)
	return behind || err != nil
}

// add makes the subscriber of one lane and its handler.
func (f *Followers) add(router *message.Router, w way, logger watermill.LoggerAdapter) (stop func(), err error) {
	l := w.at()
	woken, other, stop := f.notifier.ListenFor(w.types())
	l.pacer.woken, l.pacer.other = woken, other
	noDeadline := time.Duration(0) // past it the subscriber would commit under the hands of the handler
	subscriber, err := sql.NewSubscriber(sql.BeginnerFromPgx(f.pool), sql.SubscriberConfig{
		ConsumerGroup:  l.name,
		AckDeadline:    &noDeadline,
		ResendInterval: firstBackoff,
		BackoffManager: l.pacer,
		SchemaAdapter:  pageSchema{lane: l.name, members: w.members, watched: w.watched},
		OffsetsAdapter: checkpointOffsets{},
	}, logger)
	if err != nil {
		stop()
		return nil, fmt.Errorf("make the subscriber of %s: %w", l.name, err)
	}
	router.AddConsumerHandler(l.name, topic, subscriber, w.handle)
	return stop, nil
}

// drain waits until no lane has a page under way, at most as long as a page may
// take. One that takes longer loses its connection: the subscriber would commit what
// Apply has written so far.
func (f *Followers) drain() {
	lanes := []*lane{f.convoy.lane}
	for _, w := range f.workers {
		lanes = append(lanes, w.lane)
	}
	for _, l := range lanes {
		l.pacer.halt()
	}
	timeout := time.After(f.config.PageTimeout + time.Second)
	for _, l := range lanes {
		select {
		case <-l.pacer.idle:
		case <-timeout:
			f.config.Logger.Error("a follower did not finish its page in time", "follower", l.name)
			for _, late := range lanes {
				late.abort()
			}
			return
		}
	}
}
