package mail

import (
	"context"
	"io"

	"helpdesk/domain/email"
)

// Mailer puts emails into words and has a transport deliver them.
type Mailer struct {
	composer  *Composer
	transport Transport
	files     Files // nil: no email has any
}

// NewMailer makes the mailer.
func NewMailer(composer *Composer, transport Transport) *Mailer {
	return &Mailer{composer: composer, transport: transport}
}

// Enclosing returns the mailer with what has the bytes of files that go with emails.
func (m *Mailer) Enclosing(files Files) *Mailer {
	with := *m
	with.files = files
	return &with
}

// Send delivers the email and calls handOver on the way, as [Transport.Send]
// does. Its error is that of handOver as it is, or a [*email.Fault]. An email
// that cannot be put into words is refused: another try would not help.
func (m *Mailer) Send(ctx context.Context, l email.Content, handOver func(context.Context) error) error {
	message, err := m.composer.Compose(l)
	if err != nil {
		return &email.Fault{Verdict: email.VerdictRefused, Err: err}
	}
	message.Source = m.files
	return m.transport.Send(ctx, message, handOver)
}

// Notify sends a notice. It fails where the recipient has no valid address, and
// with what [Transport.Send] returns.
func (m *Mailer) Notify(ctx context.Context, n Notice) error {
	message, err := m.composer.Notice(n)
	if err != nil {
		return err
	}
	return m.transport.Send(ctx, message, func(context.Context) error { return nil })
}

// From returns the address that emails are from.
func (m *Mailer) From() string { return m.composer.from.Address }

// Close ends the connections that the transport keeps.
func (m *Mailer) Close() error {
	if c, ok := m.transport.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
