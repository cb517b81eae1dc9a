package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"helpdesk/domain/email"
)

// Limits of the conversation with a mail server.
const (
	stepMax        = 30 * time.Second // RFC 5321 §4.5.3.2 has minutes, which nobody who waits for an email wants
	idleMax        = 30 * time.Second
	connectionsMax = 4
)

// SMTP is a [Transport] that hands emails to a mail server. It talks over at
// most four connections at once, so that an email that hangs does not hold up
// the others; a fifth waits. A connection is used again for the next email,
// and closed when none comes for 30 seconds.
type SMTP struct {
	server server
	hello  string
	log    *slog.Logger
	tls    *tls.Config   // tests trust their own certificate with it
	step   time.Duration // the longest that one step may take
	idle   time.Duration // the longest that a connection waits for its next email

	slots chan struct{} // one for each connection in use

	mu      sync.Mutex
	waiting []*idleSession // connections for the next emails, the last used at the end
	closed  bool
}

// idleSession is a connection that waits for its next email.
type idleSession struct {
	*session
	expiry *time.Timer
}

// errClosed is what Send meets after Close.
var errClosed = errors.New("the mail transport is closed")

// NewSMTP makes the transport from the URL of a mail server:
//
//	smtp://user:password@mail.example.com:587   TLS by STARTTLS, or nothing is sent
//	smtps://user:password@mail.example.com:465  TLS from the start
//	smtp://localhost:25?tls=none                no TLS
//
// The ports shown are the defaults. User and password may be left out; without
// TLS they are refused unless the host is localhost or an address of it.
// hello is the name that we introduce ourselves with; empty: this machine's. Nothing is
// dialled before the first email. An error says what is wrong with the URL and never
// quotes the password.
func NewSMTP(rawURL, hello string, log *slog.Logger) (*SMTP, error) {
	server, err := parseServer(rawURL)
	if err != nil {
		return nil, fmt.Errorf("the mail server's URL: %w", err)
	}
	if hello == "" {
		hello = localName()
	}
	return &SMTP{
		server: server,
		hello:  hello,
		log:    log,
		step:   stepMax,
		idle:   idleMax,
		slots:  make(chan struct{}, connectionsMax),
	}, nil
}

// Send implements [Transport]. Waiting for the server, for one of four
// connections or for handOver ends with ctx; apart from handOver, no step waits
// longer than 30 seconds.
//
// Beside replies of 5xx, [email.VerdictRefused] is an address beyond ASCII when the server
// lacks SMTPUTF8. Replies of 5xx that are about us, such as those that ask for a
// password, refuse our name or do not relay for us, and whatever keeps us from signing
// in, make it [email.VerdictBlocked]: they are for the operator to mend, and the email
// is not at fault.
func (s *SMTP) Send(ctx context.Context, m Message, handOver func(context.Context) error) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return &email.Fault{Verdict: email.VerdictPostponed, Err: fmt.Errorf("wait for a connection: %w", context.Cause(ctx))}
	}
	c, err := s.connection(ctx)
	if err != nil {
		return undialled(err)
	}
	// Closing is for good, where a deadline could be moved again by the step
	// that is just about to begin.
	release := context.AfterFunc(ctx, c.drop)
	keep := false
	defer func() { // also when handOver panics
		if release() && keep {
			s.keep(c)
			return
		}
		c.hangUp()
	}()
	err = c.deliver(ctx, m, handOver)
	keep = err == nil
	return err
}

// connection returns one that is ready for an email: the one used last, or a
// new one.
func (s *SMTP) connection(ctx context.Context) (*session, error) {
	for {
		c, err := s.take()
		if err != nil {
			return nil, err
		}
		if c == nil {
			return dial(ctx, s.server, s.hello, s.tls, s.step)
		}
		if c.ready(ctx) {
			return c, nil
		}
		c.hangUp()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("see whether the connection is still there: %w", context.Cause(ctx))
		}
		s.log.DebugContext(ctx, "the mail server has closed an idle connection", slog.String("host", s.server.host))
	}
}

// keep keeps the connection for the next email.
func (s *SMTP) keep(c *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.hangUp()
		return
	}
	p := &idleSession{session: c}
	p.expiry = time.AfterFunc(s.idle, func() { s.expire(p) })
	s.waiting = append(s.waiting, p)
}

// take returns a connection that waits, or nil.
func (s *SMTP) take() (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if len(s.waiting) == 0 {
		return nil, nil
	}
	last := len(s.waiting) - 1
	p := s.waiting[last]
	s.waiting = s.waiting[:last]
	p.expiry.Stop()
	return p.session, nil
}

// expire closes the connection if it still waits.
func (s *SMTP) expire(p *idleSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting, p); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
		p.hangUp()
	}
}

// Close closes the connections that wait, and makes every later Send fail as
// [email.VerdictPostponed]. Emails under way are not disturbed; their connections close
// behind them. It may be called again.
func (s *SMTP) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, p := range s.waiting {
		p.expiry.Stop()
		p.hangUp()
	}
	s.waiting = nil
}
