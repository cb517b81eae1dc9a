package history

import (
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// TestALongHistoryIsDescribedWithoutCopies counts bytes: of two thousand comments each is
// looked at once.
func TestALongHistoryIsDescribedWithoutCopies(t *testing.T) {
	const comments, most = 2000, 20 << 20
	events := []eventstore.Envelope{{Event: ticket.Opened{Title: "Printer"}}}
	for i := range comments {
		id := ticket.CommentID{UUID: uuid.New()}
		events = append(events, eventstore.Envelope{
			Recorded: eventstore.Recorded{Position: int64(i + 2), EventID: uuid.New()}, Event: ticket.CommentAdded{CommentID: id, Text: "It smokes."},
		})
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	entries := newDescriber(domain.System(), nil, nil).describe(events)
	runtime.ReadMemStats(&after)
	if bytes := after.TotalAlloc - before.TotalAlloc; bytes > most {
		t.Errorf("%d comments take %d bytes, want at most %d", comments, bytes, most)
	}
	if len(entries) != len(events) || entries[comments].Changes[0].After != "It smokes." {
		t.Errorf("%d entries of %d events", len(entries), len(events))
	}
}

// TestWhatNoPageShowsIsNotPutIntoWords counts the entries that have words among those of all
// events, and holds them against those where all have.
func TestWhatNoPageShowsIsNotPutIntoWords(t *testing.T) {
	id, cause := uuid.New(), uuid.New()
	var events []eventstore.Envelope
	for i := range 300 {
		var e domain.Event = ticket.Opened{Number: 1, Title: "x", Priority: ticket.Low}
		if i > 0 {
			e = ticket.Prioritised{Priority: []ticket.Priority{ticket.Low, ticket.High}[i%2]}
		}
		r := eventstore.Recorded{StreamID: id, StreamType: domain.TicketStream, Position: int64(i + 1), Version: i + 1, EventID: uuid.New(), Type: e.EventType()}
		if i == 150 {
			r.EventID = cause
		}
		if i > 250 {
			r.CausationID = uuid.NullUUID{UUID: cause, Valid: true}
		}
		events = append(events, eventstore.Envelope{Recorded: r, Event: e})
	}
	all := newDescriber(domain.System(), nil, nil).describe(events)
	some := newDescriber(domain.System(), nil, nil)
	some.only = positionsOf(all[140:160])
	inWords := 0
	for i, e := range some.describe(events) {
		if e.Summary == "" && e.Changes == nil && e.Effects == nil && e.Position == all[i].Position {
			continue
		}
		inWords++
		if diff := cmp.Diff(all[i], e); diff != "" {
			t.Errorf("the entry at %d (-want +got):\n%s", e.Position, diff)
		}
	}
	if inWords != 20 {
		t.Errorf("%d entries are in words, want 20", inWords)
	}
}
