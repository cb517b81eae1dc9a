package history

import (
	"fmt"

	"helpdesk/domain/message"
	"helpdesk/eventstore"
)

// autoReply completes the entry of an event of a message where it is by that that an
// automatic reply became known; else there is none.
func (t *describer) autoReply(entry *Entry, e eventstore.Envelope) bool {
	s := message.Evolve(t.messages[e.StreamID], e.Event)
	t.messages[e.StreamID] = s
	d, ok := e.Event.(message.Judged)
	entry.Summary = fmt.Sprintf("An automatic reply of %s came in: %s", s.From, d.Detail)
	return ok && d.Verdict == message.AutoReply
}
