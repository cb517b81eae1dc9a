package saga

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"

	"helpdesk/internal/batch"
)

// Metadata of the messages, beside Watermill's own.
const (
	metaName        = "name" // of the command, where cqrs looks for it
	metaCausation   = "causation_id"
	metaCorrelation = "correlation_id" // Watermill's own
)

// Times of the outbox.
const (
	lookEvery      = 2 * time.Second       // between two looks for what nobody told this process of
	longestSleep   = time.Minute           // of who is woken by those looks
	claimEvery     = 20 * time.Millisecond // so that what comes meanwhile is carried out together
	claimPause     = 500 * time.Millisecond
	commandTimeout = 5 * time.Minute // of one try; a mail dialogue is bounded well below
	firstRetry     = 200 * time.Millisecond
	retrySlack     = 10 * time.Millisecond // between the clocks of program and database
	longestRetry   = time.Minute
	settleTimeout  = 5 * time.Second
)

// later is an error that is none: the command is to be tried again after a
// while, as often as it says so.
type later interface {
	error
	RetryAfter() time.Duration
}

// subscriber is a [message.Subscriber] on the outbox, a topic being the name of
// a command. It claims as many commands as it may have under way, and no more,
// in a transaction that ends with the claim: nothing is held while a command is
// carried out, which for a mail may take minutes. watermill-sql's subscriber
// would hold a transaction open for as long.
type subscriber struct {
	outbox   *Outbox
	by       int32 // the worker
	atOnce   int
	woken    *Notifier // woken when there may be commands
	log      *slog.Logger
	handOver *batch.Queries[outside, bool]
	done     *batch.Queries[uuid.UUID, struct{}]
	ends     sync.WaitGroup
	stopOnce sync.Once
	stop     chan struct{}
}

func newSubscriber(o *Outbox, by int32, atOnce int, woken *Notifier, log *slog.Logger) *subscriber {
	return &subscriber{
		outbox: o, by: by, atOnce: atOnce, woken: woken, log: log, stop: make(chan struct{}),
		handOver: batch.New(func(ctx context.Context, all []outside) ([]bool, error) { return o.handOver(ctx, by, all) }),
		done: batch.New(func(ctx context.Context, ids []uuid.UUID) ([]struct{}, error) {
			return make([]struct{}, len(ids)), o.done(ctx, by, ids)
		}),
	}
}

// Subscribe implements [message.Subscriber].
func (s *subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	out := make(chan *message.Message)
	s.ends.Go(func() {
		defer close(out)
		s.consume(ctx, topic, out)
	})
	return out, nil
}

// Close implements [message.Subscriber]: nothing more is claimed, and what is
// under way is waited for.
func (s *subscriber) Close() error {
	s.stopOnce.Do(func() { close(s.stop) })
	s.ends.Wait()
	return nil
}

func (s *subscriber) consume(ctx context.Context, topic string, out chan<- *message.Message) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	woken, _, deaf := s.woken.ListenFor([]string{topic})
	defer deaf()
	slots := make(chan struct{}, s.atOnce) // one taken for each command under way
	var under sync.WaitGroup
	defer under.Wait()
	failures := 0
	for ctx.Err() == nil {
		free := acquire(ctx, slots)
		begun := time.Now()
		commands, err := s.outbox.claim(ctx, topic, free, s.by)
		for range free - len(commands) {
			<-slots
		}
		for _, c := range commands {
			under.Go(func() {
				defer func() { <-slots }()
				s.deliver(ctx, topic, c, out)
			})
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failures++
			s.log.Warn("commands cannot be claimed", "command", topic, "error", err, "failures", failures)
			sleep(ctx, claimPause, nil)
		default:
			failures = 0
			sleep(ctx, claimEvery-time.Since(begun), nil)
			if len(commands) < free {
				sleep(ctx, longestSleep, woken)
			}
		}
	}
}

// acquire takes all the slots there are, waiting for the first.
func acquire(ctx context.Context, slots chan struct{}) (n int) {
	select {
	case slots <- struct{}{}:
		n = 1
	case <-ctx.Done():
		return 0
	}
	for {
		select {
		case slots <- struct{}{}:
			n++
		default:
			return n
		}
	}
}

// deliver hands one command over and settles it.
func (s *subscriber) deliver(ctx context.Context, topic string, c claimed, out chan<- *message.Message) {
	d := &Delivery{claimed: c, handOver: s.handOver}
	msg := message.NewMessage(c.ID.String(), message.Payload(c.Payload))
	msg.Metadata.Set(metaName, topic)
	msg.Metadata.Set(metaCausation, c.CausationID.String())
	msg.Metadata.Set(metaCorrelation, c.CorrelationID)
	// Not under ctx: a command that was begun is finished.
	under, cancel := context.WithTimeout(context.WithValue(context.WithoutCancel(ctx), deliveryKey{}, d), commandTimeout)
	defer cancel()
	msg.SetContext(under)
	select {
	case out <- msg:
	case <-ctx.Done():
		s.settle(d, releaseSQL)
		return
	}
	select {
	case <-msg.Acked():
		ctx, cancel := context.WithTimeout(context.Background(), settleTimeout)
		defer cancel()
		_, err := s.done.Ask(ctx, d.ID)
		s.unrecorded(d, err)
	case <-msg.Nacked():
		s.refused(topic, d)
	}
}

// refused puts a command back, or sets aside it after its last try.
func (s *subscriber) refused(topic string, d *Delivery) {
	text := "refused without an error"
	if d.err != nil {
		text = errorText(d.err)
	}
	if wait, ok := retryAfter(d.err); ok {
		s.settle(d, laterSQL, text, wait)
		s.wakeAfter(topic, wait)
		return
	}
	if d.Attempts >= maxTries {
		s.log.Error("a command failed for good", "command", topic, "command_id", d.ID, "tries", d.Attempts, "error", d.err)
		s.settle(d, setFailedSQL, text)
		return
	}
	s.log.Warn("a command failed and is tried again", "command", topic, "command_id", d.ID, "try", d.Attempts, "error", d.err)
	wait := min(firstRetry<<(d.Attempts-1), longestRetry)
	s.settle(d, againSQL, text, wait)
	s.wakeAfter(topic, wait)
}

// wakeAfter has whoever looks for commands look when one is to be tried again.
func (s *subscriber) wakeAfter(topic string, wait time.Duration) {
	time.AfterFunc(wait+retrySlack, func() { s.woken.NotifyOf([]string{topic}) })
}

// settle ends a claim. When the database is away the claim ends with the
// worker, and the command is carried out again, which acts once.
func (s *subscriber) settle(d *Delivery, sql string, args ...any) {
	ctx, cancel := context.WithTimeout(context.Background(), settleTimeout)
	defer cancel()
	_, err := s.outbox.pool.Exec(ctx, sql, append([]any{d.ID, s.by}, args...)...)
	s.unrecorded(d, err)
}

// unrecorded logs that a claim was not ended.
func (s *subscriber) unrecorded(d *Delivery, err error) {
	if err != nil {
		s.log.Warn("the end of a command was not recorded", "command_id", d.ID, "error", err)
	}
}
