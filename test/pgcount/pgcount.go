// Package pgcount stands between a program and its Postgres and counts what passes:
// statements, transactions and round trips, by the name that connections give
// themselves (application_name). It looks at the messages of the protocol, so the
// counts are exact and there at once, whatever the server keeps statistics of.
package pgcount

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
)

// Counts is how much of each there was.
type Counts struct {
	Statements int // BEGIN, SAVEPOINT and the like are some
	Commits    int // transactions that ended well, those that only read too
	RoundTrips int
}

// Sub returns what came after before.
func (c Counts) Sub(before Counts) Counts {
	return Counts{c.Statements - before.Statements, c.Commits - before.Commits, c.RoundTrips - before.RoundTrips}
}

// Add returns both together.
func (c Counts) Add(more Counts) Counts {
	return Counts{c.Statements + more.Statements, c.Commits + more.Commits, c.RoundTrips + more.RoundTrips}
}

// Proxy is a listener on loopback that hands everything on to a server.
type Proxy struct {
	listener        net.Listener
	network, server string
	url             string
	done            sync.WaitGroup

	mu     sync.Mutex
	counts map[string]Counts
	trace  func(Statement)
	open   map[net.Conn]bool
	closed bool
}

// Listen makes a proxy before the server that a URL of localpg or pgtest names, by the
// folder of its socket. The caller MUST Close it.
func Listen(databaseURL string) (*Proxy, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return nil, err
	}
	q := u.Query()
	p := &Proxy{counts: map[string]Counts{}, open: map[net.Conn]bool{}}
	p.network, p.server = "unix", filepath.Join(q.Get("host"), ".s.PGSQL."+q.Get("port"))
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(p.listener.Addr().String())
	if err != nil {
		return nil, errors.Join(err, p.listener.Close())
	}
	q.Set("host", host)
	q.Set("port", port)
	u.RawQuery = q.Encode()
	p.url = u.String()
	p.done.Go(p.accept)
	return p, nil
}

// URL is the address of the same database, through the proxy.
func (p *Proxy) URL() string { return p.url }

// Counts returns what has passed until now, by application_name.
func (p *Proxy) Counts() map[string]Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

// Trace has each statement given to see, until it is called with nil.
func (p *Proxy) Trace(see func(Statement)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trace = see
}

// Close ends all connections and returns once nothing passes any more.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	for conn := range p.open {
		conn.Close()
	}
	p.mu.Unlock()
	err := p.listener.Close()
	p.done.Wait()
	return err
}

// keep notes a connection for Close, and reports false after it.
func (p *Proxy) keep(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		conn.Close()
		return false
	}
	p.open[conn] = true
	return true
}

func (p *Proxy) drop(conn net.Conn) {
	conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, conn)
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.done.Go(func() { p.pass(client) })
	}
}

// pass hands on what client and server say until one of them ends.
func (p *Proxy) pass(client net.Conn) {
	if !p.keep(client) {
		return
	}
	defer p.drop(client)
	server, err := net.Dial(p.network, p.server)
	if err != nil || !p.keep(server) {
		return
	}
	defer p.drop(server)
	from := bufio.NewReader(client)
	first, name, err := startup(from)
	if err != nil {
		return
	}
	if _, err := server.Write(first); err != nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() {
		defer server.Close()
		said := statements{byName: map[string]string{}, byPortal: map[string]Statement{}}
		_ = relay(server, from, func(kind byte, body []byte) {
			if s, ok := said.next(kind, body); ok {
				s.Name = name
				p.see(s)
			}
		})
	})
	both.Go(func() {
		defer client.Close()
		var s session
		_ = relay(client, bufio.NewReader(server), func(kind byte, body []byte) {
			if more := s.next(kind, body); more != (Counts{}) {
				p.add(name, more)
			}
		})
	})
	both.Wait()
}

func (p *Proxy) add(name string, more Counts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[name] = p.counts[name].Add(more)
}

func (p *Proxy) see(s Statement) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trace != nil {
		p.trace(s)
	}
}

// startup reads the first message of a client, which has no kind before its length, and
// finds the name in it: version, then names and values that end in zero bytes.
func startup(from io.Reader) (message []byte, name string, err error) {
	length := make([]byte, 4)
	if _, err := io.ReadFull(from, length); err != nil {
		return nil, "", err
	}
	n := binary.BigEndian.Uint32(length)
	if n < 8 || n > 10_000 { // as the server has it
		return nil, "", fmt.Errorf("a first message of %d bytes", n)
	}
	rest := make([]byte, n-4)
	if _, err := io.ReadFull(from, rest); err != nil {
		return nil, "", err
	}
	fields := strings.Split(string(rest[4:]), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		if fields[i] == "application_name" {
			name = fields[i+1]
		}
	}
	return append(length, rest...), name, nil
}

// relay hands on message after message: a kind, a length that counts itself, a body.
func relay(to io.Writer, from *bufio.Reader, see func(kind byte, body []byte)) error {
	out := bufio.NewWriter(to)
	var body bytes.Buffer
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(from, head); err != nil {
			return err
		}
		body.Reset()
		if _, err := io.CopyN(&body, from, int64(binary.BigEndian.Uint32(head[1:]))-4); err != nil {
			return err
		}
		see(head[0], body.Bytes()) // before the other side can act on it
		if _, err := out.Write(append(head, body.Bytes()...)); err != nil {
			return err
		}
		if from.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}
