package saga

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
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

// digestMost is how many emails a digest gathers before another is begun: what it is made
// of is held in memory.
const digestMost = 500

// wish is an email that is to go, as takeSQL reads it.
type wish struct {
	Recipient     string        `json:"recipient"` // see [recipientOf]
	Email         uuid.UUID     `json:"email"`
	Kind          email.Kind    `json:"kind"`
	TicketID      uuid.UUID     `json:"ticket_id"`
	CauseVersion  int           `json:"cause_version"`
	Person        domain.UserID `json:"person"`
	CausationID   uuid.UUID     `json:"causation_id"`
	CorrelationID string        `json:"correlation_id"`
}

// place is what an email finds: it may go, or a digest tells of it. A digest that may not
// go waits.
type place struct {
	Let    bool
	Digest uuid.UUID
	Wait   time.Duration // until there is room
}

// recipientOf returns what stands for an address, as Postgres reads bytes. Who writes it
// otherwise is the same: in capitals, or with something behind a plus sign.
func recipientOf(address string) string {
	local, host, _ := strings.Cut(strings.ToLower(strings.TrimSpace(address)), "@")
	if tagged := strings.IndexByte(local, '+'); tagged > 0 {
		local = local[:tagged]
	}
	return fmt.Sprintf(`\x%x`, sha256.Sum256([]byte(local+"@"+host)))
}

// takeSQL lets emails go, as many as there is room for, notes that a digest tells of the
// others, and has a digest that is new sent. An email keeps the place that it has when it
// is tried again, and one that a digest tells of stays with that. A digest that is let go
// gathers no more. A recipient's row is locked meanwhile, and the recipients have one
// order.
const takeSQL = `
WITH wished AS (
    SELECT w.*, w.kind = $2 AS digest, d.digest_id AS noted_in
    FROM jsonb_to_recordset($1) AS w (
        recipient bytea, email uuid, kind text, ticket_id uuid, cause_version int, person uuid, causation_id uuid, correlation_id text)
    LEFT JOIN saga.digested AS d ON d.email_id = w.email
), places AS (
    INSERT INTO saga.email_hours AS h (recipient, emails, let_at, digest_id, gathered)
    SELECT
        recipient, (array_agg(email ORDER BY digest DESC))[:$3], (array_agg(now()))[:$3],
        CASE WHEN count(*) > $3 THEN gen_random_uuid() END, greatest(count(*) - $3, 0)
    FROM wished WHERE noted_in IS NULL
    GROUP BY recipient ORDER BY recipient
    ON CONFLICT (recipient) DO UPDATE SET (emails, let_at, digest_id, gathered) = (
        SELECT
            emails, at,
            CASE WHEN same THEN h.digest_id WHEN others > 0 THEN gen_random_uuid() END,
            CASE WHEN same THEN h.gathered ELSE 0 END + others
        FROM (
            SELECT coalesce(array_agg(email), '{}') AS emails, coalesce(array_agg(at), '{}') AS at
            FROM (
                SELECT email, at, true AS has FROM unnest(h.emails, h.let_at) AS k (email, at)
                WHERE at > now() - interval '1 hour' AND email <> ALL (excluded.emails)
                UNION ALL
                SELECT email, now(), email = ANY (h.emails) FROM unnest(excluded.emails) AS n (email)
                WHERE h.digest_id IS NULL OR h.gathered >= $4 OR email = ANY (h.emails)
                    OR email IN (SELECT email FROM wished WHERE digest)
                ORDER BY has DESC, at
                LIMIT $3
            ) AS l
        ) AS let,
        LATERAL (SELECT h.digest_id <> ALL (emails) AND h.gathered < $4 AS same) AS g,
        LATERAL (
            SELECT count(*)::int + excluded.gathered AS others FROM unnest(excluded.emails) AS n (email)
            WHERE email <> ALL (emails) AND email NOT IN (SELECT email FROM wished WHERE digest)
        ) AS o
    )
    RETURNING recipient, emails, digest_id,
        (SELECT coalesce(extract(epoch FROM min(at) + interval '1 hour' - clock_timestamp()), 0)::float8 FROM unnest(let_at) AS at) AS wait
), noted AS (
    INSERT INTO saga.digested (digest_id, email_id, kind, ticket_id, cause_version)
    SELECT digest_id, email, kind, ticket_id, cause_version
    FROM wished JOIN places USING (recipient)
    WHERE noted_in IS NULL AND NOT digest AND email <> ALL (emails)
    RETURNING digest_id, email_id
), issued AS (
    INSERT INTO saga.outbox (id, command, payload, causation_id, correlation_id)
    SELECT DISTINCT ON (digest_id)
        digest_id, $5, $6::jsonb || jsonb_build_object('email', digest_id, 'recipient', person), causation_id, correlation_id
    FROM noted JOIN wished ON email = email_id
    ON CONFLICT (id) DO NOTHING
)
SELECT email, coalesce(email = ANY (emails), false), coalesce(noted_in, noted.digest_id), coalesce(wait, 0)
FROM wished LEFT JOIN places USING (recipient) LEFT JOIN noted ON email_id = email`

// take returns the places of emails.
func (r *Room) take(ctx context.Context, wishes []wish) ([]place, error) {
	all, err := json.Marshal(wishes)
	if err != nil {
		return nil, fmt.Errorf("encode the emails that are to go: %w", err)
	}
	send := SendEmail{Kind: email.Digest}
	digest, err := json.Marshal(send)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", send.Name(), err)
	}
	most := r.most
	if most == 0 { // of a digest from before
		most = len(wishes) + digestMost
	}
	rows, _ := r.pool.Query(ctx, takeSQL, all, email.Digest, most, digestMost, send.Name(), digest) // ForEachRow returns its error
	found := make(map[uuid.UUID]place, len(wishes))
	var id uuid.UUID
	var p place
	var in uuid.NullUUID
	var seconds float64
	_, err = pgx.ForEachRow(rows, []any{&id, &p.Let, &in, &seconds}, func() error {
		p.Digest, p.Wait = in.UUID, time.Duration(max(seconds, 0)*float64(time.Second))+retrySlack
		found[id] = p
		return nil
	})
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("look how many emails somebody got: %w", err))
	}
	places := make([]place, len(wishes))
	for i, w := range wishes {
		places[i] = found[w.Email]
	}
	return places, nil
}

// ask returns the place of an email, which comes of a delivery. A digest is asked about
// even where there is room for all: it gathers until it goes.
func (r *Room) ask(ctx context.Context, d *Delivery, id uuid.UUID, q email.Queued) (place, error) {
	if r.most == 0 && q.Kind != email.Digest {
		return place{Let: true}, nil
	}
	return r.asks.Ask(ctx, wish{
		Recipient: recipientOf(q.Address), Email: id, Kind: q.Kind, TicketID: q.TicketID, CauseVersion: q.CauseVersion,
		Person: q.Recipient, CausationID: d.CausationID, CorrelationID: d.CorrelationID,
	})
}

// noted is an email as a digest tells of it, by what it was to tell of.
type noted struct {
	id    uuid.UUID
	email email.Queued
}

// gathered returns the emails that a digest tells of. Of those from an older log only the
// id is known.
func (r *Room) gathered(ctx context.Context, digest uuid.UUID) ([]noted, error) {
	const q = `SELECT email_id, kind, ticket_id, cause_version FROM saga.digested WHERE digest_id = $1`
	rows, _ := r.pool.Query(ctx, q, digest) // CollectRows returns its error
	emails, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (n noted, err error) {
		return n, row.Scan(&n.id, &n.email.Kind, &n.email.TicketID, &n.email.CauseVersion)
	})
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
