// Package idempotency keeps what was answered to requests with an
// Idempotency-Key, so that a repeat gets the first answer.
//
// # Promised
//
//   - Of any number of equal requests at once, in however many processes, one is
//     carried out; the others find its answer ([Store.Claim]).
//   - An answer that was stored is given to every repeat for [Config].Keep, also
//     after a restart; where it is kept as what it was made of ([Answer].Left), for
//     the caller to make once more.
//   - When a process dies within a request, the next repeat takes it over once
//     the lease has run out, after [Config].Lease.
//
// # Not promised
//
// A lease that runs out under the hands of a process that still lives, one that
// stood still for so long, lets two attempts work at once. They MUST NOT rely on
// the claim alone: the command id is unique in the log, which is what keeps the
// second from writing. [Claim.Again] tells that an attempt came before.
//
// # Table
//
// The package owns the table idempotency_keys: one row a key, made by the first attempt,
// and one UPDATE when it has answered. Instants are the database's.
package idempotency

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore"
)

// Config adjusts a [Store]. The zero value is ready to use.
type Config struct {
	// Lease is how long a request belongs to the process that works on it, after
	// that process last said that it lives. Default 1.5 s.
	Lease time.Duration
	// Keep is how long answers are kept at least. Default 48 h; clients are
	// promised 24 (API.md "Idempotency").
	Keep time.Duration
	// SweepEvery is the time between two removals of old answers. Default 1 h.
	SweepEvery time.Duration
	// Logger takes what goes wrong in [Store.Run]. Default [slog.Default].
	Logger *slog.Logger
}

// Answer is what was answered to a request.
type Answer struct {
	Status int
	Header map[string]string
	Body   []byte
	Sealed bool // whether only the caller's credential opens Body
	// Left is what the answer is made of anew each time, so that no text of it is kept;
	// nil: it is Body.
	Left *Left
}

// Left is a stream as a request left it.
type Left struct {
	StreamID uuid.UUID
	Version  int
}

// Claim is what became of an attempt to carry out a request.
type Claim struct {
	// Fingerprint is that of the first attempt's body: the caller compares.
	Fingerprint string
	// Owner names the attempt, zero when another has the request.
	Owner uuid.UUID
	// Again: an earlier attempt may have carried the request out.
	Again bool
	// Free: nobody works on it any more: see [Store.TakeOver].
	Free bool
	// At is when the first attempt began.
	At time.Time
	// Answer is the stored one, nil while there is none.
	Answer *Answer
}

// Mine reports whether the request is the caller's to carry out.
func (c Claim) Mine() bool { return c.Owner != uuid.Nil }

// Store keeps answers in Postgres. It is safe for concurrent use, by several
// processes too.
type Store struct {
	pool   *pgxpool.Pool
	config Config

	mu   sync.Mutex
	held map[uuid.UUID]uuid.UUID // claims of this process: owner → command id

	begun chan struct{} // there is a claim where there was none
}

// New makes the store over a pool. [Store.Run] renews its leases.
func New(pool *pgxpool.Pool, config Config) *Store {
	if config.Lease == 0 {
		config.Lease = 1500 * time.Millisecond
	}
	if config.Keep == 0 {
		config.Keep = 48 * time.Hour
	}
	if config.SweepEvery == 0 {
		config.SweepEvery = time.Hour
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	return &Store{pool: pool, config: config, held: map[uuid.UUID]uuid.UUID{}, begun: make(chan struct{}, 1)}
}

const (
	claimSQL = `
		INSERT INTO idempotency_keys (command_id, fingerprint, owner, leased_until)
		VALUES ($1, $2, $3, clock_timestamp() + $4)
		ON CONFLICT (command_id) DO NOTHING
		RETURNING created_at`

	lookSQL = `
		SELECT fingerprint,
		       created_at,
		       status IS NULL AND leased_until <= clock_timestamp() AS free,
		       status,
		       header,
		       body,
		       sealed,
		       stream_id,
		       version
		FROM idempotency_keys
		WHERE command_id = $1`

	// The conditions are looked at again on the newest row: one of many wins.
	takeOverSQL = `
		UPDATE idempotency_keys
		SET owner = $2,
		    leased_until = clock_timestamp() + $3
		WHERE command_id = $1
		  AND status IS NULL
		  AND leased_until <= clock_timestamp()`
)

// row is a row of idempotency_keys.
type row struct {
	Fingerprint string
	CreatedAt   time.Time
	Free        bool // nobody works on it
	Status      *int
	Header      map[string]string
	Body        []byte
	Sealed      bool
	StreamID    *uuid.UUID
	Version     *int
}

// Claim tries to become the one that carries out the request, and returns how
// things stand: it is the caller's, it was answered, another works on it, or
// nobody does any more. It does not wait. Whoever got it MUST end it with
// [Store.Finish] or [Store.Release].
func (s *Store) Claim(ctx context.Context, commandID uuid.UUID, fingerprint string) (Claim, error) {
	for {
		c, err := s.claimOnce(ctx, commandID, fingerprint)
		if !errors.Is(err, pgx.ErrNoRows) { // released between the two statements
			return c, eventstore.Unreachable(err)
		}
	}
}

func (s *Store) claimOnce(ctx context.Context, commandID uuid.UUID, fingerprint string) (Claim, error) {
	c := Claim{Fingerprint: fingerprint, Owner: uuid.New()}
	err := s.pool.QueryRow(ctx, claimSQL, commandID, fingerprint, c.Owner, s.config.Lease).Scan(&c.At)
	if err == nil {
		s.hold(c.Owner, commandID)
		return c, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return Claim{}, fmt.Errorf("claim request %s: %w", commandID, err)
	}
	rows, _ := s.pool.Query(ctx, lookSQL, commandID) // its error is in rows, too
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	if err != nil {
		return Claim{}, fmt.Errorf("look up request %s: %w", commandID, err)
	}
	c = Claim{Fingerprint: r.Fingerprint, Again: true, At: r.CreatedAt, Free: r.Free}
	if r.Status != nil {
		c.Answer = &Answer{Status: *r.Status, Header: r.Header, Body: r.Body, Sealed: r.Sealed}
		if r.StreamID != nil && r.Version != nil {
			c.Answer.Left = &Left{StreamID: *r.StreamID, Version: *r.Version}
		}
	}
	return c, nil
}

// TakeOver makes a claim that is [Claim.Free] the caller's, who MUST have seen
// that its fingerprint is the one of their own body. The claim is answered as it
// was when another was quicker.
func (s *Store) TakeOver(ctx context.Context, commandID uuid.UUID, c Claim) (Claim, error) {
	owner := uuid.New()
	tag, err := s.pool.Exec(ctx, takeOverSQL, commandID, owner, s.config.Lease)
	if err != nil {
		return c, eventstore.Unreachable(fmt.Errorf("take over request %s: %w", commandID, err))
	}
	if tag.RowsAffected() == 1 {
		s.hold(owner, commandID)
		c.Owner = owner
	}
	return c, nil
}

func (s *Store) hold(owner, commandID uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[owner] = commandID
	if len(s.held) > 1 {
		return
	}
	select {
	case s.begun <- struct{}{}:
	default: // its timer is to be set already
	}
}

func (s *Store) drop(owner uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, owner)
}

// Finish stores the answer and ends the claim. It reports false when another
// attempt took the request over meanwhile: then that one's answer counts.
func (s *Store) Finish(ctx context.Context, commandID uuid.UUID, c Claim, a Answer) (stored bool, err error) {
	defer s.drop(c.Owner)
	const q = `
		UPDATE idempotency_keys
		SET status = $3,
		    header = $4,
		    body = $5,
		    sealed = $6,
		    stream_id = $7,
		    version = $8
		WHERE command_id = $1
		  AND owner = $2
		  AND status IS NULL`
	var stream *uuid.UUID
	var version *int
	if a.Left != nil {
		stream, version = &a.Left.StreamID, &a.Left.Version
	}
	tag, err := s.pool.Exec(ctx, q, commandID, c.Owner, a.Status, a.Header, a.Body, a.Sealed, stream, version)
	if err != nil {
		return false, eventstore.Unreachable(fmt.Errorf("store the answer to request %s: %w", commandID, err))
	}
	return tag.RowsAffected() == 1, nil
}

// Release ends a claim without an answer: the next attempt carries the request
// out. Where it may have been carried out all the same, as after a lost
// connection, unsure keeps the row, so that the next attempt is one [Claim.Again].
func (s *Store) Release(ctx context.Context, commandID uuid.UUID, c Claim, unsure bool) error {
	defer s.drop(c.Owner)
	q := `DELETE FROM idempotency_keys WHERE command_id = $1 AND owner = $2 AND status IS NULL`
	if unsure || c.Again {
		q = `UPDATE idempotency_keys SET leased_until = '-infinity' WHERE command_id = $1 AND owner = $2 AND status IS NULL`
	}
	if _, err := s.pool.Exec(ctx, q, commandID, c.Owner); err != nil {
		return eventstore.Unreachable(fmt.Errorf("release request %s: %w", commandID, err))
	}
	return nil
}

// Forget removes the stored answers that name one of the ids, or hold one of
// the words without regard to case, in the transaction of whoever erases them.
// The requests behind them are then told that they were carried out before.
func Forget(ids []uuid.UUID, words []string) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		const q = `
DELETE FROM idempotency_keys
WHERE CASE WHEN sealed OR body IS NULL THEN false ELSE
    EXISTS (SELECT FROM unnest($2::text[]) AS word WHERE strpos(lower(convert_from(body, 'UTF8')), lower(word)) > 0)
    OR EXISTS (
        SELECT FROM regexp_matches(convert_from(body, 'UTF8'), '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'g') AS found
        WHERE found[1]::uuid = ANY ($1))
    END`
		if _, err := tx.Exec(ctx, q, ids, words); err != nil {
			return fmt.Errorf("forget stored answers: %w", err)
		}
		return nil
	}
}
