package migrations

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// serviceGrants is what the service's login may do, one "privileges ON object"
// a line. Events can be read and added: nothing in it changes or removes one.
var serviceGrants = []string{
	"USAGE ON SCHEMA public",
	"USAGE ON SCHEMA read",
	"SELECT, INSERT ON events",
	"SELECT, INSERT, UPDATE ON streams",
	"SELECT, UPDATE ON log_head",
	"SELECT, INSERT, DELETE ON commands",
	"SELECT, INSERT, UPDATE ON checkpoints",
	"SELECT, INSERT, UPDATE, DELETE ON failed_events",
	"SELECT, INSERT ON service_keys",
	"USAGE ON SEQUENCE ticket_numbers",
	"SELECT, INSERT, UPDATE ON accounts",
	"SELECT, INSERT, UPDATE ON person_keys",
	"SELECT, INSERT, UPDATE ON text_keys",
	"SELECT, INSERT ON master_key",
	"SELECT, INSERT, UPDATE, DELETE ON sessions",
	"SELECT, INSERT, UPDATE, DELETE ON tokens",
	"SELECT, INSERT, UPDATE, DELETE ON password_links",
	"SELECT, INSERT, UPDATE, DELETE ON readings",
	"SELECT, INSERT, UPDATE, DELETE ON idempotency_keys",
	"SELECT, INSERT, UPDATE, DELETE ON person_hours",
	"SELECT, INSERT, UPDATE, DELETE ON saved_views",
	"SELECT, INSERT, UPDATE, DELETE ON ticket_viewers",
	"SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA read",
	"USAGE ON SCHEMA read_staging", // whose tables have the grants of those they take the place of
	"USAGE ON SCHEMA read_previous",
	"SELECT, INSERT, UPDATE ON rebuilds",
	"USAGE ON SCHEMA saga",
	"SELECT, INSERT, UPDATE, DELETE ON saga.escalation",
	"SELECT, INSERT, UPDATE ON saga.policies",
	"SELECT, INSERT, UPDATE, DELETE ON saga.timers",
	"SELECT, INSERT, UPDATE, DELETE ON saga.outbox",
	"SELECT, INSERT, UPDATE ON saga.people",
	"SELECT, INSERT, UPDATE, DELETE ON saga.requesters",
	"SELECT ON saga.emails_from",
	"SELECT, INSERT, UPDATE, DELETE ON saga.email_hours",
	"SELECT, INSERT ON saga.digested",
	"USAGE ON SEQUENCE saga.workers",
	"USAGE ON SCHEMA audit",
	"SELECT, INSERT ON audit.tiles",
	"SELECT, INSERT, UPDATE ON audit.edge",
	"SELECT, INSERT, UPDATE ON audit.keys",
	"SELECT, INSERT, UPDATE, DELETE ON uploads",
	"SELECT, INSERT, UPDATE ON mailboxes",
	"SELECT, INSERT, UPDATE ON mailbox_places",
	"SELECT, INSERT, UPDATE, DELETE ON senders",
	"SELECT, INSERT, UPDATE ON received",
	"USAGE ON SCHEMA blobs",
	"SELECT, INSERT, UPDATE, DELETE ON blobs.blobs",
	"SELECT, INSERT, DELETE ON blobs.chunks",
	"SELECT ON goose_db_version",
}

// grantLock keeps two processes from granting at once, which Postgres answers
// with "tuple concurrently updated".
const grantLock = 7_205_759_403

func grant(ctx context.Context, db *sql.DB, serviceRole string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin granting: %w", err)
	}
	defer tx.Rollback() // after a commit there is nothing to undo
	var owner bool
	const q = `SELECT pg_advisory_xact_lock($2), current_user = $1`
	if err := tx.QueryRowContext(ctx, q, serviceRole, grantLock).Scan(new(any), &owner); err != nil {
		return fmt.Errorf("take the lock to grant: %w", err)
	}
	if owner {
		return nil
	}
	for _, g := range serviceGrants {
		if _, err := tx.ExecContext(ctx, "GRANT "+g+" TO "+pgx.Identifier{serviceRole}.Sanitize()); err != nil {
			return fmt.Errorf("grant %s to %s: %w", g, serviceRole, err)
		}
	}
	return tx.Commit()
}
