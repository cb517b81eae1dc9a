package eventstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain/ticket"
)

// faultyLine is a line to the database that dies, once, with the message that
// contains a mark: before the message is sent, or after it was answered and
// before the answer is heard.
type faultyLine struct {
	mark       []byte
	unsent     bool
	armed      atomic.Bool
	interrupts atomic.Int64 // messages lost
}

type faultyConn struct {
	net.Conn
	line  *faultyLine
	dying atomic.Bool
}

func (c *faultyConn) Write(p []byte) (int, error) {
	if bytes.Contains(p, c.line.mark) && c.line.armed.CompareAndSwap(true, false) {
		c.line.interrupts.Add(1)
		if c.line.unsent {
			return 0, errors.Join(io.ErrUnexpectedEOF, c.Conn.Close())
		}
		c.dying.Store(true)
	}
	return c.Conn.Write(p)
}

func (c *faultyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.dying.Load() {
		return n, err
	}
	// ReadyForQuery in its idle form: the transaction has ended.
	for tail := p[:n]; err == nil && !bytes.HasSuffix(tail, []byte{'Z', 0, 0, 0, 5, 'I'}); {
		more := make([]byte, 8192)
		if n, err = c.Conn.Read(more); err == nil {
			tail = append(bytes.Clone(tail), more[:n]...)
		}
	}
	return 0, errors.Join(io.ErrUnexpectedEOF, c.Conn.Close())
}

// store makes a store over this line.
func (f *faultyLine) store(t *testing.T, l log) *Store {
	t.Helper()
	store := New(f.pool(t, l), newCodec(nil), func([]string) {})
	t.Cleanup(store.Close)
	return store
}

// pool makes a pool whose connections are this line.
func (f *faultyLine) pool(t *testing.T, l log) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(l.db.ServiceURL)
	if err != nil {
		t.Fatal(err)
	}
	dial := config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &faultyConn{Conn: conn, line: f}, nil
	}
	pool, err := pgxpool.NewWithConfig(testContext(t), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestAnAppendIsCarriedThroughWhenTheLineDies(t *testing.T) {
	t.Parallel()
	const mark = "a-mark-of-its-own"
	for name, unsent := range map[string]bool{
		"the answer of an append that was written is lost": false,
		"the append itself is lost":                        true,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			l.fill(t, 1)
			line := &faultyLine{mark: []byte(mark), unsent: unsent}
			store := line.store(t, l)
			a := appending(newID(t), 0, ticket.Opened{}, ticket.Started{})
			a.Metadata.CorrelationID, a.CommandID = mark, newID(t)
			line.armed.Store(true)
			got, err := store.Append(testContext(t), a)
			if want := (Appended{FirstPosition: 2, Position: 3, Version: 2}); err != nil || untimed(got) != want {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
			if line.interrupts.Load() != 1 {
				t.Error("the line did not die")
			}
			checkLog(t, l, 3)
			if _, err := store.Append(testContext(t), a); !errors.Is(err, ErrDuplicateCommand) {
				t.Errorf("the command again: got %v, want %v", err, ErrDuplicateCommand)
			}
		})
	}
}

// In the batch whose answer was lost, those that had won are told apart from
// those that had lost.
func TestWhoWonIsKnownThoughTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	taken, grown, done := newID(t), newID(t), opening(newID(t))
	l.mustAppend(t, opening(taken))
	l.mustAppend(t, opening(grown))
	done.CommandID = newID(t)
	l.mustAppend(t, done)

	line := &faultyLine{mark: []byte("a-mark-of-its-own")}
	store := line.store(t, l)
	marked, repeated := opening(newID(t)), opening(newID(t))
	marked.Metadata.CorrelationID, repeated.CommandID = string(line.mark), done.CommandID
	var batch []*waiting
	for _, a := range []Append{opening(taken), marked, repeated, appending(grown, 1, ticket.Started{})} {
		e, err := store.codec.prepare(testContext(t), a)
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, &waiting{encoded: e, done: make(chan result, 1)})
	}
	line.armed.Store(true)
	store.write(batch)
	wants := []result{
		{err: ErrConflict},
		{Appended: Appended{FirstPosition: 4, Position: 4, Version: 1}},
		{err: ErrDuplicateCommand},
		{Appended: Appended{FirstPosition: 5, Position: 5, Version: 2}},
	}
	for i, want := range wants {
		if got := <-batch[i].done; untimed(got.Appended) != want.Appended || !errors.Is(got.err, want.err) {
			t.Errorf("append %d: got %+v, want %+v", i, got, want)
		}
	}
	if line.interrupts.Load() != 1 {
		t.Error("the line did not die")
	}
	checkLog(t, l, 5)
}

// Of an append with a transaction of its own nobody can tell: it says so.
func TestAnAppendWithMoreBesideItSaysWhenItsEndIsNotKnown(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	line := &faultyLine{mark: []byte("commit\x00")}
	store := line.store(t, l)
	a := opening(newID(t))
	a.CommandID = newID(t)
	a.Also = func(context.Context, pgx.Tx) error {
		line.armed.Store(true)
		return nil
	}
	if _, err := store.Append(testContext(t), a); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v, want %v", err, ErrUnavailable)
	}
	if line.interrupts.Load() != 1 {
		t.Error("the line did not die")
	}
	if done, err := l.Carried(testContext(t), a.CommandID); err != nil || !done {
		t.Errorf("the command tells what became of it: got %v, %v; want true", done, err)
	}
	checkLog(t, l, 1)
}

// A database that is away for the moment in which the followers begin keeps
// them waiting, no more.
func TestFollowersBeginThoughTheLineDies(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	l.fill(t, 3)
	line := &faultyLine{mark: []byte("INTO checkpoints"), unsent: true}
	l.pool = line.pool(t, l)
	line.armed.Store(true)
	_, fresh := l.follow(t, FollowConfig{}, recorder("a"))
	waitFor(t, fresh, 3)
	l.checkRecorded(t, "a", upTo(3))
	if line.interrupts.Load() != 1 {
		t.Error("the line did not die")
	}
}
