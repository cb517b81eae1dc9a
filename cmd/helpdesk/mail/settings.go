package mail

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/domain/email"
	"helpdesk/mail"
)

// settings are how emails are sent.
type settings struct {
	SmtpURL      string      `split_words:"true" desc:"Mail server: smtp://user:password@host:587 (STARTTLS is required unless ?tls=none) or smtps://user:password@host:465. Empty: emails are written to standard output."`
	MailFrom     string      `split_words:"true" default:"helpdesk@example.com" desc:"Sender of all emails, an address with or without a name."`
	MailRetryMin config.Span `split_words:"true" default:"30s" desc:"Wait before an email that could not be sent is tried again; doubled each time, for a day at most."`
}

func (s *settings) check(c config.Config) error {
	if wait := time.Duration(s.MailRetryMin); wait == 0 || wait > email.GiveUpAfter {
		return fmt.Errorf("HELPDESK_MAIL_RETRY_MIN: %s is not allowed: use a span above 0 and up to %s, when an email is given up", wait, email.GiveUpAfter)
	}
	if _, err := mail.NewComposer(mail.Config{From: s.MailFrom}); err != nil {
		return fmt.Errorf("HELPDESK_MAIL_FROM: %w", err)
	}
	_, err := s.mailer(c, io.Discard, slog.New(slog.DiscardHandler))
	return err
}

// mailer returns what puts emails into words and sends them: over the mail server
// that is configured, else to out.
func (s *settings) mailer(c config.Config, out io.Writer, log *slog.Logger) (*mail.Mailer, error) {
	composer, err := mail.NewComposer(mail.Config{From: s.MailFrom, PublicURL: c.PublicURL})
	if err != nil { // the sender was looked at by check
		return nil, fmt.Errorf("HELPDESK_PUBLIC_URL: %w", err)
	}
	var transport mail.Transport = mail.NewConsole(out)
	if s.SmtpURL != "" {
		if transport, err = mail.NewSMTP(s.SmtpURL, log); err != nil {
			return nil, fmt.Errorf("HELPDESK_SMTP_URL: %w", err)
		}
	}
	return mail.NewMailer(composer, transport), nil
}
