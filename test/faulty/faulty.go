// Package faulty gives tests a line to the database that dies at a chosen message.
package faulty

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Line is a line to the database that dies, once, with the message that
// contains a mark: before the message is sent, or after it was answered and
// before the answer is heard.
type Line struct {
	Mark       []byte
	Unsent     bool
	Armed      atomic.Bool  // whether it is yet to die
	Interrupts atomic.Int64 // messages lost
}

// conn is a connection of a line.
type conn struct {
	net.Conn
	line  *Line
	dying atomic.Bool
}

func (c *conn) Write(p []byte) (int, error) {
	if bytes.Contains(p, c.line.Mark) && c.line.Armed.CompareAndSwap(true, false) {
		c.line.Interrupts.Add(1)
		if c.line.Unsent {
			return 0, errors.Join(io.ErrUnexpectedEOF, c.Conn.Close())
		}
		c.dying.Store(true)
	}
	return c.Conn.Write(p)
}

func (c *conn) Read(p []byte) (int, error) {
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

// Pool makes a pool whose connections are this line.
func (f *Line) Pool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	dial := config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		own, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: own, line: f}, nil
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}
