package fault

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/test/kit"
	"helpdesk/test/mailserver"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// emailsRun is a program that answers clients, workers that come and go, and
// a mail server.
type emailsRun struct {
	env     []string
	server  *mailserver.Server
	conn    *pgx.Conn
	person  *program.Client
	workers []*program.Program
}

func serveEmails(t *testing.T, workers, perHour int) *emailsRun {
	t.Helper()
	db := pgtest.New(t)
	d := &emailsRun{server: mailserver.Start(t)}
	d.env = append(program.On(db), "HELPDESK_SMTP_URL="+d.server.URL(), "HELPDESK_ESCALATE_HIGH=2s",
		fmt.Sprint("HELPDESK_MAIL_PER_HOUR=", perHour))
	api := program.ServeAs(t, "api", d.env...)
	for range workers {
		d.workers = append(d.workers, program.ServeAs(t, "worker", d.env...))
	}
	program.Superuser(t, d.env, "root")
	d.person = signUp(t, api, 1)[0]
	d.conn = connect(t, db.ServiceURL)
	return d
}

// fromEnv returns how much of something a test does: n, or what a variable says.
func fromEnv(name string, n int) int {
	if wanted, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return wanted
	}
	return n
}

// Of three workers two are killed at random moments while tickets escalate. Each
// escalates once, not early and not late, and each person concerned gets one
// email. An email that was being handed over when its worker was killed may be
// one of which nobody knows: it is listed as such, and was taken once or not at
// all, never twice. EMAILS_ROUNDS and EMAILS_TICKETS make it more of a trial.
func TestEmailsAreSentOnceThoughWorkersAreKilled(t *testing.T) {
	t.Parallel()
	rounds, tickets := fromEnv("EMAILS_ROUNDS", 1), fromEnv("EMAILS_TICKETS", 60)
	d := serveEmails(t, 3, 0)
	var uncertain, arrived int
	for round := range rounds {
		d.killWhileEscalating(t, tickets)
		d.awaitEmails(t, (round+1)*tickets)
		uncertain, arrived = d.checkEmails(t)
		for i, w := range d.workers {
			if w == nil {
				d.workers[i] = program.ServeAs(t, "worker", d.env...)
			}
		}
	}
	const q = `SELECT coalesce(max(extract(epoch FROM e.recorded_at - o.occurred_at)), 0)::float8, coalesce(min(extract(epoch FROM e.recorded_at - o.occurred_at)), 0)::float8
FROM events e JOIN events o ON o.stream_id = e.stream_id AND o.version = 1 WHERE e.type = 'ticket.escalated'`
	var latest, earliest float64
	if err := d.conn.QueryRow(t.Context(), q).Scan(&latest, &earliest); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rounds, %d emails, %d of them uncertain, of which %d arrived; escalated %.2f to %.2f s after opening",
		rounds, rounds*tickets*2, uncertain, arrived, earliest, latest)
	if earliest < 2 {
		t.Errorf("a ticket escalated %.3f s after it was opened, want 2 s at least", earliest)
	}
}

// killWhileEscalating opens tickets and kills two workers at random moments
// until all have escalated.
func (d *emailsRun) killWhileEscalating(t *testing.T, tickets int) {
	t.Helper()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < tickets; i += 8 {
				body := map[string]string{"title": fmt.Sprint("Ticket ", i), "description": "It smokes.", "priority": "high"}
				a, err := d.person.Do(t.Context(), "POST", "/api/tickets/", body, "Prefer", "respond-async")
				if err != nil || a.Status != http.StatusCreated {
					t.Errorf("open: %d %s, %v", a.Status, a.Body, err)
				}
			}
		})
	}
	wg.Wait()
	victims := rand.Perm(len(d.workers))[:2]
	for _, v := range victims {
		wg.Go(func() {
			// Within the time in which tickets escalate and emails go out.
			timer := time.NewTimer(time.Duration(1000+rand.IntN(2500)) * time.Millisecond)
			defer timer.Stop()
			<-timer.C
			d.workers[v].Kill()
			d.workers[v] = nil
		})
	}
	wg.Wait()
}

// awaitEmails waits until so many tickets have escalated and nothing is left to
// be done about them.
func (d *emailsRun) awaitEmails(t *testing.T, tickets int) {
	t.Helper()
	eventually(t, "every ticket escalated and its emails ended", func(ctx context.Context) bool {
		var escalated, left, behind int
		const q = `SELECT
    (SELECT count(DISTINCT stream_id) FROM events WHERE type = 'ticket.escalated'),
    (SELECT count(*) FROM saga.outbox) + (SELECT count(*) FROM read.emails WHERE status IN ('queued', 'sending')),
    (SELECT count(*) FROM checkpoints JOIN log_head ON checkpoints.position < log_head.position)`
		return d.conn.QueryRow(ctx, q).Scan(&escalated, &left, &behind) == nil && escalated == tickets && left == 0 && behind == 0
	})
}

// checkEmails compares the ledger with what the mail server took, and returns
// how many emails are uncertain, and how many of those it took.
func (d *emailsRun) checkEmails(t *testing.T) (uncertain, arrived int) {
	t.Helper()
	if n := kit.One[int](t, d.conn, `SELECT count(*)::int FROM (SELECT FROM events WHERE type = 'ticket.escalated' GROUP BY stream_id HAVING count(*) > 1) AS twice`); n > 0 {
		t.Errorf("%d tickets escalated more than once", n)
	}
	if n := kit.One[int](t, d.conn, `SELECT count(*)::int FROM (
    SELECT e.stream_id FROM events e LEFT JOIN read.emails m ON m.ticket_id = e.stream_id
    WHERE e.type = 'ticket.escalated' GROUP BY e.stream_id HAVING count(m.id) <> 2 OR count(DISTINCT m.recipient_id) <> 2) AS wrong`); n > 0 {
		t.Errorf("%d tickets have not one email for each of two people", n)
	}
	rows, _ := d.conn.Query(t.Context(), `SELECT id::text, status, address FROM read.emails`)
	counts, known := d.server.Counts(), 0
	for rows.Next() {
		var id, status, address string
		if err := rows.Scan(&id, &status, &address); err != nil {
			t.Fatal(err)
		}
		n := counts["<"+id+"@example.com>"]
		known += n
		switch {
		case status == "sent" && n == 1:
		case status == "uncertain" && n <= 1:
			uncertain++
			arrived += n
		default:
			t.Errorf("email %s to %s is %s and was taken %d times", id, address, status, n)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if total := len(d.server.Taken()); total != known {
		t.Errorf("the server took %d emails, of which the ledger knows %d", total, known)
	}
	return uncertain, arrived
}

// The service was down over the due time.
func TestWhatCameDueWhileTheServiceWasDownEscalatesOnceAtTheNextStart(t *testing.T) {
	t.Parallel()
	d := serveEmails(t, 1, 0)
	d.workers[0].Kill()
	ids := make([]string, 5)
	for i := range ids {
		a := d.person.Must(t, http.StatusCreated, "POST", "/api/tickets/",
			map[string]string{"title": "One", "description": "It smokes.", "priority": "high"}, "Prefer", "respond-async")
		ids[i], _ = idAndVersion(a)
	}
	d.person.Must(t, http.StatusOK, "POST", "/api/tickets/"+ids[0]+"/close/", map[string]string{}, "Prefer", "respond-async")
	eventually(t, "the tickets overdue", func(ctx context.Context) bool {
		var overdue bool
		err := d.conn.QueryRow(ctx, `SELECT now() > max(occurred_at) + interval '2 s' FROM events WHERE type = 'ticket.opened'`).Scan(&overdue)
		return err == nil && overdue
	})
	program.ServeAs(t, "worker", d.env...)
	d.awaitEmails(t, len(ids)-1)
	d.checkEmails(t)
	if n := kit.One[int](t, d.conn, `SELECT count(*)::int FROM events WHERE type = 'ticket.escalated' AND stream_id = $1::uuid`, ids[0]); n != 0 {
		t.Error("the closed ticket escalated")
	}
}

func TestAWorkerAnswersOperatorsAlone(t *testing.T) {
	t.Parallel()
	d := serveEmails(t, 1, 0)
	for path, want := range map[string]int{
		"/healthz": http.StatusOK, "/readyz": http.StatusOK, "/metrics": http.StatusOK,
		"/api/tickets/": http.StatusNotFound, "/openapi.json": http.StatusNotFound, "/": http.StatusNotFound,
	} {
		answer, err := http.Get(d.workers[0].URL + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: got %d, want %d", path, answer.StatusCode, want)
		}
	}
}
