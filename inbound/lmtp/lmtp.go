// Package lmtp is the door by which a mail server on the same machine or network hands
// messages to the desk (RFC 2033). Who may connect may hand in: there is no sign-in.
//
// A recipient is the address of a mailbox, with or without a detail behind a plus sign.
// Each is answered for itself, with success once the message is durable for that mailbox.
package lmtp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/mailbox"
)

// Ledger takes messages in; see [inbound.Ledger].
type Ledger interface {
	Receive(ctx context.Context, q commands.Request, to mailbox.ID, r io.Reader) (commands.Outcome, error)
}

// Mailboxes finds mailboxes by their addresses; see [inbound.Mailboxes].
type Mailboxes interface {
	// Addressed returns the mailbox of an address: [domain.ErrNotFound] where there is none
	// that takes messages.
	Addressed(ctx context.Context, address string) (mailbox.ID, error)
}

// Bounds of a session.
const (
	lineMost       = 64 << 10 // bytes of a line, also in the body
	messageMost    = 1 << 30  // bytes of a message: beyond what is kept of any
	recipientsMost = 100
	sessionsMost   = 8 // at once: a message for several mailboxes is in memory
	patience       = 5 * time.Minute
	shutdown       = 20 * time.Second
)

// Server serves LMTP. It is safe for concurrent use.
type Server struct {
	ledger    Ledger
	mailboxes Mailboxes
	most      int64
	log       *slog.Logger
	places    chan struct{} // of sessions
}

// New makes a server. most is how many bytes of a message the ledger keeps.
func New(ledger Ledger, mailboxes Mailboxes, most int64, log *slog.Logger) *Server {
	return &Server{ledger: ledger, mailboxes: mailboxes, most: most, log: log, places: make(chan struct{}, sessionsMost)}
}

// Serve serves at a listener until ctx ends, and then lets sessions under way finish.
func (s *Server) Serve(ctx context.Context, at net.Listener) error {
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return s.begin(ctx) }))
	server.LMTP, server.Domain = true, "localhost"
	server.MaxLineLength, server.MaxMessageBytes, server.MaxRecipients = lineMost, messageMost, recipientsMost
	server.ReadTimeout, server.WriteTimeout = patience, patience
	server.EnableSMTPUTF8 = true
	server.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelWarn)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(at) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve LMTP at %s: %w", at.Addr(), err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		err = server.Close() // of those that take too long
		return errors.Join(err, <-ended)
	}
	return <-ended
}

// busy asks the mail server to come back.
var busy = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Too many sessions; try again later"}

func (s *Server) begin(ctx context.Context) (smtp.Session, error) {
	select {
	case s.places <- struct{}{}:
		return &session{Server: s, ctx: context.WithoutCancel(ctx)}, nil
	default:
		return nil, busy
	}
}

// session is a conversation with a mail server.
type session struct {
	*Server
	ctx  context.Context
	from string
	to   []recipient
}

type recipient struct {
	address string
	mailbox mailbox.ID
}

// Reset, Logout, Mail and Rcpt implement [smtp.Session].
func (s *session) Reset() { s.from, s.to = "", nil }

func (s *session) Logout() error {
	<-s.places
	return nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	id, err := s.mailboxes.Addressed(s.ctx, to)
	if errors.Is(err, domain.ErrNotFound) {
		id, err = s.mailboxes.Addressed(s.ctx, mailbox.Undetailed(to))
	}
	if errors.Is(err, domain.ErrNotFound) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No mailbox of this address takes messages"}
	}
	if err != nil {
		return s.failed(err)
	}
	s.to = append(s.to, recipient{to, id})
	return nil
}

// Data is for whoever speaks no LMTP, which the server refuses.
func (s *session) Data(io.Reader) error { return smtp.ErrServerClosed }

// LMTPData implements [smtp.LMTPSession].
func (s *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	// Who delivers a message for good says whom it is returned to (RFC 5321 §4.4).
	r = io.MultiReader(strings.NewReader("Return-Path: <"+strings.Map(onLine, s.from)+">\r\n"), r)
	var whole []byte
	if len(s.to) > 1 {
		var err error
		if whole, err = io.ReadAll(io.LimitReader(r, s.most+1)); err != nil {
			return s.failed(err)
		}
	}
	for _, to := range s.to {
		if whole != nil {
			r = bytes.NewReader(whole)
		}
		_, err := s.ledger.Receive(s.ctx, commands.Request{CorrelationID: "lmtp"}, to.mailbox, r)
		status.SetStatus(to.address, s.failed(err))
	}
	return nil
}

// onLine leaves out what would end a line.
func onLine(r rune) rune {
	if r < ' ' {
		return -1
	}
	return r
}

// failed returns what a mail server is told of an error; nil: there is none.
func (s *session) failed(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, smtp.ErrTooLongLine) {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "A line of it is longer than 64 KiB"}
	}
	refusal, ok := errors.AsType[*domain.Error](err)
	if ok && refusal.Kind != domain.KindUnavailable {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: refusal.Message}
	}
	s.log.Warn("a message was not taken by LMTP; the mail server is to bring it again", "error", err)
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "It cannot be stored now; try again later"}
}
