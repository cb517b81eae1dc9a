package migrations_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"helpdesk/internal/localpg"
	"helpdesk/migrations"
	"helpdesk/test/pgtest"
)

func TestAnalystsMayReadTheReadModelsAndNothingElse(t *testing.T) {
	t.Parallel()
	got := texts(t, pgtest.New(t).OwnerPool(t), `
SELECT n.nspname || '.' || c.relname || ' ' || p.name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (name)
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND has_table_privilege($1, c.oid, p.name) AND NOT (n.nspname = 'read' AND p.name = 'SELECT')
UNION ALL
SELECT n.nspname || '.' || c.relname || ' is not shown'
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'read' AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT has_table_privilege($1, c.oid, 'SELECT')
UNION ALL
SELECT c.relname || ' can be drawn from' FROM pg_class c
WHERE CASE c.relkind WHEN 'S' THEN has_sequence_privilege($1, c.oid, 'USAGE') END
UNION ALL
SELECT n.nspname || ' can be used' FROM pg_namespace n
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'public', 'read') AND has_schema_privilege($1, n.oid, 'USAGE')
UNION ALL
SELECT n.nspname || ' can be made things in' FROM pg_namespace n WHERE has_schema_privilege($1, n.oid, 'CREATE')
ORDER BY 1`, migrations.AnalystRole)
	if len(got) > 0 {
		t.Errorf("beyond reading schema read:\n%s", strings.Join(got, "\n"))
	}
}

func TestAnAnalystTriesOtherThings(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).AnalystPool(t)
	for _, name := range texts(t, pool, `SELECT relname::text FROM pg_class WHERE relnamespace = 'read'::regnamespace AND relkind IN ('r', 'v')`) {
		if _, err := pool.Exec(t.Context(), `SELECT * FROM read.`+pgx.Identifier{name}.Sanitize()); err != nil {
			t.Errorf("read.%s cannot be read: %v", name, err)
		}
	}
	for _, q := range []string{
		`SELECT * FROM public.events`,
		`SELECT * FROM public.accounts`,
		`SELECT * FROM public.sessions`,
		`SELECT * FROM public.tokens`,
		`SELECT * FROM public.person_keys`,
		`SELECT * FROM public.service_keys`,
		`SELECT * FROM public.idempotency_keys`,
		`SELECT * FROM public.checkpoints`,
		`SELECT * FROM saga.outbox`,
		`SELECT * FROM audit.tiles`,
		`INSERT INTO read.ticket_counts VALUES ('day', now(), 'low', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)`,
		`UPDATE read.tickets SET title = 'x'`,
		`DELETE FROM read.comments`,
		`TRUNCATE read.users`,
		`CREATE TABLE read.mine ()`,
		`CREATE TABLE public.mine ()`,
		`CREATE TEMPORARY TABLE mine ()`,
		`SELECT nextval('public.ticket_numbers')`,
		`SET ROLE ` + localpg.OwnerRole,
		`SET ROLE ` + localpg.ServiceRole,
	} {
		_, err := pool.Exec(t.Context(), q)
		if got := code(err); got != "42501" && got != "25006" { // insufficient_privilege, read_only_sql_transaction
			t.Errorf("%s: got %v, want it refused", q, err)
		}
		if got := code(insist(t, pool, q)); got != "42501" {
			t.Errorf("%s, by one who may write as far as the session goes: got %s, want it refused", q, got)
		}
	}
}

// insist tries a statement in a session that was told to write.
func insist(t *testing.T, pool *pgxpool.Pool, q string) error {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), `SET default_transaction_read_only = off`); err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), q)
	if _, err := conn.Exec(t.Context(), `RESET default_transaction_read_only`); err != nil {
		t.Fatal(err)
	}
	return err
}

func TestTheAnalystsRoleIsMadeOncePerServer(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := pgtest.New(t, pgtest.Durable(), pgtest.Empty()) // a server of its own: nobody has made the role yet
	super, err := pgx.Connect(ctx, db.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer super.Close(context.Background())
	do := func(q string) {
		t.Helper()
		if _, err := super.Exec(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	has := func() bool {
		t.Helper()
		there, err := migrations.HasAnalystRole(ctx, super)
		if err != nil {
			t.Fatal(err)
		}
		return there
	}

	do(`ALTER ROLE ` + localpg.OwnerRole + ` NOCREATEROLE`)
	if err := migrations.Up(ctx, db.OwnerURL, localpg.ServiceRole); err != nil {
		t.Fatalf("where the owner may not make roles: %v", err)
	}
	if has() {
		t.Error("the role is there, and nobody could have made it")
	}

	do(`ALTER ROLE ` + localpg.OwnerRole + ` CREATEROLE`)
	urls := []string{db.OwnerURL}
	for _, name := range []string{"second", "third"} {
		do(`CREATE DATABASE ` + name + ` OWNER ` + localpg.OwnerRole)
		urls = append(urls, strings.Replace(db.OwnerURL, "/"+localpg.Database+"?", "/"+name+"?", 1))
	}
	var g errgroup.Group
	for _, u := range urls {
		g.Go(func() error { return migrations.Up(ctx, u, localpg.ServiceRole) })
	}
	if err := g.Wait(); err != nil {
		t.Fatalf("three databases at once: %v", err)
	}
	for _, u := range urls {
		conn, err := pgx.Connect(ctx, u)
		if err != nil {
			t.Fatal(err)
		}
		var admitted bool
		const q = `SELECT has_table_privilege($1, 'read.tickets', 'SELECT') AND has_database_privilege($1, current_database(), 'CONNECT')`
		if err := conn.QueryRow(ctx, q, migrations.AnalystRole).Scan(&admitted); err != nil || !admitted {
			t.Errorf("%s: analysts are not admitted, %v", u, err)
		}
		conn.Close(ctx)
	}
	var settings []string
	const q = `SELECT setconfig FROM pg_db_role_setting WHERE setrole = $1::text::regrole AND setdatabase = 0`
	if err := super.QueryRow(ctx, q, migrations.AnalystRole).Scan(&settings); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, s := range migrations.AnalystSettings {
		want = append(want, strings.NewReplacer(" = ", "=", "'", "").Replace(s))
	}
	if diff := cmp.Diff(want, settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestAnAnalystSeesHowFarTheTablesAre(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	const q = `
UPDATE log_head SET position = 10;
INSERT INTO checkpoints (name, position, moved_at) VALUES
    ('a', 10, now() - interval '1 hour'), ('b', 7, now()), ('c', 4, now() - interval '1 minute');
INSERT INTO failed_events (follower, position, stream_id, error) VALUES ('b', 3, gen_random_uuid(), 'x'), ('b', 5, gen_random_uuid(), 'x')`
	if _, err := db.OwnerPool(t).Exec(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	got := texts(t, db.AnalystPool(t), `
SELECT concat_ws(' ', name, position, head, lag, failed_events, state) FROM projection_status WHERE name IN ('a', 'b', 'c') ORDER BY name`)
	if diff := cmp.Diff([]string{"a 10 10 0 0 current", "b 7 10 3 2 behind", "c 4 10 6 0 stalled"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnalystsOfBeforeBeginInUTC(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := pgtest.New(t, pgtest.Durable(), pgtest.Empty()) // a server of its own, for roles are a server's
	owner := db.OwnerPool(t)
	for _, q := range []string{
		`CREATE ROLE ` + migrations.AnalystRole + ` NOLOGIN`,
		`CREATE ROLE ann LOGIN IN ROLE ` + migrations.AnalystRole,
		`CREATE ROLE bob LOGIN IN ROLE ` + migrations.AnalystRole,
		`ALTER ROLE bob SET TimeZone = 'Europe/Vienna'`,
		`CREATE ROLE eve LOGIN`,
	} {
		if _, err := owner.Exec(ctx, q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	if err := migrations.Up(ctx, db.OwnerURL, localpg.ServiceRole); err != nil {
		t.Fatal(err)
	}
	got := texts(t, owner, `
SELECT r.rolname || ' ' || array_to_string(s.setconfig, ' ') FROM pg_db_role_setting AS s JOIN pg_roles AS r ON r.oid = s.setrole
ORDER BY r.rolname COLLATE "C"`)
	if diff := cmp.Diff([]string{"ann TimeZone=UTC", "bob TimeZone=Europe/Vienna", migrations.AnalystRole + " TimeZone=UTC"}, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}
