package commands

import (
	"context"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/letter"
)

// Letters carries out commands on letters.
type Letters struct{ log Log }

// NewLetters makes the letter commands over a log.
func NewLetters(log Log) *Letters { return &Letters{log: log} }

var letters = aggregate[letter.State, letter.Command]{
	streamType: domain.LetterStream, evolve: letter.Evolve, decide: letter.Decide,
	// A mail server's answer may hold the address.
	person: func(_ uuid.UUID, s letter.State, _ letter.Command) domain.UserID { return s.Recipient },
}

// State answers the letter as its events tell it; the zero State when there is
// none of this id.
func (l *Letters) State(ctx context.Context, id letter.ID) (letter.State, error) {
	history, err := l.log.Load(ctx, id.UUID)
	var s letter.State
	for _, e := range history {
		s = letter.Evolve(s, e.Event)
	}
	return s, err
}

// Do carries out a command on the letter id. Errors are those of
// [letter.Decide], [ErrRepeated], [ErrBusy] and what the log answers when it
// can't be reached.
func (l *Letters) Do(ctx context.Context, r Request, id letter.ID, c letter.Command) (Outcome, error) {
	return letters.run(ctx, l.log, id.UUID, r, c.ActedBy(), c, nil)
}
