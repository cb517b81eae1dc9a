// Package postgres runs the true program on servers, and in sessions, that are not as
// other tests have them. HELPDESK_PG_BIN names another version's programs: make
// test-postgres does, for each that the program works on.
package postgres

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"helpdesk/internal/localpg"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// works has a program begin with an empty database and do what the README's session
// does, then rebuilds every projection and proves the log whole.
func works(t *testing.T, env []string) {
	t.Helper()
	env = append(env, "HELPDESK_DATA_DIR="+t.TempDir())
	h := &program.Helpdesk{Env: env, Program: program.Serve(t, env...)}
	program.Superuser(t, env, "root")
	h.Admin = h.SignIn(t, "root")
	ada := h.Join(t, "ada", "user")
	title := "Printer ‘smokes’ in \\Vienna – 東京 🖨"
	opened := program.Read[program.Ticket](t, ada.Must(t, http.StatusCreated, "POST", "/api/tickets/",
		program.Object{"title": title, "description": "Again.", "priority": "high"}))
	ada.Must(t, http.StatusCreated, "POST", "/api/comments/", program.Object{"ticket": 1, "text": "It is the one on the third floor."})
	h.Admin.Must(t, http.StatusOK, "POST", "/api/tickets/1/assign/", program.Object{"assigned_to": "root"})
	h.Admin.Must(t, http.StatusOK, "POST", "/api/tickets/1/resolve/", program.Object{"reason": "New fuser."})

	read := func() (bodies []string) {
		for _, path := range []string{
			"/api/tickets/?status=resolved&title=printer", "/api/tickets/?q=smokes", "/api/tickets/1/", "/api/comments/",
			"/api/reports/daily/?tz=Europe/Vienna", "/api/reports/status-distribution/", "/api/users/",
		} {
			a := h.Admin.Must(t, http.StatusOK, "GET", path, nil)
			bodies = append(bodies, path+" "+string(a.Body))
		}
		return bodies
	}
	before := read()
	if !strings.Contains(before[0], opened.ID) || !strings.Contains(before[0], "東京 🖨") {
		t.Errorf("the list does not hold the ticket: %s", before[0])
	}
	h.Admin.Must(t, http.StatusOK, "GET", "/api/report/", nil)

	h.Runs(t, "", "projections", "rebuild", "--all")
	for i, body := range read() {
		if was, is := timeless(before[i]), timeless(body); was != is {
			t.Errorf("after the rebuild: got %s, want %s", is, was)
		}
	}
	kit.Poll(t, "a checkpoint that is signed", func() bool {
		said, stderr, err := program.Run(t.Context(), t, "", h.Env, "audit", "verify")
		if err != nil && !strings.Contains(stderr, "no signed checkpoint") {
			t.Fatalf("audit verify: %v\n%s", err, stderr)
		}
		return strings.Contains(said, "are as they were recorded")
	})
	h.Runs(t, "", "analyst", "list")
	if err := h.Stop(); err != nil {
		t.Errorf("the end: %v\n%s", err, h.Log())
	}
	for line := range strings.Lines(h.Log()) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "level=WARN") {
			t.Errorf("the log has %s", line)
		}
	}
}

// timeless cuts off where answers say what the instant is.
func timeless(body string) string {
	path, rest, _ := strings.Cut(body, " ")
	if strings.HasPrefix(path, "/api/reports/") {
		_, rest, _ = strings.Cut(rest, `"rows"`)
	}
	return path + rest
}

func TestOnTheServerAsItIs(t *testing.T) {
	t.Parallel()
	works(t, program.On(pgtest.New(t, pgtest.Empty())))
}

// odd are settings that change what careless SQL means.
var odd = map[string]string{
	"search_path":                    "odd, public",
	"TimeZone":                       "America/Havana",
	"DateStyle":                      "German, DMY",
	"IntervalStyle":                  "sql_standard",
	"client_encoding":                "LATIN1",
	"bytea_output":                   "escape",
	"standard_conforming_strings":    "off",
	"quote_all_identifiers":          "on",
	"extra_float_digits":             "-3",
	"default_transaction_isolation":  "serializable",
	"default_transaction_deferrable": "on",
}

func TestOnOddSettings(t *testing.T) {
	t.Parallel()
	for _, of := range []string{"the database", "the roles"} {
		t.Run("of "+of, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t, pgtest.Empty())
			objects := []string{"DATABASE " + db.Name}
			if of == "the roles" {
				objects = nil
				for _, role := range []string{localpg.OwnerRole, localpg.ServiceRole} {
					objects = append(objects, "ROLE "+role+" IN DATABASE "+db.Name)
				}
			}
			do(t, db, "CREATE SCHEMA odd", "GRANT ALL ON SCHEMA odd TO PUBLIC")
			for _, object := range objects {
				for name, value := range odd {
					do(t, db, fmt.Sprintf("ALTER %s SET %s = '%s'", object, name, value))
				}
			}
			if of == "the database" {
				do(t, db, "ALTER DATABASE "+db.Name+" SET search_path = odd") // without public
			}
			works(t, program.On(db))
			if made := count(t, db, `SELECT count(*) FROM pg_class WHERE relnamespace = 'odd'::regnamespace`); made != 0 {
				t.Errorf("%d things were made in schema odd", made)
			}
		})
	}
}

// do runs statements as a superuser.
func do(t *testing.T, db *pgtest.DB, statements ...string) {
	t.Helper()
	super, err := pgx.Connect(context.Background(), db.SuperURL) // cleanups use it too
	if err != nil {
		t.Fatal(err)
	}
	defer super.Close(context.Background())
	for _, s := range statements {
		if _, err := super.Exec(context.Background(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func count(t *testing.T, db *pgtest.DB, query string) (n int) {
	t.Helper()
	super, err := pgx.Connect(t.Context(), db.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer super.Close(context.Background())
	if err := super.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
