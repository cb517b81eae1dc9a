package migrations_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"helpdesk/internal/localpg"
	"helpdesk/migrations"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// fileCount returns how many migrations there are.
func fileCount(t *testing.T) int {
	t.Helper()
	names, err := fs.Glob(os.DirFS("."), "*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("migrations found: %v, %v", names, err)
	}
	return len(names)
}

func TestUpTwiceIsHarmless(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Empty())
	owner := db.OwnerPool(t)
	if err := migrations.Up(t.Context(), db.OwnerURL, localpg.ServiceRole); err != nil {
		t.Fatal(err)
	}
	const q = `INSERT INTO service_keys (name, key) VALUES ('kept', '\x00')`
	if _, err := owner.Exec(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	before := schema(t, owner)
	if err := migrations.Up(t.Context(), db.OwnerURL, localpg.ServiceRole); err != nil {
		t.Fatalf("the second time: %v", err)
	}
	if diff := cmp.Diff(before, schema(t, owner)); diff != "" {
		t.Errorf("the second time changed the schema (-before +after):\n%s", diff)
	}
	var kept int
	if err := owner.QueryRow(t.Context(), `SELECT count(*) FROM service_keys`).Scan(&kept); err != nil || kept != 1 {
		t.Errorf("rows kept: got %d, %v, want 1", kept, err)
	}
}

func TestManyUpsAtOnceTakeTurns(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Empty())
	var g errgroup.Group
	for range 3 {
		g.Go(func() error { return migrations.Up(t.Context(), db.OwnerURL, localpg.ServiceRole) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if got, err := migrations.Pending(t.Context(), db.ServiceURL); err != nil || got != 0 {
		t.Errorf("pending: got %d, %v, want 0", got, err)
	}
	reference := pgtest.New(t)
	if diff := cmp.Diff(schema(t, reference.OwnerPool(t)), schema(t, db.OwnerPool(t))); diff != "" {
		t.Errorf("the schema is not the one of a single Up (-want +got):\n%s", diff)
	}
}

func TestPendingCountsWhatIsMissing(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	if got, err := migrations.Pending(t.Context(), db.ServiceURL); err != nil || got != 0 {
		t.Errorf("with all of them: got %d, %v, want 0", got, err)
	}
	const q = `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`
	if _, err := db.OwnerPool(t).Exec(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if got, err := migrations.Pending(t.Context(), db.ServiceURL); err != nil || got != 1 {
		t.Errorf("without the newest: got %d, %v, want 1", got, err)
	}
}

func TestPendingOnAnEmptyDatabaseCountsThemAll(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Empty())
	if got, err := migrations.Pending(t.Context(), db.OwnerURL); err != nil || got != fileCount(t) {
		t.Errorf("got %d, %v, want %d", got, err, fileCount(t))
	}
	if left := schema(t, db.OwnerPool(t)); len(left) != 0 {
		t.Errorf("looking made %v", left)
	}
}

func TestTheOwnerCanBeTheServiceItself(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Empty())
	if err := migrations.Up(t.Context(), db.OwnerURL, localpg.OwnerRole); err != nil {
		t.Fatal(err)
	}
}

// schema returns every column there is with its type, and every index.
func schema(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	return texts(t, pool, `
SELECT table_schema || '.' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
FROM information_schema.columns WHERE table_schema IN ('public', 'read')
UNION ALL
SELECT indexdef FROM pg_indexes WHERE schemaname IN ('public', 'read')
ORDER BY 1`)
}

func texts(t *testing.T, pool *pgxpool.Pool, q string, args ...any) []string {
	t.Helper()
	rows, _ := pool.Query(t.Context(), q, args...) // CollectRows answers its error
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryTableAndColumnIsExplained(t *testing.T) {
	t.Parallel()
	missing := texts(t, pgtest.New(t).OwnerPool(t), `
SELECT n.nspname || '.' || c.relname || coalesce('.' || a.attname, '')
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum >= 0 AND NOT a.attisdropped AND c.relkind <> 'S'
WHERE n.nspname IN ('public', 'read', 'saga', 'audit', 'blobs') AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
  AND c.relname NOT LIKE 'goose_db_version%'
  AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)
  AND NOT (c.relkind = 'S' AND EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype IN ('a', 'i')))
  AND NOT (c.relkind = 'S' AND obj_description(c.oid) IS NOT NULL)
ORDER BY 1`)
	for _, name := range missing {
		t.Errorf("%s has no COMMENT", name)
	}
}

// rights are what the service's login may do to each table: select, insert,
// update, delete, truncate. A table that is not here has none of them.
var rights = map[string]string{
	"audit.edge":              "siu--",
	"audit.keys":              "siu--",
	"audit.tiles":             "si---",
	"public.accounts":         "siu--",
	"public.idempotency_keys": "siud-",
	"public.checkpoints":      "siu--",
	"public.commands":         "si-d-",
	"public.events":           "si---",
	"public.goose_db_version": "s----",
	"public.log_head":         "s-u--",
	"public.mailbox_places":   "siu--",
	"public.mailboxes":        "siu--",
	"public.master_key":       "si---",
	"public.failed_events":    "siud-",
	"public.person_hours":     "siud-",
	"public.person_keys":      "siu--",
	"public.readings":         "siud-",
	"public.received":         "siu--",
	"public.rebuilds":         "siu--",
	"public.saved_views":      "siud-",
	"public.senders":          "siud-",
	"public.service_keys":     "si---",
	"public.password_links":   "siud-",
	"public.sessions":         "siud-",
	"public.streams":          "siu--",
	"public.text_keys":        "siu--",
	"public.ticket_viewers":   "siud-",
	"public.tokens":           "siud-",
	"public.uploads":          "siud-",
	"blobs.blobs":             "siud-",
	"blobs.chunks":            "si-d-",
	"read.attachments":        "siud-",
	"read.comments":           "siud-",
	"read.emails":             "siud-",
	"read.inbound_messages":   "siud-",
	"read.mailboxes":          "siud-",
	"read.agent_counts":       "siud-",
	"read.wait_counts":        "siud-",
	"read.ticket_counts":      "siud-",
	"read.ticket_facts":       "siud-",
	"read.ticket_history":     "siud-",
	"read.ticket_measures":    "siud-",
	"read.ticket_search":      "siud-",
	"read.active_search":      "siud-",
	"read.tickets":            "siud-",
	"read.users":              "siud-",
	"saga.escalation":         "siud-",
	"saga.digested":           "si---",
	"saga.email_hours":        "siud-",
	"saga.emails_from":        "s----",
	"saga.outbox":             "siud-",
	"saga.people":             "siu--",
	"saga.policies":           "siu--",
	"saga.requesters":         "siud-",
	"saga.timers":             "siud-",
}

func TestTheServiceHasTheRightsItNeedsAndNoMore(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, line := range texts(t, pgtest.New(t).OwnerPool(t), `
SELECT n.nspname || '.' || c.relname || ' ' || (
    SELECT string_agg(CASE WHEN has_table_privilege($1, c.oid, p.name) THEN p.letter ELSE '-' END, '' ORDER BY p.ord)
    FROM (VALUES (1, 'SELECT', 's'), (2, 'INSERT', 'i'), (3, 'UPDATE', 'u'), (4, 'DELETE', 'd'), (5, 'TRUNCATE', 't')) AS p (ord, name, letter))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'read', 'saga', 'audit', 'blobs') AND c.relkind IN ('r', 'p')`, localpg.ServiceRole) {
		name, granted, _ := strings.Cut(line, " ")
		if granted != "-----" {
			got[name] = granted
		}
	}
	if diff := cmp.Diff(rights, got); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
}

func TestTheServiceCanDoItsWork(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	id := "'0190a5b4-7c1e-7a3b-8d2f-1234567890ab'"
	for _, q := range []string{
		`UPDATE log_head SET position = 1 WHERE id = 1`,
		`SELECT position FROM log_head FOR UPDATE`,
		`INSERT INTO streams VALUES (` + id + `, 'ticket', 1)`,
		`UPDATE streams SET version = 2`,
		`INSERT INTO events VALUES (1, ` + id + `, 'ticket', 1, ` + id + `, 'ticket.deleted', 1, '{}', 'system', NULL, '', NULL, NULL, now(), now())`,
		`SELECT * FROM events`,
		`INSERT INTO commands VALUES (` + id + `, ` + id + `, 1, 1, 1, now())`,
		`DELETE FROM commands`,
		`INSERT INTO checkpoints (name) VALUES ('f')`,
		`SELECT * FROM checkpoints FOR UPDATE SKIP LOCKED`,
		`UPDATE checkpoints SET position = 1`,
		`INSERT INTO failed_events (follower, position, stream_id, error) VALUES ('f', 1, ` + id + `, '')`,
		`UPDATE failed_events SET error = 'x'`,
		`DELETE FROM failed_events`,
		`INSERT INTO service_keys (name, key) VALUES ('k', '') ON CONFLICT DO NOTHING`,
		`SELECT key FROM service_keys`,
		`SELECT nextval('ticket_numbers')`,
		`INSERT INTO accounts (user_id, username, email, role, is_active, password_hash) VALUES (` + id + `, 'a', 'b', 'user', true, '')`,
		`UPDATE accounts SET email = 'c'`,
		`INSERT INTO sessions (token_hash, user_id, expires_at) VALUES ('', ` + id + `, now())`,
		`UPDATE sessions SET expires_at = now()`,
		`DELETE FROM sessions`,
		`INSERT INTO read.ticket_counts VALUES ('day', now(), 'low', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)`,
		`UPDATE read.tickets SET title = 'x'`,
		`DELETE FROM read.comments`,
		`SELECT count(*) FROM read.users`,
		`SELECT max(version_id) FROM goose_db_version`,
		`SELECT nextval('saga.workers')`,
		`SELECT position FROM saga.emails_from`,
		`INSERT INTO audit.tiles VALUES (0, 0, decode(repeat('00', 8192), 'hex'))`,
		`UPDATE audit.edge SET tile_index = 1`,
		`INSERT INTO audit.keys (vkey) VALUES ('k')`,
		`UPDATE audit.keys SET size = 1`,
	} {
		if _, err := pool.Exec(t.Context(), q); err != nil {
			t.Errorf("%s: %v", q, err)
		}
	}
}

func TestTheServiceCanDoNoHarm(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	for _, q := range []string{
		`CREATE TABLE mine ()`,
		`CREATE TABLE read.mine ()`,
		`CREATE SCHEMA mine`,
		`CREATE TABLE read_staging.mine ()`,
		`ALTER TABLE read.tickets SET SCHEMA read_previous`,
		`DELETE FROM rebuilds`,
		`UPDATE events SET data = '{}'`,
		`DELETE FROM events`,
		`TRUNCATE events`,
		`ALTER TABLE events DISABLE TRIGGER ALL`,
		`DROP TRIGGER events_are_immutable ON events`,
		`INSERT INTO log_head (id, position, recorded_at) VALUES (1, 1, now())`,
		`DELETE FROM log_head`,
		`DELETE FROM streams`,
		`DELETE FROM accounts`,
		`DELETE FROM person_keys`,
		`UPDATE master_key SET fingerprint = ''`,
		`UPDATE service_keys SET key = ''`,
		`DELETE FROM service_keys`,
		`UPDATE commands SET version = 1`,
		`SELECT setval('ticket_numbers', 1)`,
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)`,
		`CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
		`UPDATE audit.tiles SET level = 1`,
		`DELETE FROM audit.tiles`,
		`DELETE FROM audit.edge`,
		`DELETE FROM audit.keys`,
		`SET ROLE ` + localpg.OwnerRole,
	} {
		_, err := pool.Exec(t.Context(), q)
		if got := code(err); got != "42501" { // insufficient_privilege
			t.Errorf("%s: got %v, want it refused", q, err)
		}
	}
}

func code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

func TestTheLogIsImmutableEvenForItsOwner(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).OwnerPool(t)
	for _, q := range []string{
		`UPDATE events SET data = '{}'`, `DELETE FROM events`, `TRUNCATE events`,
		`UPDATE audit.tiles SET level = 1`, `DELETE FROM audit.tiles`, `TRUNCATE audit.tiles`,
	} {
		_, err := pool.Exec(t.Context(), q)
		if got, want := code(err), "23001"; got != want { // restrict_violation
			t.Errorf("%s: got %v, want code %s", q, err, want)
		}
	}
}

func TestUpSaysWhatStandsInItsWay(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Empty())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := migrations.Up(ctx, db.OwnerURL, localpg.ServiceRole); err == nil {
		t.Error("a call that was given up succeeded")
	}
	if err := migrations.Up(t.Context(), db.OwnerURL, "nobody_of_that_name"); code(err) != "42704" { // undefined_object
		t.Errorf("an unknown role: got %v", err)
	}
}
