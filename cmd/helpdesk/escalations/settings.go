package escalations

import (
	"slices"
	"strings"
	"time"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/domain/ticket"
	"helpdesk/saga"
)

// settings are how long tickets may wait.
type settings struct {
	EscalateHigh     config.Span `split_words:"true" within:"0|100ms..87600h" default:"1h" desc:"How long a ticket of high priority may wait before it escalates, such as 90m or 2h30m; 0: for ever."`
	EscalateMedium   config.Span `split_words:"true" within:"0|100ms..87600h" default:"4h" desc:"The same for medium priority."`
	EscalateLow      config.Span `split_words:"true" within:"0|100ms..87600h" default:"24h" desc:"The same for low priority."`
	EscalateStatuses statuses    `split_words:"true" default:"open" desc:"Statuses in which a ticket waits: open, or open,in-progress."`
}

// policy returns the policy that the settings make.
func (s *settings) policy() saga.Policy {
	return saga.Policy{
		Spans: map[ticket.Priority]time.Duration{
			ticket.High:   time.Duration(s.EscalateHigh),
			ticket.Medium: time.Duration(s.EscalateMedium),
			ticket.Low:    time.Duration(s.EscalateLow),
		},
		Waiting: s.EscalateStatuses,
	}
}

// statuses are those in which a ticket waits, as a setting.
type statuses []ticket.Status

// Decode reads the setting.
func (all *statuses) Decode(s string) error {
	*all = nil
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if err := config.OneOf(part, string(ticket.StatusOpen), string(ticket.StatusInProgress)); err != nil {
			return err
		}
		if !slices.Contains(*all, ticket.Status(part)) {
			*all = append(*all, ticket.Status(part))
		}
	}
	slices.Sort(*all)
	return nil
}

// String returns the statuses as they are written.
func (all statuses) String() string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = string(s)
	}
	return strings.Join(names, ",")
}
