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
	s := &settings{}
	return program.Module{
		Name:     "audit",
		Settings: s,
		Check:    s.check,
		Work:     s.work,
		Routes:   routes,
		Pages:    pages,
		Commands: func(m program.Modules) []*cobra.Command { return []*cobra.Command{command(m, s)} },
	}
}

// work signs checkpoints of the log when the tree has grown, and hands them to
// the outside witness.
func (s *settings) work(_ context.Context, w *program.Worker) (done program.Work, err error) {
	grown, signed := eventstore.NewNotifier(), eventstore.NewNotifier()
	done.Follower = audit.Follower(grown.Notify)
	dir := dirOf(w.Config)
	signer := audit.NewSigner(w.Following, audit.SignerConfig{
		Dir: dir, KeyFile: s.AuditKey, Origin: s.origin(w.Config), Logger: w.Log, Signed: signed.Notify,
	})
	w.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "helpdesk_audit_signed_size", Help: "Events in the newest tree that this process knows to be signed.",
	}, func() float64 { return float64(signer.Signed()) }))
	done.Loops = append(done.Loops, wokenBy(grown, signer.Run))
	sink := s.sink(w.Mailer)
	if sink == nil {
		return done, nil
	}
	witness := audit.NewWitness(dir, sink, audit.WitnessConfig{Every: time.Duration(s.CheckpointInterval), Logger: w.Log})
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

// sink returns the outside witness that is configured, nil for none.
func (s *settings) sink(mailer *mail.Mailer) audit.Sink {
	target := string(s.CheckpointSink)
	scheme, rest, _ := strings.Cut(target, ":")
	switch scheme {
	case "":
		return nil
	case "http", "https":
		return audit.HTTPSink(target)
	case "mailto":
		return mailSink{mailer: mailer, to: rest}
	}
	return audit.FileSink(target)
}

// mailSink sends checkpoints by mail.
type mailSink struct {
	mailer *mail.Mailer
	to     string
}

// Deliver implements [audit.Sink]. The same checkpoint is the same email, with
// the same Message-ID.
func (m mailSink) Deliver(ctx context.Context, checkpoint []byte) error {
	origin, _, _ := strings.Cut(string(checkpoint), "\n")
	sum := sha256.Sum256(checkpoint)
	err := m.mailer.Notify(ctx, mail.Notice{
		ID: uuid.NewSHA1(uuid.NameSpaceOID, sum[:]), To: m.to, At: time.Now(),
		Subject: "Checkpoint of " + origin,
		Text: "A checkpoint of the helpdesk's log follows. Keep this email: with it, \"helpdesk audit verify\"\n" +
			"proves that nothing before it was altered or left out since.\n\n" + string(checkpoint),
	})
	if err != nil {
		return fmt.Errorf("send a checkpoint: %w", err)
	}
	return nil
}
