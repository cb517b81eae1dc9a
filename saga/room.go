package saga

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/eventstore"
	"helpdesk/internal/batch"
)

// Room is how many emails an address may get within an hour, whichever process sends
// them. What is too many is gathered in a digest, which is an email as others but that it
// waits until there is room. While a digest gathers, all that comes goes into it. It is
// safe for concurrent use.
type Room struct {
	pool *pgxpool.Pool
	most int // 0: as many as they like
	asks *batch.Queries[wish, place]
}

// NewRoom makes the room over a pool, for at most so many emails an address and hour;
// 0: as many as they like.
func NewRoom(pool *pgxpool.Pool, most int) *Room {
	r := &Room{pool: pool, most: most}
	r.asks = batch.New(r.take)
	return r
}

// digestMost is how many emails one digest gathers: what it is made of is held in memory.
const digestMost = 500

// wish is an email that is to go to an address.
type wish struct {
	recipient string // see [recipientOf]
	email     uuid.UUID
}

// place is what an email finds: it may go, or there is a digest that gathers what may not.
// One that finds neither is to ask again.
type place struct {
	Let    bool
	Digest uuid.UUID
	Wait   time.Duration // until there is room for a digest
}

// recipientOf returns what stands for an address. Who writes it otherwise is the same:
// in capitals, or with something behind a plus sign.
func recipientOf(address string) string {
	local, host, _ := strings.Cut(strings.ToLower(strings.TrimSpace(address)), "@")
	if tagged := strings.IndexByte(local, '+'); tagged > 0 {
		local = local[:tagged]
	}
	digest := sha256.Sum256([]byte(local + "@" + host))
	return string(digest[:])
}

// takeSQL lets emails go, as many as there is room for, and begins a digest where there
// is none for the others. An email keeps the place that it has when it is tried again. A
// digest that is let go gathers no more. A recipient's row is locked meanwhile, and the
// recipients have one order.
const takeSQL = `
INSERT INTO saga.email_hours AS h (recipient, emails, let_at)
SELECT recipient, (array_agg(email))[:$3], (array_agg(now()))[:$3]
FROM unnest($1::bytea[], $2::uuid[]) AS w (recipient, email)
GROUP BY recipient ORDER BY recipient
ON CONFLICT (recipient) DO UPDATE SET (emails, let_at, digest_id, gathered) = (
    SELECT
        coalesce(array_agg(email), '{}'),
        coalesce(array_agg(at), '{}'),
        CASE
            WHEN h.digest_id = ANY (array_agg(email)) THEN NULL
            WHEN h.digest_id IS NULL AND NOT excluded.emails <@ coalesce(array_agg(email), '{}') THEN gen_random_uuid()
            ELSE h.digest_id
        END,
        CASE WHEN h.digest_id IS NULL THEN 0 ELSE h.gathered END
    FROM (
        SELECT email, at, true AS has FROM unnest(h.emails, h.let_at) AS k (email, at)
        WHERE at > now() - interval '1 hour' AND email <> ALL (excluded.emails)
        UNION ALL
        SELECT email, now(), false FROM unnest(excluded.emails) AS n (email)
        WHERE h.digest_id IS NULL OR email = h.digest_id OR email = ANY (h.emails)
            OR EXISTS (SELECT FROM saga.digested WHERE digested.digest_id = n.email)
        ORDER BY has DESC, at
        LIMIT $3
    ) AS l
)
RETURNING recipient, emails, digest_id,
    (SELECT coalesce(extract(epoch FROM min(at) + interval '1 hour' - clock_timestamp()), 0)::float8 FROM unnest(let_at) AS at)`

// take returns the places of emails.
func (r *Room) take(ctx context.Context, wishes []wish) ([]place, error) {
	recipients, emails := make([][]byte, len(wishes)), make([]uuid.UUID, len(wishes))
	for i, w := range wishes {
		recipients[i], emails[i] = []byte(w.recipient), w.email
	}
	most := r.most
	if most == 0 { // of a digest from before
		most = len(wishes) + digestMost
	}
	rows, _ := r.pool.Query(ctx, takeSQL, recipients, emails, most) // ForEachRow returns its error
	places := make([]place, len(wishes))
	var recipient []byte
	var let []uuid.UUID
	var digest uuid.NullUUID
	var seconds float64
	_, err := pgx.ForEachRow(rows, []any{&recipient, &let, &digest, &seconds}, func() error {
		for i, w := range wishes {
			if w.recipient == string(recipient) {
				wait := time.Duration(max(seconds, 0) * float64(time.Second))
				places[i] = place{Let: slices.Contains(let, w.email), Digest: digest.UUID, Wait: wait + retrySlack}
			}
		}
		return nil
	})
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("look how many emails somebody got: %w", err))
	}
	return places, nil
}

// ask returns the place of an email. A digest is asked about even where there is room for
// all: it gathers until it goes.
func (r *Room) ask(ctx context.Context, address string, id uuid.UUID, kind email.Kind) (place, error) {
	if r.most == 0 && kind != email.Digest {
		return place{Let: true}, nil
	}
	return r.asks.Ask(ctx, wish{recipientOf(address), id})
}

// errGathered means that a digest gathers no more.
var errGathered = errors.New("the digest gathers no more")

// gatherSQL notes that a digest tells of an email, if it still gathers, and has the digest
// sent.
const gatherSQL = `
WITH gathering AS (
    UPDATE saga.email_hours SET gathered = gathered + 1, digest_id = CASE WHEN gathered + 1 < $4 THEN digest_id END
    WHERE recipient = $1 AND digest_id = $2
    RETURNING recipient
), noted AS (
    INSERT INTO saga.digested (digest_id, email_id) SELECT $2, $3 FROM gathering
), issued AS (
    INSERT INTO saga.outbox (id, command, payload, causation_id, correlation_id)
    SELECT $2, $5, $6, $7, $8 FROM gathering
    ON CONFLICT (id) DO NOTHING
)
SELECT count(*) FROM gathering`

// gather returns work for the transaction in which an email is digested: from then on the
// digest tells of it, and is to be sent. It fails with errGathered.
func (r *Room) gather(d *Delivery, digest, id uuid.UUID, to domain.UserID, address string) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		send := SendEmail{Email: digest, Kind: email.Digest, Recipient: to}
		payload, err := json.Marshal(send)
		if err != nil {
			return fmt.Errorf("encode %s: %w", send.Name(), err)
		}
		var gathering int
		err = tx.QueryRow(ctx, gatherSQL, []byte(recipientOf(address)), digest, id, digestMost,
			send.Name(), payload, d.CausationID, d.CorrelationID).Scan(&gathering)
		if err == nil && gathering == 0 {
			err = errGathered
		}
		return err
	}
}

// gathered returns the emails that a digest tells of.
func (r *Room) gathered(ctx context.Context, digest uuid.UUID) ([]uuid.UUID, error) {
	rows, _ := r.pool.Query(ctx, `SELECT email_id FROM saga.digested WHERE digest_id = $1`, digest) // CollectRows returns its error
	emails, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("look what a digest tells of: %w", err))
	}
	return emails, nil
}

const (
	forgetHoursEvery = 10 * time.Minute
	forgetHoursSQL   = `
DELETE FROM saga.email_hours
WHERE digest_id IS NULL AND NOT EXISTS (SELECT FROM unnest(let_at) AS at WHERE at > now() - interval '1 hour')`
)

// Run forgets to whom emails went once the hour is over, until ctx ends.
func (r *Room) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := r.forget(ctx); err != nil && ctx.Err() == nil {
			sleep(ctx, fireRetry, nil)
			continue
		}
		sleep(ctx, forgetHoursEvery, nil)
	}
	return nil
}

func (r *Room) forget(ctx context.Context) error {
	_, err := r.pool.Exec(ctx, forgetHoursSQL)
	return err
}
