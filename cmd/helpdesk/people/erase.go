package people

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

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
	id      user.ID
	words   []string // by which they may be named in stored answers
	aliases []user.ID
}

// find finds somebody by username, address or, when they are half erased already,
// by id. A stranger is somebody who wrote to the desk and has no account yet.
func find(ctx context.Context, o *program.Operator, name string) (who user.Account, stranger bool, err error) {
	who, missing := o.Account(ctx, name)
	if missing == nil {
		return who, false, nil
	}
	for _, module := range o.Modules {
		if module.Stranger == nil {
			continue
		}
		id, err := module.Stranger(ctx, o, name)
		if err == nil {
			return user.Account{ID: id, Username: name, Email: name}, true, nil
		}
		if !errors.Is(err, domain.ErrNotFound) {
			return who, false, err
		}
	}
	return who, false, missing
}

// makeContact gives a stranger the account by which they are erased as anybody is.
func makeContact(ctx context.Context, o *program.Operator, stranger user.Account) error {
	register := user.Register{
		By: user.By{Actor: domain.System()}, Username: "contact-" + strings.ReplaceAll(stranger.ID.String(), "-", ""), Email: stranger.Email,
	}
	_, err := commands.NewPeople(o.Store, o.Accounts).Register(ctx, commands.Request{CorrelationID: "people erase"}, stranger.ID, register, o.Accounts.NoPassword())
	if err != nil {
		return fmt.Errorf("make an account for %s: %w", stranger.Email, err)
	}
	return nil
}

// newErasure prepares the erasing of somebody.
func newErasure(ctx context.Context, o *program.Operator, id user.ID) (*erasure, error) {
	e := &erasure{Operator: o, id: id}
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
	if !s.Erased {
		e.words = append(e.words, s.Username)
	}
	e.aliases, err = o.Modules.Aliases(ctx, o, program.Forgotten{ID: e.id, Words: e.words})
	return e, err
}

func (e *erasure) run(ctx context.Context, out io.Writer) error {
	fmt.Fprintf(out, "Erasing %s. Should this be interrupted, give the command again with this id.\n", e.id)
	// The first round misses what they were writing just then. The second begins
	// when the key is gone: what is sealed after that, nobody ever reads.
	var streams []uuid.UUID
	var done commands.Outcome
	for range 2 {
		var err error
		if streams, err = e.streams(ctx); err != nil {
			return err
		}
		// Nobody keeps what the records of access say, which may be a million.
		streams = slices.DeleteFunc(streams, func(id uuid.UUID) bool { return id == access.Stream(e.id) })
		erase := user.Erase{By: user.By{Actor: domain.System()}, Streams: streams}
		request := commands.Request{CorrelationID: "people erase"}
		if done, err = commands.NewPeople(e.Store, e.Accounts).Erase(ctx, request, e.id, erase, e.destroy, e.forget(streams)); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "The key is destroyed. Texts were in %d streams, which are read again.\n", len(streams))
	if err := e.Signals.Tell(ctx); err != nil {
		return err
	}
	running, paused, err := e.projections(ctx)
	if err != nil {
		return err
	}
	if err := e.Follow(ctx, done.Position, running...); err != nil {
		return err
	}
	// Once more, for an answer may show what a read model showed until now.
	if err := pgx.BeginFunc(ctx, e.Pool, func(tx pgx.Tx) error { return e.forget(streams)(ctx, tx) }); err != nil {
		return err
	}
	if err := e.warn(ctx, out); err != nil {
		return err
	}
	if len(paused) > 0 {
		return fmt.Errorf("the account is removed and the key destroyed, but projections that are paused still show %s until they are resumed: "+
			`run "helpdesk projections resume %s", then this command again with the id`, e.id, strings.Join(paused, " "))
	}
	fmt.Fprintf(out, "%s is erased.\n", e.id)
	return nil
}

// streams returns those that hold texts of the person.
func (e *erasure) streams(ctx context.Context) (all []uuid.UUID, err error) {
	for _, id := range append([]user.ID{e.id}, e.aliases...) {
		some, err := e.Store.StreamsOf(ctx, id.UUID)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// destroy destroys the person's keys.
func (e *erasure) destroy(ctx context.Context, tx pgx.Tx) error {
	all := []eventstore.InTx{keyring.Destroy(e.id.UUID)}
	for _, id := range e.aliases {
		all = append(all, keyring.Destroy(id.UUID), e.Modules.Forget(program.Forgotten{ID: id}))
	}
	return eventstore.InTurn(all...)(ctx, tx)
}

// projections returns those that follow the log, and the names of those that an
// operator has paused.
func (e *erasure) projections(ctx context.Context) (running []follow.Follower, paused []string, err error) {
	all, err := follow.ReadProgress(ctx, e.Pool)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range e.Modules.Projections() {
		if slices.ContainsFunc(all, func(p follow.Progress) bool { return p.Name == f.Name && p.Paused }) {
			paused = append(paused, f.Name)
		} else {
			running = append(running, f)
		}
	}
	return running, paused, nil
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
