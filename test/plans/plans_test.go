// Package plans holds how much of the database each list of the API may look at: the
// blocks that its plan touches on a large desk. They are the same on every machine, as
// times are not, and a plan that walks a table touches thousands.
//
//	PLANS_TICKETS=1000000 go test ./test/plans -timeout 30m
//
// looks at a larger desk, where the same holds but of the lists that grow with it.
package plans

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"helpdesk/test/load"
	"helpdesk/test/pgcount"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// fillSQL makes a desk of $1 tickets, 2,000 requesters and 40 agents, of whom the first
// are those who ask: most tickets are closed by now, nine in ten have an assignee. No
// word is as frequent as "printer", and none of the newer tickets has "toner".
var fillSQL = []string{`
CREATE TEMPORARY TABLE person AS
SELECT
    n,
    coalesce((SELECT id FROM read.users WHERE username = (ARRAY['uma','amy'])[n + 1]), md5('person' || n)::uuid) AS id
FROM generate_series(0, 2039) AS n`, `
INSERT INTO read.users (id, username, email, first_name, last_name, role, is_active, created_at, updated_at, version)
SELECT id, 'name' || n, 'name' || n || '@example.com', 'First', 'Last' || n, CASE WHEN n % 50 = 1 THEN 'agent' ELSE 'user' END, true, now(), now(), 1
FROM person
WHERE n > 1`, `
INSERT INTO accounts (user_id, username, email, role, is_active, password_hash)
SELECT id, 'name' || n, 'name' || n || '@example.com', CASE WHEN n % 50 = 1 THEN 'agent' ELSE 'user' END, true, ''
FROM person
WHERE n > 1`, `
CREATE TEMPORARY TABLE made AS
SELECT
    n,
    gen_random_uuid() AS id,
    (ARRAY['printer','network','password','monitor','keyboard','licence','backup','mailbox'])[1 + n % 8] || ' '
        || substr(md5(n::text), 1, 8) || CASE WHEN n % 8 = 0 AND n < 0.4 * $1::bigint THEN ' asks for toner' ELSE ' is broken' END
        || ' in room ' || n % 997 AS title,
    1 + n % 3 AS rank,
    CASE WHEN n % 200 = 0 THEN 'escalated' WHEN n % 50 = 1 THEN 'open' WHEN n % 50 = 2 THEN 'in-progress' WHEN n % 50 = 3 THEN 'resolved' ELSE 'closed' END AS status,
    now() - ($1::bigint - n) * interval '10 seconds' AS at
FROM generate_series(1::bigint, $1::bigint) AS n`, `
INSERT INTO read.tickets (id, number, title, description, priority, priority_rank, status, created_by, opened_by, assigned_to,
    created_at, updated_at, public_comments, internal_comments, version, position)
SELECT m.id, m.n, m.title, repeat('what it is about ', 20), (ARRAY['low','medium','high'])[m.rank], m.rank, m.status, c.id, c.id,
    CASE WHEN m.n % 10 > 0 THEN a.id END, m.at, m.at + interval '1 minute', 1, 0, 5, m.n
FROM made AS m
JOIN person AS c ON c.n = CASE WHEN m.n * 7919 % 2000 = 1 THEN 2001 ELSE m.n * 7919 % 2000 END
JOIN person AS a ON a.n = 1 + 50 * (m.n / 10 % 40)`, `
INSERT INTO read.ticket_search (ticket_id, public_words)
SELECT id, to_tsvector('english', title) FROM made`, `
INSERT INTO read.active_search (ticket_id, public_words)
SELECT id, to_tsvector('english', title) FROM made WHERE status IN ('open', 'in-progress', 'escalated')`, `
INSERT INTO read.comments (id, ticket_id, author_id, text, internal, created_at)
SELECT gen_random_uuid(), m.id, a.id, 'so it is', m.n % 3 = 0, m.at
FROM made AS m
JOIN person AS a ON a.n = 1 + 50 * (m.n % 40)`,
}

// large is a program that reaches a large desk through a proxy.
type large struct {
	*program.Helpdesk
	proxy  *pgcount.Proxy
	people load.People
	owner  *pgx.Conn

	tickets int
}

func open(t *testing.T) *large {
	t.Helper()
	tickets := usual
	if text := os.Getenv("PLANS_TICKETS"); text != "" {
		var err error
		if tickets, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	db := pgtest.New(t)
	d := &large{tickets: tickets}
	var err error
	if d.proxy, err = pgcount.Listen(db.ServiceURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.proxy.Close() })
	d.Helpdesk = program.OpenOn(t, db, "HELPDESK_DATABASE_URL="+d.proxy.URL())
	d.people = load.SignUp(t, d.Helpdesk)
	if d.owner, err = pgx.Connect(t.Context(), db.SuperURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.owner.Close(context.Background()) })
	if _, err := load.Quiet(t.Context(), d.owner); err != nil {
		t.Fatal(err)
	}
	d.fill(t)
	return d
}

// fill makes the tables without their indexes, which then take a third of the time.
func (d *large) fill(t *testing.T) {
	t.Helper()
	const indexes = `
SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid)
FROM pg_index
WHERE indrelid IN ('read.tickets'::regclass, 'read.ticket_search'::regclass, 'read.active_search'::regclass, 'read.comments'::regclass)
    AND NOT indisprimary`
	rows, err := d.owner.Query(t.Context(), indexes)
	if err != nil {
		t.Fatal(err)
	}
	type index struct{ Drop, Make string }
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[index])
	if err != nil {
		t.Fatal(err)
	}
	var statements []string
	for _, i := range all {
		statements = append(statements, i.Drop)
	}
	statements = append(statements, fillSQL...)
	for _, i := range all {
		statements = append(statements, i.Make)
	}
	for _, s := range append(statements, "VACUUM (ANALYZE)") {
		var args []any
		if strings.Contains(s, "$1") {
			args = append(args, d.tickets)
		}
		if _, err := d.owner.Exec(t.Context(), s, args...); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// list is an address, who asks for it, and how many blocks of the database it may look
// at: a little more than it does, and room for a look at who asks. Lower a figure where a change lowers it, take grows
// away where a change bounds what is looked at, and never the other way.
type list struct {
	who, path string
	most      int
	// grows: the list looks at more on a larger desk, and most is for the usual one.
	grows bool
}

// usual is the desk's tickets where nothing else is asked for.
const usual = 100_000

var lists = []list{
	{"root", "/api/tickets/", 220, false},
	{"root", "/api/tickets/?status=open", 230, false},
	{"root", "/api/tickets/?status=closed", 220, false},
	{"root", "/api/tickets/?status=open,escalated", 1400, false},
	{"root", "/api/tickets/?priority=high", 280, false},
	{"root", "/api/tickets/?status=closed&priority=high", 270, false},
	{"root", "/api/tickets/?status=open&priority=high", 290, false},
	{"root", "/api/tickets/?assigned_to=none", 140, false},
	{"root", "/api/tickets/?assigned_to=amy", 230, false},
	{"root", "/api/tickets/?created_by=uma", 130, false},
	{"root", "/api/tickets/?status=open&assigned_to=amy", 230, true},
	{"root", "/api/tickets/?title=printer", 400, false},
	{"root", "/api/tickets/?title=toner", 3800, true},
	{"root", "/api/tickets/?title=room+123", 3000, true},
	{"root", "/api/tickets/?title=zebra", 2500, false},
	{"root", "/api/tickets/?title=toner&status=open", 2500, true},
	{"root", "/api/tickets/?q=printer", 1700, true},
	{"root", "/api/tickets/?q=toner", 1400, true},
	{"root", "/api/tickets/?q=zebra", 1200, false},
	{"root", "/api/tickets/?q=printer+123", 1400, true},
	{"root", "/api/tickets/?q=broken", 1500, true},
	{"root", "/api/tickets/?q=br", 1500, true}, // as all that begin with it
	{"root", "/api/tickets/?q=a1", 2000, true},
	{"root", "/api/tickets/?q=%23123", 500, false},
	{"amy", "/api/tickets/?q=a1", 3200, true},
	{"uma", "/api/tickets/?q=a1", 350, true},
	{"root", "/api/tickets/?q=printer&ordering=-created_at", 1300, false},
	{"root", "/api/tickets/?q=toner&ordering=-created_at", 36000, true},
	{"root", "/api/tickets/?q=printer&status=open", 8500, true},
	{"root", "/api/tickets/?ordering=created_at", 220, false},
	{"root", "/api/tickets/?ordering=updated_at", 220, false},
	{"root", "/api/tickets/?ordering=-updated_at", 220, false},
	{"root", "/api/tickets/?ordering=priority", 220, false},
	{"root", "/api/tickets/?ordering=-priority", 210, false},
	{"root", "/api/tickets/?ordering=number", 220, false},
	{"root", "/api/tickets/?ordering=-number", 220, false},
	{"root", "/api/tickets/?status=closed&ordering=-updated_at", 220, false},
	{"root", "/api/tickets/?status=closed&ordering=-priority", 220, false},
	{"root", "/api/tickets/?created_after=2026-01-01T00:00:00Z", 220, false},
	{"root", "/api/tickets/?updated_before=2036-01-01T00:00:00Z", 220, false},
	{"amy", "/api/tickets/", 240, false},
	{"amy", "/api/tickets/?status=closed&priority=high", 330, false},
	{"amy", "/api/tickets/?title=printer", 450, false},
	{"amy", "/api/tickets/?q=printer", 2100, true},
	{"amy", "/api/tickets/?ordering=-priority", 1900, false},
	{"uma", "/api/tickets/", 120, false},
	{"uma", "/api/tickets/?status=closed", 60, true},
	{"uma", "/api/tickets/?title=printer", 120, false},
	{"uma", "/api/tickets/?q=printer", 350, true},
	{"amy", "/api/comments/", 4800, false},
	{"root", "/api/comments/", 260, false},
	{"root", "/api/comments/?ticket=77", 60, false},
	{"root", "/api/users/", 60, false},
	{"root", "/api/users/?search=name1234", 60, false},
	{"root", "/api/users/?role=agent", 60, false},
}

func TestNoListLooksAtMoreThan(t *testing.T) {
	t.Parallel()
	d := open(t)
	clients := map[string]*program.Client{}
	for _, username := range []string{d.people.User, d.people.Agent, d.people.Admin} {
		clients[username] = d.Client(t)
		clients[username].Must(t, 200, "POST", "/api/login/", fmt.Sprintf(`{"username": %q, "password": %q}`, username, d.people.Password))
	}
	for _, l := range lists {
		t.Run(l.who+" "+l.path, func(t *testing.T) {
			var mu sync.Mutex
			var all []pgcount.Statement
			d.proxy.Trace(func(s pgcount.Statement) {
				mu.Lock()
				defer mu.Unlock()
				if s.Name == "helpdesk" && !strings.HasPrefix(s.SQL, "--") { // what requests are answered on, but for pings
					all = append(all, s)
				}
			})
			clients[l.who].Must(t, 200, "GET", l.path, nil)
			d.proxy.Trace(nil)
			blocks, plans := 0, ""
			for _, s := range all {
				n, plan := d.explain(t, s)
				blocks += n
				plans += fmt.Sprintf("%d blocks: %s\n%s\n", n, s.SQL, plan)
			}
			t.Logf("%d blocks", blocks)
			if blocks == 0 {
				t.Error("looked at nothing: this counts the wrong statements")
			}
			most := l.most
			if l.grows {
				most = most * d.tickets / usual
			}
			if blocks > most {
				t.Errorf("got %d blocks, want at most %d\n%s", blocks, most, plans)
			}
		})
	}
}

// explain carries a statement out again and returns how many blocks it looked at.
func (d *large) explain(t *testing.T, s pgcount.Statement) (blocks int, plan string) {
	t.Helper()
	ctx := t.Context()
	begun, err := d.owner.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = begun.Rollback(ctx) }()                                            // whatever it changed
	const settings = `SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0` // as the program connects
	if _, err := begun.Exec(ctx, settings); err != nil {
		t.Fatal(err)
	}
	result := d.owner.PgConn().ExecParams(ctx, "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) "+s.SQL, s.Params, nil, s.Formats, nil).Read()
	if result.Err != nil {
		t.Fatalf("%s: %v", s.SQL, result.Err)
	}
	var lines []string
	for _, row := range result.Rows {
		lines = append(lines, string(row[0]))
	}
	plan = strings.Join(lines, "\n")
	return blocksOf(plan), plan
}

var buffers = regexp.MustCompile(`shared(?: hit=(\d+))?(?: read=(\d+))?`)

// blocksOf returns how many blocks a plan looked at: what its first node says, which
// includes all others. What planning looked at comes after it.
func blocksOf(plan string) (blocks int) {
	carried, _, _ := strings.Cut(plan, "\nPlanning")
	found := buffers.FindStringSubmatch(carried)
	if found == nil {
		return 0
	}
	for _, n := range found[1:] {
		some, _ := strconv.Atoi("0" + n) // digits, or none
		blocks += some
	}
	return blocks
}

func TestBlocksOfAPlan(t *testing.T) {
	t.Parallel()
	for plan, want := range map[string]int{
		"Limit (rows=1)\n  Buffers: shared hit=12 read=30\n  ->  Seq Scan\n        Buffers: shared hit=7\nPlanning:\n  Buffers: shared hit=99": 42,
		"Result (rows=1)\nPlanning:\n  Buffers: shared hit=99":                                                                                 0,
		"Limit (rows=1)\n  Buffers: shared read=3 dirtied=2":                                                                                   3,
		"Limit (rows=1)\n  Buffers: shared hit=3, temp read=2":                                                                                 3,
	} {
		if got := blocksOf(plan); got != want {
			t.Errorf("%s: got %d, want %d", plan, got, want)
		}
	}
}
