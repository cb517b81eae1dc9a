package fault

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"helpdesk/test/kit"
)

// Of four workers two are killed while tickets escalate, of which too many emails would
// come, and one as the digests are sent. Within the hour each person gets as many emails
// as they may and no more, and each ticket is told of to each of them once: in an email
// that was sent or of which nobody knows, or in a digest that was.
func TestADigestLosesNothingThoughWorkersAreKilled(t *testing.T) {
	t.Parallel()
	const tickets, most = 60, 5
	d := serveEmails(t, 4, most)
	d.killWhileEscalating(t, tickets)
	eventually(t, "every ticket escalated and only digests left", func(ctx context.Context) bool {
		var escalated, left, digests, behind int
		const q = `SELECT
    (SELECT count(DISTINCT stream_id) FROM events WHERE type = 'ticket.escalated'),
    (SELECT count(*) FROM saga.outbox), (SELECT count(*) FROM read.emails WHERE kind = 'digest' AND status = 'queued'),
    (SELECT count(*) FROM checkpoints JOIN log_head ON checkpoints.position < log_head.position)`
		err := d.conn.QueryRow(ctx, q).Scan(&escalated, &left, &digests, &behind)
		return err == nil && escalated == tickets && left == 2 && digests == 2 && behind == 0
	})
	got := map[string]int{}
	for _, l := range d.server.Taken() {
		got[l.To]++
	}
	for to, n := range got {
		if n > most {
			t.Errorf("%s got %d emails within the hour, want %d at most", to, n, most)
		}
	}

	for _, q := range []string{
		`UPDATE saga.email_hours SET let_at = (SELECT array_agg(at - interval '1 hour') FROM unnest(let_at) AS at)`,
		`UPDATE saga.outbox SET due_at = now()`,
	} {
		if _, err := d.conn.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	for i, w := range d.workers {
		if w != nil {
			timer := time.NewTimer(time.Duration(rand.IntN(2500)) * time.Millisecond)
			<-timer.C
			w.Kill()
			d.workers[i] = nil
			break
		}
	}
	d.awaitEmails(t, tickets)

	counts := d.server.Counts()
	rows, _ := d.conn.Query(t.Context(), `SELECT id::text, status FROM read.emails`)
	for rows.Next() {
		var id, status string
		if err := rows.Scan(&id, &status); err != nil {
			t.Fatal(err)
		}
		switch n := counts["<"+id+"@example.com>"]; {
		case status == "sent" && n == 1, status == "uncertain" && n <= 1, status == "digested" && n == 0:
		default:
			t.Errorf("email %s is %s and was taken %d times", id, status, n)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	const lost = `SELECT count(*)::int FROM read.emails AS e LEFT JOIN read.emails AS d ON d.id = e.digest_id
WHERE e.status = 'digested' AND coalesce(d.status, '') NOT IN ('sent', 'uncertain')`
	if n := kit.One[int](t, d.conn, lost); n != 0 {
		t.Errorf("%d emails are in no digest that was sent", n)
	}
	const told = `SELECT count(*)::int FROM (SELECT FROM read.emails WHERE kind <> 'digest' GROUP BY ticket_id, recipient_id HAVING count(*) = 1) AS once`
	if n := kit.One[int](t, d.conn, told); n != 2*tickets {
		t.Errorf("%d tickets are told of, want %d", n, 2*tickets)
	}
	const tells = `SELECT coalesce(array_agg(ticket_number), '{}') FROM read.emails WHERE digest_id = $1::uuid`
	for _, l := range d.server.Taken() {
		id, _, _ := strings.Cut(strings.Trim(l.MessageID(), "<>"), "@")
		for _, number := range kit.One[[]int64](t, d.conn, tells, id) {
			if !strings.Contains(l.Content, fmt.Sprintf("#%d Ticket ", number)) {
				t.Errorf("digest %s does not tell of ticket %d", id, number)
			}
		}
	}
}
