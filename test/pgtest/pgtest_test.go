package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestMain(m *testing.M) { Main(m) }

func setting(t *testing.T, d *DB, name string) string {
	t.Helper()
	var value string
	if err := d.Pool(t).QueryRow(t.Context(), `SELECT current_setting($1)`, name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestEachTestHasAMigratedDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for i := range 20 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			d := New(t)
			owner := d.OwnerPool(t)
			if _, err := owner.Exec(t.Context(), `CREATE TABLE mine (n int)`); err != nil {
				t.Fatal(err)
			}
			var head int64
			if err := d.Pool(t).QueryRow(t.Context(), `SELECT position FROM log_head`).Scan(&head); err != nil {
				t.Fatal(err)
			}
			if got, want := head, int64(0); got != want {
				t.Errorf("head of a new log = %d, want %d", got, want)
			}
		})
	}
}

func TestServiceRoleIsNotTheOwner(t *testing.T) {
	t.Parallel()
	d := New(t)
	var pgErr *pgconn.PgError
	for _, stmt := range []string{`DROP TABLE events`, `DELETE FROM events`, `CREATE TABLE mine ()`} {
		if _, err := d.Pool(t).Exec(t.Context(), stmt); !errors.As(err, &pgErr) || pgErr.Code != "42501" {
			t.Errorf("%s = %v, want insufficient_privilege (42501)", stmt, err)
		}
	}
}

func TestEmptyHasNoTables(t *testing.T) {
	t.Parallel()
	rows, _ := New(t, Empty()).OwnerPool(t).Query(t.Context(), // CollectRows answers the error
		`SELECT tablename::text FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{}, got); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

func TestDatabaseIsGoneWithItsTest(t *testing.T) {
	t.Parallel()
	var d *DB
	t.Run("a test", func(t *testing.T) { d = New(t, Empty()) })
	var pgErr *pgconn.PgError
	if conn, err := pgx.Connect(t.Context(), d.OwnerURL); !errors.As(err, &pgErr) || pgErr.Code != "3D000" {
		t.Errorf("connect = %v, %v, want invalid_catalog_name (3D000)", conn, err)
	}
}

func TestDurableServerLosesNothingWhenKilled(t *testing.T) {
	t.Parallel()
	d := New(t, Durable())
	if got, want := setting(t, d, "fsync"), "on"; got != want {
		t.Errorf("fsync = %s, want %s", got, want)
	}
	owner := d.OwnerPool(t)
	if _, err := owner.Exec(t.Context(), `CREATE TABLE mine (n int)`); err != nil {
		t.Fatal(err)
	}
	for n, disturb := range []func(testing.TB){d.Kill, d.Restart, d.Kill} {
		if _, err := owner.Exec(t.Context(), `INSERT INTO mine VALUES ($1)`, n); err != nil {
			t.Fatal(err)
		}
		disturb(t)
		owner.Reset() // its connections are dead
	}
	var got int
	if err := owner.QueryRow(t.Context(), `SELECT count(*) FROM mine`).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if want := 3; got != want {
		t.Errorf("rows = %d, want %d", got, want)
	}
}

func TestSharedServerIsThrowAway(t *testing.T) {
	t.Parallel()
	d := New(t, Empty())
	if got, want := setting(t, d, "fsync"), "off"; got != want {
		t.Errorf("fsync = %s, want %s", got, want)
	}
	if !strings.HasPrefix(filepath.Base(d.server.dir), prefix) {
		t.Errorf("folder %s would not be swept up", d.server.dir)
	}
}

func TestSweepTakesOldFoldersWithoutOwner(t *testing.T) {
	t.Parallel()
	live := New(t, Empty())
	long := time.Now().Add(-time.Hour)
	left, err := os.MkdirTemp(os.TempDir(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{left, live.server.dir} {
		if err := os.Chtimes(dir, long, long); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an old folder after the sweep: %v, want none", err)
	}
	if _, err := os.Stat(live.server.pg.Dir()); err != nil {
		t.Errorf("a live server's folder was swept up: %v", err)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New(b)
	}
}
