package ticket

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"helpdesk/domain"
)

func TestATicketBecomesNoLongerThanItsLimits(t *testing.T) {
	text := strings.Repeat("é", 400) // 800 bytes, a thousand with the event
	added := func(n int) (events []domain.Event) {
		for range n {
			events = append(events, CommentAdded{CommentID: CommentID{UUID: uuid.New()}, Text: text})
		}
		return events
	}
	opened := Opened{Title: "Printer", Description: text}
	limits := Limits{Comments: 5, Bytes: 6_500}
	service := domain.Actor{Kind: domain.ActorTimer}
	ann := domain.Actor{Kind: domain.ActorUser, Role: domain.RoleAdmin}
	for name, c := range map[string]struct {
		given []domain.Event
		when  []domain.Event
		by    domain.Actor
		full  bool
	}{
		"the last comment":                      {added(4), added(1), ann, false},
		"one more":                              {added(5), added(1), ann, true},
		"one more where one was removed":        {append(added(5), CommentRemoved{}), added(1), ann, true},
		"an edit within the bytes":              {added(4), []domain.Event{CommentEdited{Text: text}}, ann, false},
		"an edit beyond them":                   {added(5), []domain.Event{CommentEdited{Text: text}}, ann, true},
		"an event without a text":               {append(added(5), Described{Description: text}), []domain.Event{Prioritised{}}, ann, true},
		"two of which the second is too much":   {added(4), []domain.Event{CommentEdited{Text: text}, Described{Description: text}}, ann, true},
		"an end":                                {append(added(5), Described{Description: text}), []domain.Event{Resolved{Reason: text}, Closed{}, Deleted{}}, ann, false},
		"a redaction":                           {append(added(5), Described{Description: text}), []domain.Event{TextRedacted{Text: "[redacted]"}}, ann, false},
		"a reopening":                           {append(added(5), Described{Description: text}), []domain.Event{Reopened{}}, ann, true},
		"an escalation by the service":          {append(added(5), Described{Description: text}), []domain.Event{Escalated{}}, service, false},
		"what nobody bounds, in another's hand": {append(added(5), Described{Description: text}), nil, ann, false},
	} {
		t.Run(name, func(t *testing.T) {
			state := fold(append([]domain.Event{opened}, c.given...))
			err := limits.Check(state, c.by, c.when)
			if (err != nil) != c.full || (c.full && !errors.Is(err, ErrFull)) {
				t.Errorf("at %d bytes: %v, full %v", state.Size, err, c.full)
			}
			if err := (Limits{}).Check(state, c.by, c.when); err != nil {
				t.Errorf("without limits: %v", err)
			}
		})
	}
}

func TestEveryEventOfATicketCounts(t *testing.T) {
	for _, e := range Events() {
		event, err := e.Decode([]byte(`{"title": "é", "description": "é", "text": "é", "reason": "é", "filename": "é"}`))
		if err != nil {
			t.Fatal(err)
		}
		if want := eventSize + 2*len(e.TextMembers()); sizeOf(event) != want {
			t.Errorf("%s counts %d, want %d", event.EventType(), sizeOf(event), want)
		}
	}
}
