package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"helpdesk/test/kit"
	"helpdesk/test/mailserver"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// hourOver has all emails that went out have done so an hour ago, and what waits for that
// be tried.
func hourOver(t *testing.T, db *pgtest.DB) {
	t.Helper()
	for _, q := range []string{
		`UPDATE saga.email_hours SET let_at = (SELECT array_agg(at - interval '1 hour') FROM unnest(let_at) AS at)`,
		`UPDATE saga.outbox SET due_at = now()`,
	} {
		if _, err := db.OwnerPool(t).Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
}

var ticketLink = regexp.MustCompile(`tickets/(\d+)/">`)

// named returns how often each ticket is linked to in the emails to somebody, and how many
// emails these are.
func named(s *mailserver.Server, to string) (tickets map[string]int, emails int) {
	tickets = map[string]int{}
	for _, l := range s.Taken() {
		if l.To != to {
			continue
		}
		emails++
		body := strings.NewReplacer("=\r\n", "", "=3D", "=").Replace(l.Content)
		for _, link := range ticketLink.FindAllStringSubmatch(body, -1) {
			tickets[link[1]]++
		}
	}
	return tickets, emails
}

// Somebody opens very many tickets at once, which all escalate.
func TestNobodyIsBuriedInEmails(t *testing.T) {
	t.Parallel()
	const tickets, most = 300, 20
	db, server := pgtest.New(t), mailserver.Start(t)
	d := program.OpenOn(t, db, "HELPDESK_SMTP_URL="+server.URL(), "HELPDESK_PUBLIC_URL=https://desk.example.com",
		"HELPDESK_ESCALATE_HIGH=1s", fmt.Sprint("HELPDESK_MAIL_PER_HOUR=", most))
	ada := d.Join(t, "ada", "user")
	var opening sync.WaitGroup
	for w := range 8 {
		opening.Go(func() {
			for i := w; i < tickets; i += 8 {
				ada.Must(t, http.StatusCreated, "POST", "/api/tickets/", object{"title": "Bomb", "description": "It ticks.", "priority": "high"})
			}
		})
	}
	opening.Wait()
	count := func(status string) int {
		return strings.Count(d.Runs(t, "", "mail", "list", "--limit", "1000", "--status", status), "\n")
	}
	kit.Poll(t, "all to be sent or gathered", func() bool { return count("sent") == 2*most && count("digested") == 2*(tickets-most) })
	kit.Poll(t, "two digests to wait", func() bool { return count("queued") == 2 })
	for _, to := range []string{"ada@example.com", "root@example.com"} {
		if _, emails := named(server, to); emails != most {
			t.Errorf("%s got %d emails within the hour, want %d", to, emails, most)
		}
	}
	history := ada.Must(t, http.StatusOK, "GET", "/api/tickets/300/history/", nil)
	if !strings.Contains(string(history.Body), "The email to ada (escalated) is told of in a digest.") {
		t.Errorf("the history does not tell of the digest: %s", history.Body)
	}

	hourOver(t, db)
	kit.Poll(t, "the digests to be sent", func() bool { return count("sent") == 2*most+2 })
	for _, to := range []string{"ada@example.com", "root@example.com"} {
		got, emails := named(server, to)
		if len(got) != tickets || emails != most+1 {
			t.Errorf("%s is told of %d tickets in %d emails, want %d in %d", to, len(got), emails, tickets, most+1)
		}
		for number, times := range got {
			if times != 1 {
				t.Errorf("%s is told of ticket %s %d times", to, number, times)
			}
		}
	}
	for id, n := range server.Counts() {
		if n != 1 {
			t.Errorf("email %s was taken %d times", id, n)
		}
	}
}
