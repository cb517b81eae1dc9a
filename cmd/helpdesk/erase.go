package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/idempotency"
	"helpdesk/keyring"
	"helpdesk/projections"
	"helpdesk/saga"
)

// erasure erases one person. Each step may be done again.
type erasure struct {
	*operator
	id       user.ID
	username string
	words    []string // by which they may be named in stored answers
}

// erasure prepares the erasing of somebody named by username or, when they are
// half erased already, by id.
func (o *operator) erasure(ctx context.Context, nameOrID string) (*erasure, error) {
	e := &erasure{operator: o}
	account, err := o.account(ctx, nameOrID)
	if err != nil {
		return nil, err
	}
	e.id = account.ID
	events, err := o.store.Load(ctx, e.id.UUID)
	if err != nil {
		return nil, err
	}
	var s user.State
	for _, event := range events {
		s = user.Evolve(s, event.Event)
		if word := s.Email; word != domain.Erased {
			e.words = append(e.words, word)
		}
	}
	if e.username = s.Username; !s.Erased {
		e.words = append(e.words, s.Username)
	}
	return e, nil
}

func (e *erasure) run(ctx context.Context, out io.Writer) error {
	request := commands.Request{CorrelationID: "people erase"}
	by := user.By{Actor: domain.System()}
	people := commands.NewPeople(e.store, e.accounts)
	streams, err := e.store.StreamsOf(ctx, e.id.UUID)
	if err != nil {
		return err
	}
	if _, err := people.Erase(ctx, request, e.id, user.Erase{By: by}, keyring.Destroy(e.id.UUID), e.forget(streams)); err != nil {
		return err
	}
	fmt.Fprintln(out, "The key is destroyed. Every process forgets it.")
	select { // until then one may still seal a text of theirs, or show one
	case <-ctx.Done():
		return fmt.Errorf("%w; give the command again, with the id %s", ctx.Err(), e.id)
	case <-time.After(keyring.Forgotten):
	}
	if streams, err = e.store.StreamsOf(ctx, e.id.UUID); err != nil {
		return err
	}
	done, err := people.EraseTexts(ctx, request, e.id, user.EraseTexts{By: by, Streams: streams})
	if err != nil {
		return err
	}
	if err := pgx.BeginFunc(ctx, e.pool, func(tx pgx.Tx) error { return e.forget(streams)(ctx, tx) }); err != nil {
		return err
	}
	fmt.Fprintf(out, "Texts were in %d streams, which are read again.\n", len(streams))
	if err := e.readAgain(ctx, done.Position); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is erased.\n", e.id)
	return e.warn(ctx, out)
}

// forget removes what stands beside the log and may hold texts of the person.
func (e *erasure) forget(streams []uuid.UUID) eventstore.InTx {
	return eventstore.InTurn(
		idempotency.Forget(append(streams, e.id.UUID), e.words),
		saga.ForgetErrors(e.id.UUID, streams),
		eventstore.ForgetErrors(streams),
	)
}

// readAgain returns once the read models show nothing of the person. It brings
// them there itself, in turns with a running service.
func (e *erasure) readAgain(ctx context.Context, position int64) error {
	if err := e.signals.Tell(ctx); err != nil {
		return err
	}
	applied, projectors := eventstore.NewBell(), projections.Followers()
	followers := eventstore.Follow(e.pool, e.store.Codec(), eventstore.NewBell(), applied, eventstore.FollowConfig{Logger: e.log}, projectors...)
	freshness := eventstore.NewFreshness(e.pool, applied, projectors...)
	defer freshness.Close()
	following, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	group.Go(func() error { return followers.Run(following) })
	group.Go(func() error {
		defer stop()
		return freshness.Wait(ctx, position)
	})
	return group.Wait()
}

// warn says what could not be erased: what was written before texts were sealed.
func (e *erasure) warn(ctx context.Context, out io.Writer) error {
	const q = `SELECT count(*) FROM events WHERE stream_id = $1 AND type = 'user.registered' AND person_id IS NULL`
	var plain int
	if err := e.pool.QueryRow(ctx, q, e.id.UUID).Scan(&plain); err != nil {
		return fmt.Errorf("look for texts that were never sealed: %w", err)
	}
	if plain > 0 {
		fmt.Fprintln(out, "But they registered before texts were sealed: what they wrote until then stands in the log as it was, and cannot be erased.")
	}
	return nil
}
