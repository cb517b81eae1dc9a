package saga

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

var (
	noon   = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	tom    = uuid.UUID{0: 1} // a ticket
	ann    = domain.UserID{UUID: uuid.UUID{15: 1}}
	eve    = domain.UserID{UUID: uuid.UUID{15: 3}}
	rob    = domain.UserID{UUID: uuid.UUID{15: 5}}
	policy = DefaultPolicy()
)

// happened is an event of ticket tom, so long after noon.
func happened(after time.Duration, e domain.Event) eventstore.Envelope {
	return eventstore.Envelope{Event: e, Recorded: eventstore.Recorded{
		StreamID: tom, StreamType: domain.TicketStream, OccurredAt: noon.Add(after),
	}}
}

// set is the timer of ticket tom, due so long after noon.
func set(due time.Duration, opening int, p ticket.Priority) Effect {
	return SetTimer{Key: tom, DueAt: noon.Add(due), Command: EscalateTicket{TicketID: tom, Opening: opening, Priority: p}}
}

// imported is the opening of ticket tom at noon, imported so long after.
func imported(after time.Duration) eventstore.Envelope {
	e := happened(0, ticket.Opened{Priority: ticket.High})
	e.ActorKind, e.RecordedAt = domain.ActorImport, noon.Add(after)
	return e
}

var off = CancelTimer{Key: tom}

func TestEscalationReacts(t *testing.T) {
	opened := happened(0, ticket.Opened{Priority: ticket.High})
	assigned := happened(0, ticket.Assigned{AssignedTo: eve})
	waiting := Policy{Spans: policy.Spans, Waiting: []ticket.Status{ticket.StatusOpen, ticket.StatusInProgress}}
	never := Policy{Spans: map[ticket.Priority]time.Duration{ticket.Low: time.Hour}, Waiting: policy.Waiting}
	for _, c := range []struct {
		name   string
		policy Policy
		given  []eventstore.Envelope
		when   eventstore.Envelope
		then   []Effect
	}{
		{"a high ticket waits an hour", policy, nil, opened, []Effect{set(time.Hour, 1, ticket.High)}},
		{"a medium one four", policy, nil, happened(0, ticket.Opened{Priority: ticket.Medium}), []Effect{set(4*time.Hour, 1, ticket.Medium)}},
		{"a low one a day", policy, nil, happened(0, ticket.Opened{Priority: ticket.Low}), []Effect{set(24*time.Hour, 1, ticket.Low)}},
		{"one whose span is switched off for ever", never, nil, opened, nil},
		{"begun, it does not wait any more", policy, []eventstore.Envelope{opened, assigned}, happened(time.Minute, ticket.Started{}), []Effect{off}},
		{"unless that is waiting too", waiting, []eventstore.Envelope{opened}, happened(time.Minute, ticket.Started{}), nil},
		{"nor where nobody has it, as older programs began it", policy, []eventstore.Envelope{opened}, happened(time.Minute, ticket.Started{}), nil},
		{"until somebody takes it", policy, []eventstore.Envelope{opened, happened(time.Minute, ticket.Started{})},
			happened(2*time.Minute, ticket.Assigned{AssignedTo: eve}), []Effect{off}},
		{"resolved, it does not", waiting, []eventstore.Envelope{opened}, happened(time.Minute, ticket.Resolved{}), []Effect{off}},
		{"closed, it does not", policy, []eventstore.Envelope{opened}, happened(time.Minute, ticket.Closed{}), []Effect{off}},
		{"escalated by hand, it does not", policy, []eventstore.Envelope{opened}, happened(time.Minute, ticket.Escalated{}), []Effect{off}},
		{"begun after it escalated, it does not wait again", waiting,
			[]eventstore.Envelope{opened, happened(time.Hour, ticket.Escalated{})}, happened(2*time.Hour, ticket.Started{}), nil},
		{"another priority counts from the same start", policy, []eventstore.Envelope{opened},
			happened(30*time.Minute, ticket.Prioritised{Priority: ticket.Medium}), []Effect{set(4*time.Hour, 1, ticket.Medium)}},
		{"also where that has passed", policy, []eventstore.Envelope{happened(0, ticket.Opened{Priority: ticket.Low})},
			happened(5*time.Hour, ticket.Prioritised{Priority: ticket.High}), []Effect{set(time.Hour, 1, ticket.High)}},
		{"to a priority that never escalates", never, []eventstore.Envelope{happened(0, ticket.Opened{Priority: ticket.Low})},
			happened(0, ticket.Prioritised{Priority: ticket.High}), []Effect{off}},
		{"another priority of what does not wait is nothing", policy, []eventstore.Envelope{opened, happened(0, ticket.Resolved{})},
			happened(time.Minute, ticket.Prioritised{Priority: ticket.Low}), nil},
		{"reopened, it waits anew", policy, []eventstore.Envelope{opened, happened(time.Minute, ticket.Resolved{})},
			happened(9*time.Hour, ticket.Reopened{}), []Effect{set(10*time.Hour, 2, ticket.High)}},
		{"also after it escalated", policy,
			[]eventstore.Envelope{opened, happened(time.Hour, ticket.Escalated{}), happened(2*time.Hour, ticket.Closed{})},
			happened(9*time.Hour, ticket.Reopened{}), []Effect{set(10*time.Hour, 2, ticket.High)}},
		{"imported when it was overdue, it escalates in silence", policy, nil, imported(2 * time.Hour),
			[]Effect{SetTimer{Key: tom, DueAt: noon.Add(time.Hour), Command: EscalateTicket{TicketID: tom, Opening: 1, Priority: ticket.High, ImportedAt: noon.Add(2 * time.Hour)}}}},
		{"imported before that, it escalates like any other", policy, nil, imported(59 * time.Minute), []Effect{set(time.Hour, 1, ticket.High)}},
		{"reopened, it does so too", policy, []eventstore.Envelope{imported(2 * time.Hour), happened(3*time.Hour, ticket.Resolved{})},
			happened(9*time.Hour, ticket.Reopened{}), []Effect{set(10*time.Hour, 2, ticket.High)}},
		{"exempted, it does not wait", policy, []eventstore.Envelope{imported(2 * time.Hour)}, happened(0, ticket.Exempted{}), []Effect{off}},
		{"until it is reopened", policy, []eventstore.Envelope{imported(2 * time.Hour), happened(0, ticket.Exempted{}), happened(3*time.Hour, ticket.Closed{})},
			happened(9*time.Hour, ticket.Reopened{}), []Effect{set(10*time.Hour, 2, ticket.High)}},
		{"begun and without an assignee again, it waits anew", policy, []eventstore.Envelope{opened, assigned, happened(time.Minute, ticket.Started{}), happened(9*time.Hour, ticket.Unassigned{})},
			happened(9*time.Hour, ticket.Returned{}), []Effect{set(10*time.Hour, 2, ticket.High)}},
		{"deleted, it is forgotten", policy, []eventstore.Envelope{opened}, happened(time.Minute, ticket.Deleted{}), []Effect{off}},
		{"restored, it is due when it was", policy, []eventstore.Envelope{opened, happened(time.Minute, ticket.Deleted{})},
			happened(9*time.Hour, ticket.Restored{}), []Effect{set(time.Hour, 1, ticket.High)}},
		{"restored, what was begun does not wait", policy,
			[]eventstore.Envelope{opened, assigned, happened(time.Minute, ticket.Started{}), happened(time.Minute, ticket.Deleted{})},
			happened(9*time.Hour, ticket.Restored{}), nil},
		{"restored, what was begun by nobody does", policy,
			[]eventstore.Envelope{opened, happened(time.Minute, ticket.Started{}), happened(time.Minute, ticket.Deleted{})},
			happened(9*time.Hour, ticket.Restored{}), []Effect{set(time.Hour, 1, ticket.High)}},
		{"restored, what had escalated does not wait", policy,
			[]eventstore.Envelope{opened, happened(time.Hour, ticket.Escalated{}), happened(2*time.Hour, ticket.Deleted{})},
			happened(9*time.Hour, ticket.Restored{}), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w Wait
			for _, e := range c.given {
				w, _ = c.policy.React(w, e)
			}
			before := w
			next, got := c.policy.React(w, c.when)
			if diff := cmp.Diff(c.then, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
			if w != before {
				t.Error("reacting changed what was remembered before")
			}
			if _, deleted := c.when.Event.(ticket.Deleted); deleted != next.Deleted {
				t.Errorf("remembered of a ticket: %+v, deleted %v", next, deleted)
			}
		})
	}
}
