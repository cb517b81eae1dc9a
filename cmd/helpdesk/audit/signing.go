package audit

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"helpdesk/audit"
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/eventstore"
	"helpdesk/mail"
)

// Module returns what proves that the log was not altered.
func Module() program.Module {
	return program.Module{
		Name:     "audit",
		Work:     work,
		Routes:   routes,
		Pages:    pages,
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m)} },
	}
}

// work signs checkpoints of the log when the tree has grown, and hands them to
// the outside witness.
func work(_ context.Context, w *program.Worker) (done program.Work, err error) {
	grown, signed := eventstore.NewNotifier(), eventstore.NewNotifier()
	done.Follower = audit.Follower(grown.Notify)
	dir := w.Config.AuditDir()
	signer := audit.NewSigner(w.Following, audit.SignerConfig{
		Dir: dir, KeyFile: w.Config.AuditKey, Origin: w.Config.Origin(), Logger: w.Log, Signed: signed.Notify,
	})
	w.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "helpdesk_audit_signed_size", Help: "Events in the newest tree that this process knows to be signed.",
	}, func() float64 { return float64(signer.Signed()) }))
	done.Loops = append(done.Loops, wokenBy(grown, signer.Run))
	sink, err := sinkOf(w)
	if err != nil || sink == nil {
		return done, err
	}
	witness := audit.NewWitness(dir, sink, audit.WitnessConfig{Every: time.Duration(w.Config.CheckpointInterval), Logger: w.Log})
	done.Loops = append(done.Loops, wokenBy(signed, witness.Run))
	return done, nil
}

// wokenBy makes a loop of one that a notifier wakes.
func wokenBy(notifier *eventstore.Notifier, run func(context.Context, <-chan struct{}) error) func(context.Context) error {
	return func(ctx context.Context) error {
		woken, stop := notifier.Listen()
		defer stop()
		return run(ctx, woken)
	}
}

// sinkOf returns the outside witness that is configured, nil for none.
func sinkOf(w *program.Worker) (audit.Sink, error) {
	target := string(w.Config.CheckpointSink)
	scheme, rest, _ := strings.Cut(target, ":")
	switch scheme {
	case "":
		return nil, nil
	case "http", "https":
		return audit.HTTPSink(target), nil
	case "mailto":
		composer, err := mail.NewComposer(mail.Config{From: w.Config.MailFrom, PublicURL: w.Config.PublicURL})
		if err != nil {
			return nil, err
		}
		return mailSink{composer: composer, transport: w.Transport, to: rest}, nil
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
