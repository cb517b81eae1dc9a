package history

import (
	"testing"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

func TestAnEventOfATicketThatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	e := eventstore.Envelope{Recorded: eventstore.Recorded{Type: "ticket.resolved", StreamID: uuid.New(), Version: 2}, Event: ticket.Resolved{}}
	if row, err := intervalAfter(nil, e); err == nil {
		t.Errorf("it began %+v", row)
	}
}
