package readmodels

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/people"
	"helpdesk/projections/reports"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

// fillSQL makes two years of a desk with 2,000 requesters and 40 agents: most
// tickets are closed by now, few are escalated, nine in ten have an assignee.
const fillSQL = `
INSERT INTO read.tickets
SELECT md5('ticket' || n)::uuid, n,
    (ARRAY['printer','network','password','monitor','keyboard','licence','backup','mailbox'])[1 + n % 8] || ' '
        || substr(md5(n::text), 1, 8) || ' in room ' || n % 997, repeat('what it is about ', 20),
    (ARRAY['low','medium','high'])[1 + n % 3], 1 + n % 3,
    CASE WHEN n % 200 = 0 THEN 'escalated' WHEN n % 20 = 1 THEN 'open' WHEN n % 20 = 2 THEN 'in-progress'
         WHEN n % 20 = 3 THEN 'resolved' ELSE 'closed' END,
    md5('user' || n * 7919 % 2000)::uuid, md5('user' || n * 7919 % 2000)::uuid,
    CASE WHEN n % 10 > 0 THEN md5('agent' || n * 31 % 40)::uuid END,
    '2025-01-01'::timestamptz + n * interval '52 minutes', '2025-01-01'::timestamptz + n * interval '53 minutes',
    NULL, NULL, NULL, NULL, 2, 1, 5, n
FROM generate_series(1, 20000) AS n;
INSERT INTO read.ticket_search
SELECT id, words, CASE WHEN number % 3 = 0 THEN words END FROM read.tickets, to_tsvector('english', title) AS words;
INSERT INTO read.active_search
SELECT s.ticket_id, s.public_words, s.all_words FROM read.ticket_search AS s JOIN read.tickets AS t ON t.id = s.ticket_id WHERE t.status IN ('open', 'in-progress', 'escalated');
INSERT INTO read.comments
SELECT md5('comment' || n)::uuid, md5('ticket' || 1 + n)::uuid, md5('user' || n % 2000)::uuid, 'so it is', n % 3 = 0,
    '2025-01-01'::timestamptz + n * interval '52 minutes', NULL
FROM generate_series(0, 19999) AS n;
INSERT INTO read.users
SELECT md5('user' || n)::uuid, 'name' || n, substr(md5(n::text), 1, 8) || '@example.com', 'First', 'Last' || n,
    CASE WHEN n % 50 = 0 THEN 'agent' ELSE 'user' END, n % 100 > 0, now(), now(), 1
FROM generate_series(0, 19999) AS n;
INSERT INTO read.ticket_facts
SELECT n, md5('ticket' || n % 20000)::uuid, (ARRAY['opened','resolved','escalated'])[1 + n % 3],
    '2025-01-01'::timestamptz + n * interval '35 minutes', '2025-01-01'::timestamptz + n * interval '35 minutes',
    CASE WHEN n % 10 = 0 THEN '2025-01-03'::timestamptz + n * interval '35 minutes' END,
    'open', 'resolved', 'low', 'low', NULL, NULL, 'user', NULL, CASE n % 3 WHEN 1 THEN n END, NULL, NULL, NULL, NULL, CASE n % 3 WHEN 1 THEN 64 + n % 64 END
FROM generate_series(1, 30000) AS n;
INSERT INTO read.ticket_measures
SELECT md5('ticket' || n)::uuid, n, md5('user' || n % 2000)::uuid, now(), 'open', now(), 'low', NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n, n, now()
FROM generate_series(0, 19999) AS n;
INSERT INTO read.ticket_counts
SELECT unit, since, priority, 3, 3, 1, 1, 3, 0, 0, 0, 0, 0
FROM (
    SELECT 'hour' AS unit, '2025-01-01'::timestamptz + n * interval '1 hour' AS since FROM generate_series(1, 18000) AS n
    UNION ALL
    SELECT 'day', '2025-01-01'::timestamptz + n * interval '1 day' FROM generate_series(0, 750) AS n
) AS units, unnest(ARRAY['low','medium','high']) AS priority;`

// statement is what a query sent to the database.
type statement struct {
	sql  string
	args []any
}

// listener is told of every statement of a pool.
type listener struct {
	mu    sync.Mutex
	heard []statement
}

func (l *listener) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, statement{data.SQL, data.Args})
	return ctx
}

func (*listener) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (l *listener) take() []statement {
	l.mu.Lock()
	defer l.mu.Unlock()
	heard := l.heard
	l.heard = nil
	return heard
}

// md5ID is the id fillSQL gave to somebody.
func md5ID(t *testing.T, pool *pgxpool.Pool, of string) domain.UserID {
	t.Helper()
	var id domain.UserID
	if err := pool.QueryRow(kit.Context(t), `SELECT md5($1)::uuid`, of).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestNoQueryOfTheContractScansATable(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	owner := db.OwnerPool(t)
	if _, err := owner.Exec(kit.Context(t), fillSQL); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Exec(kit.Context(t), `ANALYZE`); err != nil {
		t.Fatal(err)
	}
	// As autovacuum would: a full list of pending entries makes a GIN index dear.
	if _, err := owner.Exec(kit.Context(t), `VACUUM read.tickets, read.ticket_search`); err != nil {
		t.Fatal(err)
	}
	config, err := pgxpool.ParseConfig(db.ServiceURL)
	if err != nil {
		t.Fatal(err)
	}
	ear := &listener{}
	config.ConnConfig.Tracer = ear
	config.MaxConns = 1 // prepared statements are a connection's own
	pool, err := pgxpool.NewWithConfig(kit.Context(t), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	r := newReaders(pool)

	requester, agent := md5ID(t, owner, "user7"), md5ID(t, owner, "agent7")
	viewer := func(role domain.Role, id domain.UserID, v domain.AgentVisibility) domain.Actor {
		return domain.Actor{Kind: domain.ActorUser, ID: id, Role: role, Visibility: v}
	}
	admin := viewer(domain.RoleAdmin, agent, "")
	day := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	next := day.AddDate(0, 0, 1)
	page := projections.Page{Size: 25}
	tickets := func(who domain.Actor, f projections.TicketFilter) func() error {
		return func() error { _, err := r.Tickets(kit.Context(t), who, f, page); return err }
	}
	counted := func(f projections.TicketFilter) func() error {
		return func() error {
			_, err := r.Tickets(kit.Context(t), admin, f, projections.Page{Size: 25, Count: true})
			return err
		}
	}
	users := func(f people.Filter) func() error {
		return func() error { _, err := r.Users(kit.Context(t), f, page); return err }
	}
	comments := func(who domain.Actor, id *ticket.ID) func() error {
		return func() error { _, err := r.Comments(kit.Context(t), who, id, page); return err }
	}
	one := &ticket.ID{UUID: md5ID(t, owner, "ticket9").UUID}
	queries := map[string]func() error{
		"all, newest first":                  tickets(admin, projections.TicketFilter{}),
		"a requester's own":                  tickets(viewer(domain.RoleUser, requester, ""), projections.TicketFilter{}),
		"an agent's":                         tickets(viewer(domain.RoleAgent, agent, domain.VisibleAssigned), projections.TicketFilter{}),
		"an agent's with a queue":            tickets(viewer(domain.RoleAgent, agent, domain.VisibleQueue), projections.TicketFilter{}),
		"a requester's own, by priority":     tickets(viewer(domain.RoleUser, requester, ""), projections.TicketFilter{OrderBy: projections.ByPriority}),
		"one status":                         tickets(admin, projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusEscalated}}),
		"a frequent status":                  tickets(admin, projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusClosed}}),
		"two statuses":                       tickets(admin, projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusOpen, ticket.StatusEscalated}}),
		"one priority":                       tickets(admin, projections.TicketFilter{Priorities: []ticket.Priority{ticket.High}}),
		"an assignee":                        tickets(admin, projections.TicketFilter{AssignedTo: &agent}),
		"no assignee":                        tickets(admin, projections.TicketFilter{Unassigned: true}),
		"a requester":                        tickets(admin, projections.TicketFilter{CreatedBy: &requester}),
		"a rare part of a title":             tickets(admin, projections.TicketFilter{Title: "room 123"}),
		"a part of three emails":             tickets(admin, projections.TicketFilter{Title: "c0f"}),
		"a frequent part":                    tickets(admin, projections.TicketFilter{Title: "printer"}),
		"no such part":                       tickets(admin, projections.TicketFilter{Title: "zebra"}),
		"a part among the requester's":       tickets(viewer(domain.RoleUser, requester, ""), projections.TicketFilter{Title: "printer"}),
		"a search":                           tickets(admin, projections.TicketFilter{Search: "printer room 123", OrderBy: projections.ByRank}),
		"a search by date":                   tickets(admin, projections.TicketFilter{Search: "printer room 123"}),
		"a search of nothing":                tickets(admin, projections.TicketFilter{Search: "zebra", OrderBy: projections.ByRank}),
		"a search among the requester's":     tickets(viewer(domain.RoleUser, requester, ""), projections.TicketFilter{Search: "printer", OrderBy: projections.ByRank}),
		"a search among an agent's":          tickets(viewer(domain.RoleAgent, agent, domain.VisibleAssigned), projections.TicketFilter{Search: "room 123", OrderBy: projections.ByRank}),
		"created on a day":                   tickets(admin, projections.TicketFilter{CreatedAfter: &day, CreatedBefore: &next}),
		"created since":                      tickets(admin, projections.TicketFilter{CreatedAfter: &day}),
		"created before":                     tickets(admin, projections.TicketFilter{CreatedBefore: &day}),
		"updated on a day":                   tickets(admin, projections.TicketFilter{UpdatedAfter: &day, UpdatedBefore: &next}),
		"updated since":                      tickets(admin, projections.TicketFilter{UpdatedAfter: &day}),
		"updated on a day, by update":        tickets(admin, projections.TicketFilter{UpdatedAfter: &day, UpdatedBefore: &next, OrderBy: projections.ByUpdated}),
		"status, priority, day":              tickets(admin, projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusOpen}, Priorities: []ticket.Priority{ticket.High}, CreatedAfter: &day}),
		"count of a status":                  counted(projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusEscalated}}),
		"count of a requester":               counted(projections.TicketFilter{CreatedBy: &requester}),
		"count of a day":                     counted(projections.TicketFilter{CreatedAfter: &day, CreatedBefore: &next}),
		"count of a title":                   counted(projections.TicketFilter{Title: "room 123"}),
		"one ticket":                         func() error { _, err := r.Ticket(kit.Context(t), admin, ticket.Ref{ID: *one}); return err },
		"one number":                         func() error { _, err := r.Ticket(kit.Context(t), admin, ticket.Ref{Number: 77}); return err },
		"the id of a number":                 func() error { _, err := r.TicketID(kit.Context(t), ticket.Ref{Number: 77}); return err },
		"comments of a ticket":               comments(admin, one),
		"a requester's comments of a ticket": comments(viewer(domain.RoleUser, requester, ""), one),
		"all comments":                       comments(admin, nil),
		"everybody":                          users(people.Filter{}),
		"a role":                             users(people.Filter{Role: domain.RoleAgent}),
		"a person's name":                    users(people.Filter{Search: "name1234"}),
		"a person's name alone":              users(people.Filter{Search: "name1234", NamesOnly: true}),
		"a week's report":                    func() error { _, err := r.Report(kit.Context(t), reports.Query{To: next, Days: 7}); return err },
		"a week's report as was known": func() error {
			_, err := r.Report(kit.Context(t), reports.Query{To: next, Days: 7, KnownAt: next})
			return err
		},
	}
	week, open := reports.Span{Since: next.AddDate(0, 0, -7), Upto: next}, reports.Explain{Wanted: true, Limit: 1000}
	queries["a week's counts"] = func() error { _, err := r.Counts(kit.Context(t), []reports.Span{week}, reports.Explain{}); return err }
	queries["the statuses of an instant"] = func() error { _, err := r.StatusDistribution(kit.Context(t), next, reports.Explain{}); return err }
	queries["what is behind a week's report"] = func() error {
		_, err := r.Report(kit.Context(t), reports.Query{To: next, Days: 7, Explain: open})
		return err
	}
	for _, by := range []projections.TicketOrder{projections.ByCreated, projections.ByUpdated, projections.ByPriority, projections.ByNumber} {
		queries["ordered by "+string(by)] = tickets(admin, projections.TicketFilter{OrderBy: by})
		queries["ordered by -"+string(by)] = tickets(admin, projections.TicketFilter{OrderBy: by, Descending: true})
	}
	cursor := func(f projections.TicketFilter, key string) func() error {
		return func() error {
			_, err := r.Tickets(kit.Context(t), admin, f, projections.Page{Size: 25, Cursor: &projections.Cursor{Key: key, ID: one.UUID}})
			return err
		}
	}
	queries["a later page"] = cursor(projections.TicketFilter{}, "2026-01-01T00:00:00Z")
	queries["a later page by priority"] = cursor(projections.TicketFilter{OrderBy: projections.ByPriority}, "2")
	queries["a later page of a status"] = cursor(projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusOpen}}, "2026-01-01T00:00:00Z")

	for name, query := range queries {
		t.Run(name, func(t *testing.T) {
			for range 7 { // the sixth of a prepared statement may get a plan for any arguments
				if err := query(); err != nil {
					t.Fatal(err)
				}
			}
			ear.take()
			if err := query(); err != nil {
				t.Fatal(err)
			}
			for _, s := range ear.take() {
				if s.sql == "commit" || strings.HasPrefix(s.sql, "begin ") {
					continue
				}
				plan := explain(t, owner, s)
				for _, table := range []string{"tickets", "comments", "users", "ticket_facts", "ticket_counts", "ticket_search", "active_search"} {
					if strings.Contains(plan, "Seq Scan on "+table+" ") {
						t.Errorf("%s scans read.%s:\n%s\n%s", name, table, s.sql, plan)
					}
				}
			}
		})
	}
	rows, _ := pool.Query(kit.Context(t), `SELECT statement FROM pg_prepared_statements WHERE custom_plans > 5 AND statement LIKE 'SELECT%'`)
	anew, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(anew) > 0 {
		t.Errorf("prepared, and planned anew each time all the same: %v\n%s", err, strings.Join(anew, "\n"))
	}
}

// explain returns the plan of a statement: of a prepared one, that for any arguments.
func explain(t *testing.T, pool *pgxpool.Pool, s statement) string {
	t.Helper()
	conn, err := pool.Acquire(kit.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	sql, args := "EXPLAIN ANALYZE "+s.sql, s.args
	if len(args) == 0 || args[0] != pgx.QueryExecModeCacheDescribe {
		if _, err := conn.Conn().Prepare(kit.Context(t), "explained", s.sql); err != nil {
			t.Fatalf("prepare %s: %v", s.sql, err)
		}
		defer func() { _ = conn.Conn().Deallocate(kit.Context(t), "explained") }()
		if _, err := conn.Exec(kit.Context(t), `SET plan_cache_mode = force_generic_plan`); err != nil {
			t.Fatal(err)
		}
		sql, args = "EXPLAIN ANALYZE EXECUTE explained", append([]any{pgx.QueryExecModeSimpleProtocol}, args...)
		for i, a := range s.args {
			sql += fmt.Sprintf("%c$%d", "(,"[min(i, 1)], i+1)
			if ids, ok := a.([]uuid.UUID); ok { // which has no form as text
				args[i+1] = uuid.UUIDs(ids).Strings()
			}
		}
		if len(s.args) > 0 {
			sql += ")"
		}
	}
	rows, _ := conn.Query(kit.Context(t), sql, args...) // CollectRows returns its error
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("explain %s: %v", s.sql, err)
	}
	return strings.Join(lines, "\n")
}
