package serve

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"helpdesk/audit"
	"helpdesk/eventstore"
	"helpdesk/mail"
)

// wireSigning wires what signs checkpoints of the log when the tree has grown,
// and what gives them to the outside witness.
func (s *service) wireSigning(grown *eventstore.Notifier) error {
	signed := eventstore.NewNotifier()
	signer := audit.NewSigner(s.following, audit.SignerConfig{
		Dir: s.config.AuditDir(), KeyFile: s.config.AuditKey, Origin: s.config.Origin(), Logger: s.log, Signed: signed.Ring,
	})
	s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "helpdesk_audit_signed_size", Help: "Events in the newest tree that this process knows to be signed.",
	}, func() float64 { return float64(signer.Signed()) }))
	s.work.signing = append(s.work.signing, rungBy(grown, signer.Run))
	sink, err := s.sink()
	if err != nil || sink == nil {
		return err
	}
	witness := audit.NewWitness(s.config.AuditDir(), sink, audit.WitnessConfig{
		Every: time.Duration(s.config.CheckpointInterval), Logger: s.log,
	})
	s.work.signing = append(s.work.signing, rungBy(signed, witness.Run))
	return nil
}

// rungBy makes a loop of one that a notifier wakes.
func rungBy(notifier *eventstore.Notifier, run func(context.Context, <-chan struct{}) error) func(context.Context) error {
	return func(ctx context.Context) error {
		rung, stop := notifier.Listen()
		defer stop()
		return run(ctx, rung)
	}
}

// sink returns the outside witness that is configured, nil for none.
func (s *service) sink() (audit.Sink, error) {
	target := string(s.config.CheckpointSink)
	scheme, rest, _ := strings.Cut(target, ":")
	switch scheme {
	case "":
		return nil, nil
	case "http", "https":
		return audit.HTTPSink(target), nil
	case "mailto":
		composer, err := mail.NewComposer(mail.Config{From: s.config.MailFrom, PublicURL: s.config.PublicURL})
		if err != nil {
			return nil, err
		}
		return mailSink{composer: composer, transport: s.work.transport, to: rest}, nil
	}
	return audit.FileSink(target), nil
}

// mailSink sends checkpoints by mail.
type mailSink struct {
	composer  *mail.Composer
	transport mail.Transport
	to        string
}

// Deliver implements [audit.Sink]. The same checkpoint is the same email, with
// the same Message-ID.
func (m mailSink) Deliver(ctx context.Context, checkpoint []byte) error {
	origin, _, _ := strings.Cut(string(checkpoint), "\n")
	sum := sha256.Sum256(checkpoint)
	message, err := m.composer.Notice(mail.Notice{
		ID: uuid.NewSHA1(uuid.NameSpaceOID, sum[:]), To: m.to, At: time.Now(),
		Subject: "Checkpoint of " + origin,
		Text: "A checkpoint of the helpdesk's log follows. Keep this email: with it, \"helpdesk audit verify\"\n" +
			"proves that nothing before it was altered or left out since.\n\n" + string(checkpoint),
	})
	if err != nil {
		return err
	}
	if err := m.transport.Send(ctx, message, func(context.Context) error { return nil }); err != nil {
		return fmt.Errorf("send a checkpoint: %w", err)
	}
	return nil
}
