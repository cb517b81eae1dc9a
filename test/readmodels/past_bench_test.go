package readmodels

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

// fillPastSQL makes two years of $TICKETS tickets of 2,000 requesters and 40
// agents, as the projections would have left them: each opened, an hour later
// assigned, after five started or now and then escalated, and resolved within ten
// days; one in 2,000 stays escalated, one in 500 was renamed.
const fillPastSQL = `
CREATE UNLOGGED TABLE filled AS
SELECT row_number() OVER (ORDER BY at, n, v) AS position, n, v, at,
    ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id,
    CASE WHEN v = 1 THEN 'ticket.opened' WHEN v = 2 AND n % 500 = 7 THEN 'ticket.retitled' WHEN v = 2 AND n % 10 = 0 THEN 'ticket.prioritised'
         WHEN v = 2 THEN 'ticket.assigned' WHEN v = 4 THEN 'ticket.resolved' WHEN n % 20 = 0 THEN 'ticket.escalated' ELSE 'ticket.started' END AS type,
    (ARRAY['printer','network','password','monitor','keyboard','licence','backup','mailbox'])[1 + n % 8] || ' '
        || substr(md5(n::text), 1, 8) || ' in room ' || n % 997 AS title,
    CASE WHEN n % 10 = 0 AND v > 1 THEN 'high' ELSE (ARRAY['low','medium','high'])[1 + n % 3] END AS priority,
    md5('user' || n * 7919::bigint % 2000)::uuid AS requester,
    CASE WHEN n % 10 > 0 AND n % 500 <> 7 AND v > 1 THEN md5('agent' || n * 31 % 40)::uuid END AS assignee
FROM (
    SELECT n, v, '2024-01-01'::timestamptz + n * (interval '17520 hours' / $TICKETS)
        + CASE v WHEN 1 THEN 0 WHEN 2 THEN 1 WHEN 3 THEN 5 ELSE 10 + n * 7919::bigint % 240 END * interval '1 hour' AS at
    FROM generate_series(1, $TICKETS) AS n, generate_series(1, 4) AS v
    WHERE v < 4 OR n % 2000 > 0
) AS lives;
INSERT INTO events (position, stream_id, stream_type, version, event_id, type, schema_version, data, actor_kind, correlation_id, occurred_at, recorded_at)
SELECT position, id, 'ticket', v, md5(position::text)::uuid, type, 1,
    CASE type WHEN 'ticket.opened' THEN json_build_object('number', n, 'title', title, 'description', 'What it is about.', 'priority', priority,
            'created_by', requester, 'opened_by', requester)
        WHEN 'ticket.retitled' THEN json_build_object('title', 'zebra ' || title) WHEN 'ticket.prioritised' THEN json_build_object('priority', priority)
        WHEN 'ticket.assigned' THEN json_build_object('assigned_to', assignee) ELSE '{}' END,
    'system', '', at, at
FROM filled ORDER BY position;
UPDATE log_head SET (position, recorded_at) = (SELECT max(position), max(at) FROM filled);
INSERT INTO read.ticket_history
SELECT id, v, position, n, CASE WHEN n % 500 = 7 AND v > 1 THEN 'zebra ' ELSE '' END || title, NULL, priority,
    CASE WHEN type = 'ticket.escalated' THEN 'escalated' WHEN v = 4 THEN 'resolved' WHEN v = 3 THEN 'in-progress' ELSE 'open' END,
    requester, assignee, first_value(at) OVER life, at, lead(at) OVER life, at, lead(at) OVER life, type, md5(position::text)::uuid
FROM filled WINDOW life AS (PARTITION BY n ORDER BY v) ORDER BY position;
INSERT INTO read.tickets
SELECT DISTINCT ON (ticket_id) ticket_id, number, title, 'What it is about.', priority, CASE priority WHEN 'low' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END, status,
    created_by, created_by, assigned_to, created_at, valid_from, NULL, NULL, NULL, NULL, 0, 0, version, position
FROM read.ticket_history ORDER BY ticket_id, version DESC;
INSERT INTO read.users
SELECT md5('user' || n)::uuid, 'name' || n, n || '@example.com', 'First', 'Last', 'user', true, now(), now(), 1 FROM generate_series(0, 1999) AS n;
DROP TABLE filled;`

// fillPast runs it with the indexes of the large tables made afterwards.
func fillPast(b *testing.B, d *models, tickets int) {
	b.Helper()
	super, ctx := d.DB.OwnerPool(b), context.Background() // a million tickets take more than the patience of tests
	var drop, create string
	const indexes = `SELECT coalesce(string_agg(format('DROP INDEX %s.%I;', schemaname, indexname), ''), ''), coalesce(string_agg(indexdef || ';', ''), '')
FROM pg_indexes WHERE schemaname = 'read' AND tablename IN ('tickets', 'ticket_history') AND indexname NOT LIKE '%_pkey'`
	if err := super.QueryRow(ctx, indexes).Scan(&drop, &create); err != nil {
		b.Fatal(err)
	}
	for _, sql := range []string{drop, strings.ReplaceAll(fillPastSQL, "$TICKETS", strconv.Itoa(tickets)), create, `VACUUM ANALYZE read.ticket_history`,
		`VACUUM ANALYZE read.tickets`, `VACUUM ANALYZE events`, `ANALYZE read.users`} {
		if _, err := super.Exec(ctx, sql); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkListAsOf measures lists of 25 of the past among PAST_TICKETS tickets,
// 20,000 by default: the bar is 150 ms for 95 of 100 at 1,000,000. Each list is
// read at instants all over the two years.
func BenchmarkListAsOf(b *testing.B) {
	tickets, err := strconv.Atoi(os.Getenv("PAST_TICKETS"))
	if err != nil {
		tickets = 20_000
	}
	d := newModels(b, pgtest.Durable())
	fillPast(b, d, tickets)
	person := func(of string, role domain.Role, v domain.AgentVisibility) domain.Actor {
		var id domain.UserID
		if err := d.Pool.QueryRow(kit.Context(b), `SELECT md5($1)::uuid`, of).Scan(&id); err != nil {
			b.Fatal(err)
		}
		return domain.Actor{Kind: domain.ActorUser, ID: id, Role: role, Visibility: v}
	}
	auditor, requester, agent := person("ida", domain.RoleAuditor, ""), person("user7", domain.RoleUser, ""), person("agent7", domain.RoleAgent, domain.VisibleAssigned)
	queue := person("agent7", domain.RoleAgent, domain.VisibleQueue)
	lists := []struct {
		name   string
		viewer domain.Actor
		filter projections.TicketFilter
	}{
		{"newest first", auditor, projections.TicketFilter{}},
		{"oldest first", auditor, projections.TicketFilter{OrderBy: projections.ByCreated}},
		{"number", auditor, projections.TicketFilter{OrderBy: projections.ByNumber}},
		{"-number", auditor, projections.TicketFilter{OrderBy: projections.ByNumber, Descending: true}},
		{"priority", auditor, projections.TicketFilter{OrderBy: projections.ByPriority}},
		{"-priority", auditor, projections.TicketFilter{OrderBy: projections.ByPriority, Descending: true}},
		{"-updated_at", auditor, projections.TicketFilter{OrderBy: projections.ByUpdated, Descending: true}},
		{"open", auditor, projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusOpen}}},
		{"escalated", auditor, projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusEscalated}}},
		{"escalated, oldest first", auditor, projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusEscalated}, OrderBy: projections.ByCreated}},
		{"resolved", auditor, projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusResolved}}},
		{"closed, of which there are none", auditor, projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusClosed}}},
		{"open, by number", auditor, projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusOpen}, OrderBy: projections.ByNumber}},
		{"open, by -priority", auditor, projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusOpen}, OrderBy: projections.ByPriority, Descending: true}},
		{"high", auditor, projections.TicketFilter{Priorities: []ticket.Priority{ticket.High}}},
		{"an assignee", auditor, projections.TicketFilter{AssignedTo: &agent.ID}},
		{"an assignee's open", auditor, projections.TicketFilter{AssignedTo: &agent.ID, Statuses: []ticket.Status{ticket.StatusOpen}}},
		{"no assignee", auditor, projections.TicketFilter{Unassigned: true}},
		{"a requester", auditor, projections.TicketFilter{CreatedBy: &requester.ID}},
		{"a frequent part of a title", auditor, projections.TicketFilter{Title: "printer"}},
		{"a rare part of a title", auditor, projections.TicketFilter{Title: "c0ffee"}},
		{"part of a former title", auditor, projections.TicketFilter{Title: "zebra"}},
		{"a requester's own", requester, projections.TicketFilter{}},
		{"an agent's own", agent, projections.TicketFilter{}},
		{"an agent's own open ones", agent, projections.TicketFilter{Statuses: []ticket.Status{ticket.StatusOpen}}},
		{"an agent's with the queue", queue, projections.TicketFilter{}},
	}
	for _, l := range lists {
		b.Run(l.name, func(b *testing.B) { d.benchmarkList(b, l.viewer, l.filter) })
	}
}

func (d *models) benchmarkList(b *testing.B, viewer domain.Actor, f projections.TicketFilter) {
	past := d.past()
	var took []time.Duration
	for n := range b.N {
		at := time.Date(2024, 1, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(n*7919%710) * 24 * time.Hour)
		start := time.Now()
		s, err := past.Tickets(context.Background(), viewer, at, f, projections.Page{Size: 25})
		took = append(took, time.Since(start))
		if err != nil {
			b.Fatal(err)
		}
		for _, t := range s.Items {
			if t.CreatedAt.After(at) {
				b.Fatalf("opened at %s and listed at %s", t.CreatedAt, at)
			}
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
}
