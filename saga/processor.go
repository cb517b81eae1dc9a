package saga

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/components/cqrs"
	"github.com/ThreeDotsLabs/watermill/components/metrics"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"helpdesk/commands"
	"helpdesk/internal/batch"
)

// Handler carries out one kind of command; see [Handle].
type Handler struct {
	handler cqrs.CommandHandler
	name    string
	atOnce  int
}

// Handle makes the handler of commands C, of which a process has up to atOnce
// under way. f MUST bear being called again for a command it has carried out:
// the request's ID is the command's, and the same each time.
func Handle[C Command](atOnce int, f func(ctx context.Context, r commands.Request, c C) error) Handler {
	return handle(atOnce, func(ctx context.Context, d *Delivery, c C) error { return f(ctx, d.Request(), c) })
}

// handle is [Handle] for who hands something to somebody outside.
func handle[C Command](atOnce int, f func(ctx context.Context, d *Delivery, c C) error) Handler {
	var zero C
	carry := func(ctx context.Context, c *C) error {
		d, ok := deliveryOf(ctx)
		if !ok {
			return fmt.Errorf("%s did not come from the outbox", zero.Name())
		}
		return f(ctx, d, *c)
	}
	return Handler{handler: cqrs.NewCommandHandler(zero.Name(), carry), name: zero.Name(), atOnce: atOnce}
}

// Delivery is a command under way, as its handler sees it. Its error is set by the
// middleware before the message is nacked, for Watermill does not tell a subscriber why.
type Delivery struct {
	claimed
	handOver *batch.Queries[outside, bool]
	err      error
}

type deliveryKey struct{}

// errLost means that the command is not this worker's any more, or was handed over.
var errLost = errors.New("another worker is at the command")

// deliveryOf returns the command that a handler was called for.
func deliveryOf(ctx context.Context) (*Delivery, bool) {
	d, ok := ctx.Value(deliveryKey{}).(*Delivery)
	return d, ok
}

// Request returns what comes with the command; its ID is that of the command, and the
// same each time.
func (d *Delivery) Request() commands.Request {
	return commands.Request{ID: d.ID, CausationID: d.CausationID, CorrelationID: d.CorrelationID}
}

// HandedOver returns the last attempt of which somebody outside may have taken what
// there was to take, this time or before; 0: none.
func (d *Delivery) HandedOver() int { return d.claimed.HandedOver }

// HandOver notes, on disk before it returns, that from now on somebody outside may take
// what attempt brings. Of any number of workers one is let do so, once for each attempt;
// the others get an error.
func (d *Delivery) HandOver(ctx context.Context, attempt int) error {
	let, err := d.handOver.Ask(ctx, outside{d.ID, attempt})
	if err == nil && !let {
		err = errLost
	}
	return err
}

// Processor carries out the commands of the outbox, through Watermill's command
// processor. Any number of processes may run one on one database. For all of its
// process it looks every two seconds for what no other process told of.
type Processor struct {
	outbox   *Outbox
	issued   *Notifier
	set      *Notifier
	handlers []Handler
	metrics  prometheus.Registerer
	log      *slog.Logger
}

// NewProcessor makes the processor. issued wakes it; it wakes set before a timer is due
// that another process may have set. metrics may be nil.
func NewProcessor(o *Outbox, issued, set *Notifier, metrics prometheus.Registerer, log *slog.Logger, handlers ...Handler) *Processor {
	return &Processor{outbox: o, issued: issued, set: set, handlers: handlers, metrics: metrics, log: log}
}

// Times of the processor.
const (
	closeTimeout = 30 * time.Second
	reconnect    = time.Second
)

// Run carries out commands until ctx ends and those under way have ended too.
// Each time the connection that stands for the process is lost it begins again.
func (p *Processor) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := p.runOnce(ctx)
		if ctx.Err() != nil {
			return err
		}
		p.log.Warn("the processing of commands restarts", "error", err)
		sleep(ctx, reconnect, nil)
	}
	return nil
}

// runOnce carries out commands as one worker.
func (p *Processor) runOnce(ctx context.Context) error {
	c, err := newWorker(ctx, p.outbox.pool)
	if ctx.Err() != nil {
		err = nil // told to end before it began
	}
	if err != nil || c == nil {
		return err
	}
	defer c.close()
	router, err := p.router(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group errgroup.Group
	ended := make(chan struct{})
	group.Go(func() error {
		defer cancel()
		defer close(ended)
		return router.Run(context.WithoutCancel(ctx))
	})
	group.Go(func() error {
		p.lookOut(ctx)
		return nil
	})
	c.lost(ctx)
	select { // a router that is closed before it runs waits for handlers that never began
	case <-router.Running():
	case <-ended:
	}
	err = router.Close()
	cancel()
	return errors.Join(err, group.Wait())
}

// lookOut frees what dead processes were at, and wakes whoever has something to do that
// nobody told of, again and again until ctx ends.
func (p *Processor) lookOut(ctx context.Context) {
	var names []string
	for _, h := range p.handlers {
		names = append(names, h.name)
	}
	for ctx.Err() == nil {
		commands, timers, err := p.outbox.look(ctx, names)
		if err != nil && ctx.Err() == nil {
			p.log.Warn("what other processes left to do is not looked for", "error", err)
		}
		if commands {
			p.issued.Notify()
		}
		if timers {
			p.set.Notify()
		}
		sleep(ctx, lookEvery, nil)
	}
}

func (p *Processor) router(c *worker) (*message.Router, error) {
	logger := watermill.NewSlogLoggerWithLevelMapping(p.log, map[slog.Level]slog.Level{
		slog.LevelInfo:  slog.LevelDebug, // the router's coming and going is not news
		slog.LevelError: slog.LevelDebug, // the subscriber says what failed and what comes of it
	})
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: closeTimeout}, logger)
	if err != nil {
		return nil, fmt.Errorf("make the router of commands: %w", err)
	}
	if p.metrics != nil {
		metrics.NewPrometheusMetricsBuilder(p.metrics, "helpdesk", "commands").AddPrometheusRouterMetrics(router)
	}
	router.AddMiddleware(noteError, middleware.Recoverer, middleware.CorrelationID)
	atOnce := map[string]int{}
	for _, h := range p.handlers {
		atOnce[h.name] = h.atOnce
	}
	processor, err := cqrs.NewCommandProcessorWithConfig(router, cqrs.CommandProcessorConfig{
		GenerateSubscribeTopic: func(params cqrs.CommandProcessorGenerateSubscribeTopicParams) (string, error) {
			return params.CommandName, nil
		},
		SubscriberConstructor: func(params cqrs.CommandProcessorSubscriberConstructorParams) (message.Subscriber, error) {
			return newSubscriber(p.outbox, c.id, atOnce[params.CommandName], p.issued, p.log), nil
		},
		Marshaler: cqrs.JSONMarshaler{GenerateName: cqrs.NamedStruct(cqrs.StructName)},
		Logger:    logger,
	})
	if err != nil {
		return nil, fmt.Errorf("make the command processor: %w", err)
	}
	for _, h := range p.handlers {
		if err := processor.AddHandlers(h.handler); err != nil {
			return nil, fmt.Errorf("add the handler of %s: %w", h.name, err)
		}
	}
	return router, nil
}

// noteError leaves the error of a command where its subscriber finds it.
func noteError(h message.HandlerFunc) message.HandlerFunc {
	return func(msg *message.Message) ([]*message.Message, error) {
		out, err := h(msg)
		if d, ok := deliveryOf(msg.Context()); ok {
			d.err = err
		}
		return out, err
	}
}

// retryAfter returns how long a command asks to be left alone.
func retryAfter(err error) (time.Duration, bool) {
	var l later
	if errors.As(err, &l) {
		return l.RetryAfter(), true
	}
	return 0, false
}

// maxErrorText is how much of an error is stored with a command, in bytes.
const maxErrorText = 2000

// errorText returns what may be stored of an error: Postgres takes neither NUL
// nor broken UTF-8.
func errorText(err error) string {
	text := strings.ReplaceAll(err.Error(), "\x00", "")
	if len(text) > maxErrorText {
		text = text[:maxErrorText]
	}
	return strings.ToValidUTF8(text, "")
}
