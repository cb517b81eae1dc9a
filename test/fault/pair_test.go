package fault

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// pair is two programs on one database. Each has a login of its own, so that
// the database tells their connections apart.
type pair struct {
	db     *pgtest.DB
	super  *pgx.Conn
	logins [2]string
	runs   [2]*program.Program
	people [2]*program.Client // the same person, signed in at either
}

func servePair(t *testing.T) *pair {
	t.Helper()
	d := &pair{db: pgtest.New(t, pgtest.Empty())}
	d.super = connect(t, d.db.SuperURL)
	d.logins = [2]string{"helpdesk_app", "second_" + d.db.Name}
	for _, sql := range []string{
		`CREATE ROLE ` + d.logins[1] + ` LOGIN`,
		`GRANT CONNECT ON DATABASE ` + d.db.Name + ` TO ` + d.logins[1],
	} {
		if _, err := d.super.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for i := range d.runs { // the first migrates, the second finds it done
		d.runs[i] = d.serve(t, i)
	}
	d.people[0] = signUp(t, d.runs[0], 1)[0]
	d.people[1] = d.runs[1].SignIn(t, "person-0").Client
	return d
}

func (d *pair) serve(t *testing.T, i int) *program.Program {
	t.Helper()
	url := strings.Replace(d.db.ServiceURL, d.logins[0]+"@", d.logins[i]+"@", 1)
	return program.Serve(t, "HELPDESK_DATABASE_URL="+url, "HELPDESK_DATABASE_OWNER_URL="+d.db.OwnerURL)
}

func TestTwoProgramsOnOneDatabaseReadEachOthersWrites(t *testing.T) {
	t.Parallel()
	d := servePair(t)
	var wg sync.WaitGroup
	for i := range d.people {
		l := newLoad("d-"+d.logins[i], 200, d.people[i:i+1])
		for w := range 8 {
			wg.Go(func() {
				for ; w < len(l.wishes); w += 8 {
					wish := l.wishes[w]
					if wish.send(t.Context()); !wish.acknowledged() {
						t.Errorf("%s: got %d %v, want 201", wish.key, wish.status, wish.err)
						continue
					}
					for j, reader := range d.people {
						a, err := reader.Do(t.Context(), "GET", "/api/tickets/"+wish.id+"/", nil)
						if _, version := idAndVersion(a); err != nil || a.Status != http.StatusOK || version != wish.version {
							t.Errorf("%s, written at program %d, read at %d: got %d %s %v, want version %d",
								wish.key, i, j, a.Status, a.Body, err, wish.version)
						}
					}
				}
			})
		}
	}
	wg.Wait()
	conn := connect(t, d.db.ServiceURL)
	awaitFollowers(t, conn)
	wantWholeLog(t, conn)
	wantFold(t, conn)
}

func TestProgramKilledInTheMiddleOfAPageIsTakenOver(t *testing.T) {
	t.Parallel()
	d := servePair(t)
	ticket := map[string]string{"title": "One", "description": "It smokes."}

	// A lock that lets read.tickets be read and not written holds the page of
	// the next event where it is.
	tx, err := d.super.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	if _, err := tx.Exec(t.Context(), `LOCK TABLE read.tickets IN SHARE MODE`); err != nil {
		t.Fatal(err)
	}
	before := d.people[0].Must(t, http.StatusCreated, "POST", "/api/tickets/", ticket, "Prefer", "respond-async")
	var login string
	eventually(t, "a follower at work on the page", func(ctx context.Context) bool {
		const q = `SELECT usename FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'helpdesk followers' AND wait_event_type = 'Lock'`
		return tx.QueryRow(ctx, q).Scan(&login) == nil
	})
	victim, other := 0, 1
	if login == d.logins[1] {
		victim, other = 1, 0
	}
	d.runs[victim].Kill()
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}

	began := time.Now()
	after := d.people[other].Must(t, http.StatusCreated, "POST", "/api/tickets/", ticket)
	t.Logf("the other program had a write readable %v after the kill of %s", time.Since(began), login)
	for _, a := range []program.Answer{before, after} {
		id, _ := idAndVersion(a)
		d.people[other].Must(t, http.StatusOK, "GET", "/api/tickets/"+id+"/", nil)
	}
	conn := connect(t, d.db.ServiceURL)
	awaitFollowers(t, conn)
	wantWholeLog(t, conn)
	wantFold(t, conn)

	again := d.serve(t, victim).SignIn(t, "person-0")
	id, _ := idAndVersion(after)
	again.Must(t, http.StatusOK, "GET", "/api/tickets/"+id+"/", nil)
}

func TestOneDatabaseURLIsEnough(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Empty())
	env := "HELPDESK_DATABASE_URL=" + db.OwnerURL
	p := program.Serve(t, env)
	person := signUp(t, p, 1)[0]
	a := person.Must(t, http.StatusCreated, "POST", "/api/tickets/", map[string]string{"title": "One", "description": "It smokes."})
	id, _ := idAndVersion(a)
	person.Must(t, http.StatusOK, "GET", "/api/tickets/"+id+"/", nil)
	program.Superuser(t, []string{env}, "root")
	p.SignIn(t, "root").Must(t, http.StatusOK, "GET", "/api/tickets/"+id+"/", nil)
	if err := p.Stop(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
}
