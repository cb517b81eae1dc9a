package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"time"

	"helpdesk/domain/email"

	"github.com/wneessen/go-mail/smtp"
)

// bodyChunk is how much of an email is written in one step.
const bodyChunk = 32 << 10

// session is one connection to a mail server, past greeting, TLS and sign-in.
// The dialogue is go-mail's client; unlike its Send, the parts of it can be
// called one by one, which lets handOver in between the body and the dot.
type session struct {
	client *smtp.Client
	conn   net.Conn // the TCP connection, below TLS
	step   time.Duration
	body   bool // an email was begun and has no dot yet
}

// dial opens a connection, says hello and brings it to where emails can be sent.
func dial(ctx context.Context, to server, hello string, config *tls.Config, step time.Duration) (*session, error) {
	conn, err := (&net.Dialer{Timeout: step}).DialContext(ctx, "tcp", to.address())
	if err != nil {
		return nil, ended(ctx, fmt.Errorf("connect: %w", err))
	}
	s := &session{conn: conn, step: step}
	defer context.AfterFunc(ctx, s.drop)()
	if err := s.open(ctx, to, hello, config); err != nil {
		s.drop()
		return nil, ended(ctx, err)
	}
	return s, nil
}

// open goes through greeting, TLS and sign-in.
func (s *session) open(ctx context.Context, to server, hello string, config *tls.Config) error {
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	config.ServerName = to.host

	s.begin()
	conn := s.conn
	if to.security == implicitTLS {
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
		conn = secure
	}
	s.begin()
	client, err := smtp.NewClient(conn, to.host)
	if err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	s.client = client
	s.begin()
	if err := client.Hello(hello); err != nil {
		return fmt.Errorf("EHLO: %w", err)
	}
	if to.security == startTLS {
		if ok, _ := client.Extension("STARTTLS"); !ok {
			return fmt.Errorf("STARTTLS: %w: the server does not offer it, and nothing is sent in clear", errBlocked)
		}
		s.begin()
		if err := client.StartTLS(config); err != nil {
			return fmt.Errorf("STARTTLS: %w", err)
		}
	}
	return s.signIn(to)
}

// signIn authenticates, where the server's URL has a user.
func (s *session) signIn(to server) error {
	if to.user == "" {
		return nil
	}
	_, offered := s.client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	var auth smtp.Auth
	switch { // without TLS, parseServer has made sure that the host is this machine
	case slices.Contains(mechanisms, "PLAIN"):
		auth = smtp.PlainAuth("", to.user, to.password, to.host, to.security == noTLS)
	case slices.Contains(mechanisms, "LOGIN"):
		auth = smtp.LoginAuth(to.user, to.password, to.host, to.security == noTLS)
	default:
		return fmt.Errorf("AUTH: %w: the server offers neither PLAIN nor LOGIN, but %q", errBlocked, offered)
	}
	s.begin()
	if err := s.client.Auth(auth); err != nil {
		return fmt.Errorf("AUTH: %w", err)
	}
	return nil
}

// localName is how this machine introduces itself.
func localName() string {
	name, err := os.Hostname()
	odd := func(r rune) bool {
		return r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	if err != nil || name == "" || strings.ContainsFunc(name, odd) {
		return "localhost"
	}
	return name
}

// deliver sends an email, see [Transport]. After an error the session is of no
// more use.
func (s *session) deliver(ctx context.Context, m Message, handOver func(context.Context) error) error {
	wide := !ascii(m.From) || !ascii(m.To)
	if ok, _ := s.client.Extension("SMTPUTF8"); wide && !ok {
		return &email.Fault{Verdict: email.VerdictRefused, Err: errors.New("the address is not of ASCII, and the server does not take such (SMTPUTF8)")}
	}
	s.client.SkipSMTPUTF8(!wide) // else it would ask the same of every server further on
	s.begin()
	if err := s.client.Mail("<" + m.From + ">"); err != nil {
		return before(ctx, "MAIL", err)
	}
	s.begin()
	if err := s.client.Rcpt("<" + m.To + ">"); err != nil {
		return before(ctx, "RCPT", err)
	}
	s.begin()
	w, err := s.client.Data()
	if err != nil {
		return before(ctx, "DATA", err)
	}
	s.body = true
	if err := s.write(ctx, w, m); err != nil {
		return before(ctx, "body", err)
	}

	if err := handOver(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil { // no dot was sent, so this much is certain
		return &email.Fault{Verdict: email.VerdictPostponed, Err: fmt.Errorf("handed over, but not sent: %w", context.Cause(ctx))}
	}

	s.begin()
	err = w.Close()
	s.body = false
	return after(ctx, err)
}

// write writes the whole body but the dot. It returns once all of it is with
// the operating system.
func (s *session) write(ctx context.Context, w io.Writer, m Message) error {
	if err := m.Stream(ctx, stepwise{s, w}); err != nil {
		return err
	}
	s.begin()
	if err := s.client.Text.W.Flush(); err != nil {
		return err
	}
	// handOver takes as long as it takes.
	return s.conn.SetDeadline(time.Time{})
}

// stepwise is the body of an email, whose pieces are written in steps of their own.
type stepwise struct {
	session *session
	body    io.Writer
}

// Write implements [io.Writer].
func (s stepwise) Write(p []byte) (n int, err error) {
	for chunk := range slices.Chunk(p, bodyChunk) {
		s.session.begin()
		written, err := s.body.Write(chunk)
		if n += written; err != nil {
			return n, err
		}
	}
	return n, nil
}

// ready reports whether the connection can take another email.
func (s *session) ready(ctx context.Context) bool {
	defer context.AfterFunc(ctx, s.drop)()
	s.begin()
	return s.client.Reset() == nil
}

// begin gives the next step its time. Should it fail, so does the step.
func (s *session) begin() { s.conn.SetDeadline(time.Now().Add(s.step)) }

// drop closes the connection without a word.
func (s *session) drop() { s.conn.Close() }

// hangUp closes the connection, and says so unless an email was begun: the
// client would first complete it with a dot.
func (s *session) hangUp() {
	if !s.body {
		s.begin()
		s.client.Text.PrintfLine("QUIT") // nobody waits for the reply
	}
	s.drop()
}

// before judges an error of a step before the dot.
func before(ctx context.Context, step string, err error) *email.Fault {
	verdict := email.VerdictPostponed
	reply, replied := errors.AsType[*textproto.Error](err)
	switch {
	case !replied:
		err = ended(ctx, fmt.Errorf("%s: %w", step, err))
		return &email.Fault{Verdict: verdict, Err: err}
	case aboutUs(step, reply):
		verdict = email.VerdictBlocked
	case reply.Code/100 == 5:
		verdict = email.VerdictRefused
	}
	return &email.Fault{Verdict: verdict, Err: fmt.Errorf("%s: %w", step, err)}
}

// after judges what came of the dot.
func after(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		switch reply.Code / 100 {
		case 2: // not 250, but a yes
			return nil
		case 4, 5:
			return before(ctx, "email", err)
		}
	}
	return &email.Fault{Verdict: email.VerdictUncertain, Err: ended(ctx, fmt.Errorf("wait for the reply to the email: %w", err))}
}

// ended adds why ctx ended, if it has: the connection was closed then, and err
// tells of no more than that.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}
