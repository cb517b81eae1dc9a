package mail

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/mail"
)

// settings are how emails are sent.
type settings struct {
	SmtpURL           string      `split_words:"true" desc:"Mail server: smtp://user:password@host:587 (STARTTLS is required unless ?tls=none) or smtps://user:password@host:465. Empty: emails are written to standard output."`
	SmtpHello         string      `split_words:"true" desc:"Name that the service introduces itself with to the mail server (EHLO). Empty: the machine's; many servers want one with a domain, such as desk.example.com."`
	MailFrom          string      `split_words:"true" default:"helpdesk@example.com" desc:"Sender of all emails, an address with or without a name."`
	MailBounceAddress string      `split_words:"true" desc:"Address that mail servers return emails to which they cannot deliver; have its messages piped into \"helpdesk mail receive\". Empty: HELPDESK_MAIL_FROM."`
	MailPerHour       uint32      `split_words:"true" within:"0|1..1000" default:"20" desc:"How many emails one address gets within an hour, over all processes. What is more is gathered, and told of in a digest once there is room again. 0: as many as there are causes."`
	MailRetryMin      config.Span `split_words:"true" within:"100ms..24h" default:"30s" desc:"Wait before an email that could not be sent is tried again; doubled each time. After a day an email is given up."`
}

func (s *settings) check(c config.Config) error {
	if _, err := mail.NewComposer(mail.Config{From: s.MailFrom}); err != nil {
		return fmt.Errorf("HELPDESK_MAIL_FROM: %w", err)
	}
	if _, err := mail.NewComposer(mail.Config{Bounce: s.MailBounceAddress}); err != nil {
		return fmt.Errorf("HELPDESK_MAIL_BOUNCE_ADDRESS: %w", err)
	}
	if s.SmtpHello != "" {
		if err := mail.CheckHello(s.SmtpHello); err != nil {
			return fmt.Errorf("HELPDESK_SMTP_HELLO: %w", err)
		}
	}
	_, err := s.mailer(c, io.Discard, slog.New(slog.DiscardHandler))
	return err
}

// mailer returns what puts emails into words and sends them: over the mail server
// that is configured, else to out.
func (s *settings) mailer(c config.Config, out io.Writer, log *slog.Logger) (*mail.Mailer, error) {
	composer, err := mail.NewComposer(mail.Config{From: s.MailFrom, Bounce: s.MailBounceAddress, PublicURL: linked(c)})
	if err != nil { // the sender was looked at by check
		return nil, fmt.Errorf("HELPDESK_PUBLIC_URL: %w", err)
	}
	var transport mail.Transport = mail.NewConsole(out)
	if s.SmtpURL != "" {
		if transport, err = mail.NewSMTP(s.SmtpURL, s.SmtpHello, log); err != nil {
			return nil, fmt.Errorf("HELPDESK_SMTP_URL: %w", err)
		}
	}
	return mail.NewMailer(composer, transport), nil
}

// linked returns below which address emails link to the site: where nothing is said
// about it, where the service listens, by the machine's name where that is everywhere.
func linked(c config.Config) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	host, port, err := net.SplitHostPort(c.Addr)
	if ip, none := netip.ParseAddr(host); host == "" || (none == nil && ip.IsUnspecified()) {
		host, err = os.Hostname()
	}
	if n, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil || n == 0 {
		return ""
	}
	return "http://" + net.JoinHostPort(host, port)
}

// warn logs that emails lead nowhere but here, where they leave the machine.
func (s *settings) warn(c config.Config, log *slog.Logger) {
	if s.SmtpURL != "" && c.PublicURL == "" {
		log.Warn("emails link to the address that is listened on; set HELPDESK_PUBLIC_URL", "address", linked(c))
	}
}
