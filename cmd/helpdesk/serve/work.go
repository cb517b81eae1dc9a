package serve

import (
	"context"
	"time"

	"helpdesk/cmd/helpdesk/program"

	"github.com/prometheus/client_golang/prometheus"

	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/mail"
	"helpdesk/saga"
)

// work is what a process does beside answering clients: it builds read models,
// fires timers and carries out the commands of the process managers.
type work struct {
	followers *follow.Followers
	timers    *saga.Timers
	processor *saga.Processor
	mailer    *mail.Mailer
	more      []func(context.Context) error // of modules
}

// issuingConns is how many database connections timers and the outbox take.
const issuingConns = 8

func (s *Service) wireWork(ctx context.Context, codec *eventstore.Codec, notifier, applied *eventstore.Notifier) error {
	timersSet, issued := eventstore.NewNotifier(), eventstore.NewNotifier()
	var err error
	if s.following, err = s.db.ConnectLoops(ctx, "helpdesk followers", s.modules.Conns(), nil); err != nil {
		return err
	}
	// A command that a crash brings back acts once all the same.
	if s.issuing, err = s.db.ConnectLoops(ctx, "helpdesk commands", issuingConns, program.Unflushed); err != nil {
		return err
	}
	mailer, err := s.modules.Mailer(s.config, s.out, s.log)
	if err != nil {
		return err
	}
	files, err := s.modules.Files(s.issuing, s.Store)
	if err != nil {
		return err
	}
	followers, todo, err := s.modules.Work(ctx, &program.Worker{
		Modules: s.modules, Config: s.config, Log: s.log, Following: s.following, Issuing: s.issuing, Store: s.Store, Freshness: s.Freshness, Accounts: s.Accounts,
		Metrics: s.registry, Mailer: mailer, Files: files, Notifier: notifier, TimersSet: timersSet, Issued: issued,
	})
	if err != nil {
		return err
	}
	outbox := saga.NewOutbox(s.issuing)
	s.work = &work{
		followers: follow.New(s.following, codec, notifier, applied,
			follow.Config{Logger: s.log, Metrics: s.registry, Recent: s.Store.Recent()}, followers...),
		timers:    saga.NewTimers(s.issuing, timersSet, issued.Notify, s.log),
		processor: saga.NewProcessor(outbox, issued, timersSet, s.registry, s.log, todo.Handlers...),
		mailer:    mailer,
		more:      todo.Loops,
	}
	s.registry.MustRegister(outboxMetrics{outbox: outbox})
	return nil
}

func (w *work) loops() []func(context.Context) error {
	return append([]func(context.Context) error{w.followers.Run, w.timers.Run, w.processor.Run}, w.more...)
}

// close ends the connections to the mail server.
func (w *work) close() error { return w.mailer.Close() }

var (
	commandsMetric = prometheus.NewDesc("helpdesk_commands_pending", "Commands of process managers that are still to be carried out.", nil, nil)
	givenUpMetric  = prometheus.NewDesc("helpdesk_commands_failed", "Commands that were given up until somebody decides.", nil, nil)
	overdueMetric  = prometheus.NewDesc("helpdesk_timers_overdue", "Timers that are due and have not fired.", nil, nil)
)

// outboxMetrics shows what process managers want done, as it is when asked.
type outboxMetrics struct{ outbox *saga.Outbox }

// metricsWait bounds the look at the database when metrics are asked for.
const metricsWait = time.Second

// Describe sends the descriptions of the metrics.
func (outboxMetrics) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- commandsMetric
	descriptions <- givenUpMetric
	descriptions <- overdueMetric
}

// Collect sends the metrics as they are now; none while the database is away.
func (m outboxMetrics) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), metricsWait)
	defer cancel()
	counts, err := m.outbox.Count(ctx)
	if err != nil {
		return
	}
	for desc, value := range map[*prometheus.Desc]int64{
		commandsMetric: counts.Pending, givenUpMetric: counts.Failed, overdueMetric: counts.Timers,
	} {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value))
	}
}
