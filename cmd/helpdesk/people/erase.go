package people

import (
	"context"
	"fmt"
	"io"
	"slices"

	"helpdesk/eventstore/follow"

	"helpdesk/cmd/helpdesk/program"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/keyring"
)

// erasure erases one person. Each step may be done again.
type erasure struct {
	*program.Operator
	id       user.ID
	username string
	words    []string // by which they may be named in stored answers
}

// newErasure prepares the erasing of somebody named by username or, when they are
// half erased already, by id.
func newErasure(ctx context.Context, o *program.Operator, nameOrID string) (*erasure, error) {
	e := &erasure{Operator: o}
	account, err := o.Account(ctx, nameOrID)
	if err != nil {
		return nil, err
	}
	e.id = account.ID
	events, err := o.Store.Load(ctx, e.id.UUID)
	if err != nil {
		return nil, err
	}
	var s user.State
	for _, event := range events {
		s = user.Evolve(s, event.Event)
		if !s.Erased && s.Email != domain.Erased {
			e.words = append(e.words, s.Email)
		}
	}
	if e.username = s.Username; !s.Erased {
		e.words = append(e.words, s.Username)
	}
	return e, nil
}

func (e *erasure) run(ctx context.Context, out io.Writer) error {
	fmt.Fprintf(out, "Erasing %s. Should this be interrupted, give the command again with this id.\n", e.id)
	// The first round misses what they were writing just then. The second begins
	// when the key is gone: what is sealed after that, nobody ever reads.
	var streams []uuid.UUID
	var done commands.Outcome
	for range 2 {
		var err error
		if streams, err = e.Store.StreamsOf(ctx, e.id.UUID); err != nil {
			return err
		}
		// Nobody keeps what the records of access say, which may be a million.
		streams = slices.DeleteFunc(streams, func(id uuid.UUID) bool { return id == access.Stream(e.id) })
		erase := user.Erase{By: user.By{Actor: domain.System()}, Streams: streams}
		request := commands.Request{CorrelationID: "people erase"}
		if done, err = commands.NewPeople(e.Store, e.Accounts).Erase(ctx, request, e.id, erase, keyring.Destroy(e.id.UUID), e.forget(streams)); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "The key is destroyed. Texts were in %d streams, which are read again.\n", len(streams))
	if err := e.Signals.Tell(ctx); err != nil {
		return err
	}
	if err := e.Follow(ctx, done.Position, e.Modules.Projections()...); err != nil {
		return err
	}
	// Once more, for an answer may show what a read model showed until now.
	if err := pgx.BeginFunc(ctx, e.Pool, func(tx pgx.Tx) error { return e.forget(streams)(ctx, tx) }); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is erased.\n", e.id)
	return e.warn(ctx, out)
}

// forget removes what stands beside the log and may hold texts of the person.
func (e *erasure) forget(streams []uuid.UUID) eventstore.InTx {
	return eventstore.InTurn(
		follow.ForgetErrors(streams),
		e.Modules.Forget(program.Forgotten{ID: e.id, Streams: streams, Words: e.words}),
	)
}

// warn writes what could not be erased: what was written before texts were sealed.
func (e *erasure) warn(ctx context.Context, out io.Writer) error {
	const q = `SELECT count(*) FROM events WHERE stream_id = $1 AND type = 'user.registered' AND person_id IS NULL`
	var plain int
	if err := e.Pool.QueryRow(ctx, q, e.id.UUID).Scan(&plain); err != nil {
		return fmt.Errorf("look for texts that were never sealed: %w", err)
	}
	if plain > 0 {
		fmt.Fprintln(out, "But they registered before texts were sealed: what they wrote until then stands in the log as it was, and cannot be erased.")
	}
	return nil
}
