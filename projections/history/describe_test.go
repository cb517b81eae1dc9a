package history

import (
	"runtime"
	"testing"

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
