package ticket

import "helpdesk/domain"

// ErrFull refuses what would make a ticket longer than it may become.
var ErrFull = &domain.Error{
	Kind: domain.KindRejected, Code: "ticket_full",
	Message: "the ticket is full: it can be resolved, closed and deleted; open another for what is new",
}

// Limits are how long a ticket may become, for whoever has a command on it carried out
// pays for all its history. 0: as long as they like.
type Limits struct {
	Comments int // that were ever added
	Bytes    int // of all texts that were ever given, and eventSize for each event
}

// eventSize is what an event counts beside its texts, in bytes.
const eventSize = 200

// Check refuses events that go beyond the limits with [ErrFull]. What brings a ticket
// to its end, undoes that or makes it shorter is never refused, and nothing that the
// service itself does.
func (l Limits) Check(s State, by domain.Actor, events []domain.Event) error {
	if by.Trusted() {
		return nil
	}
	for _, e := range events {
		comments := len(s.Comments) + len(s.Removed)
		s.Size += sizeOf(e)
		switch e.(type) {
		case Resolved, Closed, Deleted, Unassigned, Returned, CommentRemoved, AttachmentRemoved, TextRedacted, Restored:
			continue
		case CommentAdded:
			if l.Comments > 0 && comments >= l.Comments {
				return ErrFull.With("the ticket has %d comments and takes no more; open another for what is new", l.Comments)
			}
		}
		if l.Bytes > 0 && s.Size > l.Bytes {
			return ErrFull
		}
	}
	return nil
}

// types are the events of tickets, by their names.
var types = func() map[string]domain.EventType {
	named := map[string]domain.EventType{}
	for _, t := range Events() {
		named[t.Name()] = t
	}
	return named
}()

// sizeOf returns what an event counts, in bytes; 0 for one of another aggregate.
func sizeOf(e domain.Event) int {
	t, ok := types[e.EventType()]
	if !ok {
		return 0
	}
	size := eventSize
	if t.Personal() {
		_, _ = t.ChangeTexts(e, func(_ domain.Member, text string) (string, error) { // it refuses nothing
			size += len(text)
			return text, nil
		})
	}
	return size
}
