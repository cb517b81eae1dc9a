package pgcount

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// connect connects under a name, by simple statements and such with parameters.
func connect(t *testing.T, p *Proxy, name string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(p.URL())
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["application_name"] = name
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func TestCounts(t *testing.T) {
	t.Parallel()
	p, err := Listen(pgtest.New(t, pgtest.Empty()).OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	conn := connect(t, p, "one")
	exec := func(statements ...string) func(context.Context) error {
		return func(ctx context.Context) error {
			for _, s := range statements {
				if _, err := conn.Exec(ctx, s); err != nil {
					return err
				}
			}
			return nil
		}
	}
	number := func(ctx context.Context) error {
		var n int
		return conn.QueryRow(ctx, `SELECT $1::integer`, 1).Scan(&n)
	}
	for _, c := range []struct {
		name  string
		do    func(context.Context) error
		fails bool
		want  Counts
	}{
		{"a table", exec(`CREATE TABLE t (n integer PRIMARY KEY)`), false, Counts{1, 1, 1}},
		{"one by itself", exec(`INSERT INTO t VALUES (1)`), false, Counts{1, 1, 1}},
		{"two in a transaction", exec(`BEGIN`, `INSERT INTO t VALUES (2)`, `INSERT INTO t VALUES (3)`, `COMMIT`), false, Counts{4, 1, 4}},
		{"two in one message", exec(`INSERT INTO t VALUES (4); INSERT INTO t VALUES (5)`), false, Counts{2, 1, 1}},
		{"a transaction in one message", exec(`BEGIN; INSERT INTO t VALUES (6); COMMIT`), false, Counts{3, 1, 1}},
		{"a transaction taken back", exec(`BEGIN`, `INSERT INTO t VALUES (7)`, `ROLLBACK`), false, Counts{3, 0, 3}},
		{"a failure", exec(`INSERT INTO t VALUES (1)`), true, Counts{1, 0, 1}},
		{"a transaction with a failure", exec(`BEGIN; INSERT INTO t VALUES (1)`), true, Counts{2, 0, 1}},
		{"whose end is no commit", exec(`COMMIT`), false, Counts{1, 0, 1}},
		{"a savepoint gone back to", exec(`BEGIN`, `SAVEPOINT s`, `ROLLBACK TO SAVEPOINT s`, `COMMIT`), false, Counts{4, 1, 4}},
		{"a parameter: prepared first", number, false, Counts{1, 2, 2}},
		{"a parameter, prepared", number, false, Counts{1, 1, 1}},
		{"a batch", func(ctx context.Context) error {
			var b pgx.Batch
			for n := range 3 {
				b.Queue(`SELECT $1::integer`, n)
			}
			return conn.SendBatch(ctx, &b).Close()
		}, false, Counts{3, 1, 1}},
	} {
		before := p.Counts()["one"]
		if err := c.do(t.Context()); (err != nil) != c.fails {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := p.Counts()["one"].Sub(before); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
	if err := exec(`SELECT 1`)(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := p.Counts()["two"]; got != (Counts{}) {
		t.Errorf("of a name that nobody has: got %+v", got)
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	p, err := Listen(pgtest.New(t, pgtest.Empty()).OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	conn := connect(t, p, "one")
	var mu sync.Mutex
	var got []Statement
	p.Trace(func(s Statement) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, s)
	})
	var text *string
	err = errors.Join(
		conn.QueryRow(t.Context(), `SELECT 'a' WHERE $1::text IS NULL`, nil).Scan(&text),
		conn.QueryRow(t.Context(), `SELECT $1::text`, "b").Scan(&text),
	)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `SELECT 2`); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	want := []Statement{
		{Name: "one", SQL: `SELECT 'a' WHERE $1::text IS NULL`, Params: [][]byte{nil}, Formats: []int16{0}},
		{Name: "one", SQL: `SELECT $1::text`, Params: [][]byte{[]byte("b")}, Formats: []int16{0}},
		{Name: "one", SQL: `SELECT 2`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCloseEndsWhatPasses(t *testing.T) {
	t.Parallel()
	p, err := Listen(pgtest.New(t, pgtest.Empty()).OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, p, "one")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a connection outlived the proxy")
	}
}
