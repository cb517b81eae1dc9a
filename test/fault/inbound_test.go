package fault

import (
	"fmt"
	"net/http"
	"testing"

	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// Of two workers that judge messages one is killed again and again. Each message has one
// verdict, and each of those of a person one ticket.
func TestMessagesAreJudgedOnceThoughWorkersAreKilled(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	env := append(program.On(db), "HELPDESK_MAIL_LOOP_LIMIT=0")
	api := program.ServeAs(t, "api", env...)
	program.ServeAs(t, "worker", env...)
	program.Superuser(t, env, "root")
	admin := &program.Person{Client: api.Client(t)}
	admin.Must(t, http.StatusOK, "POST", "/api/login/", program.Object{"username": "root", "password": program.Secret})
	box := program.Read[struct{ ID string }](t, admin.Must(t, http.StatusCreated, "POST", "/api/mailboxes/",
		program.Object{"name": "Support", "address": "support@example.com"}))
	const rounds, each = 4, 25
	for round := range rounds {
		killed := program.ServeAs(t, "worker", env...)
		for i := range each {
			message := fmt.Sprintf("From: p%d@example.org\r\nMessage-ID: <%d.%d@example.org>\r\nSubject: %d of round %d\r\nMIME-Version: 1.0\r\n"+
				"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nSee.\r\n--x\r\nContent-Type: text/plain\r\n"+
				"Content-Disposition: attachment; filename=log.txt\r\n\r\nSo it is.\r\n--x--\r\n", i%5, round, i, i, round)
			admin.Must(t, http.StatusAccepted, "POST", "/api/mailboxes/"+box.ID+"/messages/", message, "Content-Type", "message/rfc822")
			if i == each/2 {
				killed.Kill()
			}
		}
	}
	conn := connect(t, db.ServiceURL)
	kit.Poll(t, "all messages to be judged", func() bool {
		return kit.One[int64](t, conn, `SELECT count(*) FROM events WHERE type = 'mail.judged'`) >= rounds*each
	})
	for q, want := range map[string]int64{
		`SELECT count(*) FROM events WHERE type = 'mail.judged'`:                                     rounds * each,
		`SELECT count(*) FROM events WHERE type = 'mail.judged' AND data->>'verdict' = 'new_ticket'`: rounds * each,
		`SELECT count(DISTINCT data->>'ticket') FROM events WHERE type = 'mail.judged'`:              rounds * each,
		`SELECT count(*) FROM events WHERE type = 'ticket.opened'`:                                   rounds * each,
		`SELECT count(*) FROM events WHERE type = 'ticket.attachment_added'`:                         rounds * each,
		`SELECT count(*) FROM events WHERE type = 'user.registered'`:                                 5 + 1,
		`SELECT count(*) FROM uploads WHERE attached_to IS NULL AND doomed_at IS NULL`:               0,
	} {
		if got := kit.One[int64](t, conn, q); got != want {
			t.Errorf("%s: got %d, want %d", q, got, want)
		}
	}
}
