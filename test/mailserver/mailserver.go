// Package mailserver is a real SMTP server on loopback for tests. It keeps what
// it took, and can be told to misbehave.
package mailserver

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// Email is an email the server took.
type Email struct {
	From    string // the envelope's sender
	To      string // the envelope's recipient
	Header  mail.Header
	Content string // all of it, as it came
}

// MessageID returns the email's Message-ID.
func (l Email) MessageID() string { return l.Header.Get("Message-Id") }

// Server takes emails until its test ends.
type Server struct {
	Addr string // host:port

	mu     sync.Mutex
	taken  []Email
	refuse func(to string) error
	atEnd  func(to string) error
}

// Start starts a server without TLS on a free port of loopback.
func Start(t testing.TB) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: listener.Addr().String()}
	server := smtp.NewServer(s)
	server.Domain = "mail.example.com"
	server.ErrorLog = silent{}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // it ends with Close
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	return s
}

// URL returns how the helpdesk is told of the server.
func (s *Server) URL() string { return "smtp://" + s.Addr + "?tls=none" }

// Refuse has each recipient refused with the error, if any, that f answers.
func (s *Server) Refuse(f func(to string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = f
}

// AtEnd has f called when a whole email has come, before it is taken. Its error
// is the answer, and the email is not taken.
func (s *Server) AtEnd(f func(to string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.atEnd = f
}

// Taken returns the emails that were taken, in the order they were.
func (s *Server) Taken() []Email {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

// Counts returns how often each Message-ID was taken.
func (s *Server) Counts() map[string]int {
	counts := map[string]int{}
	for _, l := range s.Taken() {
		counts[l.MessageID()]++
	}
	return counts
}

// ErrCut, as the answer of a function given to [Server.AtEnd], is a line that is
// cut in place of an answer.
var ErrCut = errors.New("the line is cut")

// NewSession implements [smtp.Backend].
func (s *Server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: c}, nil
}

type session struct {
	server *Server
	conn   *smtp.Conn
	from   string
	to     string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	refuse := s.server.refuse
	s.server.mu.Unlock()
	if refuse != nil {
		if err := refuse(to); err != nil {
			return err
		}
	}
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	atEnd := s.server.atEnd
	s.server.mu.Unlock()
	if atEnd != nil {
		if err := atEnd(s.to); err != nil {
			if errors.Is(err, ErrCut) {
				_ = s.conn.Conn().Close() // that is the point
			}
			return err
		}
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(content))
	if err != nil {
		return &smtp.SMTPError{Code: 554, Message: "not an email: " + err.Error()}
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.taken = append(s.server.taken, Email{From: s.from, To: strings.ToLower(s.to), Header: parsed.Header, Content: string(content)})
	return nil
}

func (s *session) Reset()      { s.to = "" }
func (*session) Logout() error { return nil }

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}
