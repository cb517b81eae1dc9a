package follow

import (
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-sql/v4/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"

	"helpdesk/test/kit"
)

// The faults of watermill-sql's subscriber that the follower is built around.
// A test that fails after an upgrade is good news: see what of handle, the
// adapters and the pacer can go.

// looks is a backoff manager that tells what it is told.
type looks chan look

type look struct {
	noMsg bool
	err   error
}

func (l looks) HandleError(_ watermill.LoggerAdapter, noMsg bool, err error) time.Duration {
	select {
	case l <- look{noMsg, err}:
	default:
	}
	return 10 * time.Millisecond
}

func stockSubscriber(t *testing.T, l log, config sql.SubscriberConfig) <-chan *message.Message {
	t.Helper()
	config.ConsumerGroup, config.ResendInterval = "stock", time.Millisecond
	if config.OffsetsAdapter == nil {
		config.OffsetsAdapter = checkpointOffsets{}
	}
	if config.SchemaAdapter == nil {
		nobody := func() []string { return []string{} }
		config.SchemaAdapter = pageSchema{lane: "stock", members: func() []string { return []string{"stock"} }, watched: nobody}
	}
	if _, err := l.Pool.Exec(kit.Context(t), registerSQL, []string{"stock"}, []int{1}); err != nil {
		t.Fatal(err)
	}
	s, err := sql.NewSubscriber(sql.BeginnerFromPgx(l.Pool), config, watermill.NopLogger{})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := s.Subscribe(kit.Context(t), topic)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return messages
}

func receive(t *testing.T, messages <-chan *message.Message) (*message.Message, sql.Tx) {
	t.Helper()
	select {
	case msg := <-messages:
		tx, ok := sql.TxFromContext(msg.Context())
		if !ok {
			t.Fatal("a message without a transaction")
		}
		return msg, tx
	case <-time.After(kit.Patience):
		t.Fatal("no message came")
		return nil, nil
	}
}

func TestStockANackSendsAgainWithinTheSameTransaction(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	l.Fill(t, 1)
	messages := stockSubscriber(t, l, sql.SubscriberConfig{})
	msg, tx := receive(t, messages)
	if _, err := tx.ExecContext(msg.Context(), setPageSQL); err != nil { // which the ack releases
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(msg.Context(), `INSERT INTO effects (follower, position) VALUES ('stock', 1)`); err != nil {
		t.Fatal(err)
	}
	msg.Nack()
	again, same := receive(t, messages)
	if tx != same {
		t.Error("the message came again in another transaction")
	}
	// nothing was rolled back, and an ack commits it
	again.Ack()
	kit.Poll(t, "the event", func() bool { return len(l.recorded(t, "stock")) == 1 })
}

// writing writes into the message's transaction as a handler would, but from
// the subscriber's goroutine: else the fault would be a data race as well.
type writing struct{ checkpointOffsets }

func (writing) ConsumedMessageQuery(sql.ConsumedMessageQueryParams) (sql.Query, error) {
	return sql.Query{Query: `INSERT INTO effects (follower, position) VALUES ('stock', 1)`}, nil
}

func TestStockTheAckDeadlineCommitsWhatWasWritten(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	l.Fill(t, 1)
	deadline := 100 * time.Millisecond
	offsets := writing{checkpointOffsets{}}
	messages := stockSubscriber(t, l, sql.SubscriberConfig{AckDeadline: &deadline, OffsetsAdapter: offsets})
	receive(t, messages)
	receive(t, messages) // the same page in the next transaction; the first one was never acked
	if got := l.recorded(t, "stock"); len(got) == 0 {
		t.Error("what was written for a page that was not acked is gone; want the fault")
	}
}

// failing is a schema whose query fails when its rows are read.
type failing struct{ pageSchema }

func (failing) SelectQuery(sql.SelectQueryParams) (sql.Query, error) {
	return sql.Query{Query: `SELECT position, 1 / position FROM log_head`}, nil
}

func TestStockAQueryThatFailsLooksLikeAnEmptyOne(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	saw := make(looks, 1)
	stockSubscriber(t, l, sql.SubscriberConfig{SchemaAdapter: failing{}, BackoffManager: saw})
	if _, err := l.Pool.Exec(kit.Context(t), `SELECT position, 1 / position FROM log_head`); err == nil {
		t.Fatal("the query does not fail")
	}
	select {
	case got := <-saw:
		if want := (look{noMsg: true}); got != want {
			t.Errorf("got %+v, want the fault: %+v", got, want)
		}
	case <-time.After(kit.Patience):
		t.Fatal("the subscriber did not look")
	}
}
