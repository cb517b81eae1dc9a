package serve

import (
	"github.com/prometheus/client_golang/prometheus"

	"helpdesk/eventstore/follow"
	"helpdesk/eventstore/health"
)

// followerMetrics shows how far the followers are, as the watchdog last saw.
type followerMetrics struct{ watchdog *follow.Watchdog }

var (
	headMetric     = prometheus.NewDesc("helpdesk_log_head", "Newest position of the log.", nil, nil)
	positionMetric = prometheus.NewDesc("helpdesk_follower_position", "Position up to which a follower has applied or failed every event.", []string{"follower"}, nil)
	lagMetric      = prometheus.NewDesc("helpdesk_follower_lag", "Positions a follower has before it.", []string{"follower"}, nil)
	pausedMetric   = prometheus.NewDesc("helpdesk_follower_paused", "1 while an operator holds a follower.", []string{"follower"}, nil)
	failedMetric   = prometheus.NewDesc("helpdesk_follower_failed", "Events a follower could not apply.", []string{"follower"}, nil)
)

// Describe sends the descriptions of the metrics.
func (followerMetrics) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- headMetric
	descriptions <- positionMetric
	descriptions <- lagMetric
	descriptions <- failedMetric
	descriptions <- pausedMetric
}

// Collect sends the metrics as they are now.
func (m followerMetrics) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value int64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), labels...)
	}
	for i, p := range m.watchdog.Progress() {
		if i == 0 {
			gauge(headMetric, p.Head)
		}
		gauge(positionMetric, p.Position, p.Name)
		gauge(lagMetric, p.Lag(), p.Name)
		gauge(failedMetric, p.Failed, p.Name)
		paused := int64(0)
		if p.Paused {
			paused = 1
		}
		gauge(pausedMetric, paused, p.Name)
	}
}

// healthMetrics shows whether events can be written, and with the right time.
type healthMetrics struct{ health *health.Watch }

var (
	troubleMetric = prometheus.NewDesc("helpdesk_write_trouble", "1 while nothing can be written, or another session holds a table, for the reason.", []string{"reason"}, nil)
	aheadMetric   = prometheus.NewDesc("helpdesk_log_head_ahead_seconds", "How far the newest event lies in the future of the database's clock.", nil, nil)
)

// Describe sends the descriptions of the metrics.
func (healthMetrics) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- troubleMetric
	descriptions <- aheadMetric
}

// Collect sends the metrics as they are now.
func (m healthMetrics) Collect(metrics chan<- prometheus.Metric) {
	reason := m.health.Reason()
	for _, known := range health.Known {
		value := 0.0
		if reason != nil && reason.Code == known.Code {
			value = 1
		}
		metrics <- prometheus.MustNewConstMetric(troubleMetric, prometheus.GaugeValue, value, known.Code)
	}
	metrics <- prometheus.MustNewConstMetric(aheadMetric, prometheus.GaugeValue, m.health.Ahead().Seconds())
}
