package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"helpdesk/test/kit"
	"helpdesk/test/mailserver"
	"helpdesk/test/program"
)

// away has a mail server say that it is busy until the function that it returns is called.
func away(s *mailserver.Server) (back func()) {
	var here atomic.Bool
	s.Refuse(func(string) error {
		if here.Load() {
			return nil
		}
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "come again"}
	})
	return func() { here.Store(true) }
}

// ledger returns the emails that there are, as "to status: error".
func ledger(t *testing.T, d *program.Helpdesk) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(d.Runs(t, "", "mail", "list")) {
		if f := strings.Fields(line); len(f) > 7 {
			all = append(all, strings.Join(append([]string{f[6], f[2] + ":"}, f[7:]...), " "))
		} else if len(f) == 7 {
			all = append(all, f[6]+" "+f[2])
		}
	}
	return all
}

// What happens while the mail server is away is true of the emails that wait.
func TestAnEmailIsLookedAtWhenItsTurnComes(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	back := away(server)
	d := program.Open(t, "HELPDESK_SMTP_URL="+server.URL(), "HELPDESK_MAIL_RETRY_MIN=200ms")
	eve := d.Join(t, "eve", "agent")
	person := func(name string) *program.Person { return d.Join(t, name, "user") }
	told := func(p *program.Person) (program.Ticket, program.Comment) {
		v := p.Opens(t, "For "+p.Username)
		d.Admin.Must(t, http.StatusOK, "POST", v.Path("assign"), object{"assigned_to": "eve"})
		return v, eve.Comments(t, v, "Your salary is 5200.", false)
	}
	change := func(p *program.Person, body object) {
		d.Admin.Must(t, http.StatusOK, "PATCH", "/api/users/"+p.ID+"/", body)
	}

	_, removed := told(person("removed"))
	edited, said := told(person("edited"))
	deleted, _ := told(person("deleted"))
	gone, moved, quiet := person("gone"), person("moved"), person("quiet")
	told(gone)
	told(moved)
	told(quiet)
	wait := func() bool { return strings.Count(strings.Join(ledger(t, d), "\n"), "queued") == 6+6 }
	kit.Poll(t, "the emails to wait", wait) // of comments, and of assignments to eve

	eve.Must(t, http.StatusNoContent, "DELETE", "/api/comments/"+removed.ID+"/", nil)
	eve.Must(t, http.StatusOK, "PATCH", "/api/comments/"+said.ID+"/", object{"text": "Ask me about it."})
	d.Admin.Must(t, http.StatusNoContent, "DELETE", deleted.Path(), nil)
	change(gone, object{"is_active": false})
	change(moved, object{"email": "moved@example.net", "first_name": "Mo", "last_name": "Ved"})
	change(quiet, object{"notifications": object{"commented": false}})
	d.Admin.Assigns(t, edited, "root")
	back()

	var left []string
	kit.Poll(t, "the emails to end", func() bool {
		left = ledger(t, d)
		return !strings.Contains(strings.Join(left, "\n"), "queued")
	})
	status := map[string]string{}
	for _, line := range left {
		if to, became, _ := strings.Cut(line, " "); !strings.HasPrefix(to, "eve@") {
			status[to] = became
		} else if strings.HasPrefix(became, "cancelled") {
			status[to+" "+became] = "once"
		}
	}
	want := map[string]string{
		"removed@example.com": "cancelled: the comment was removed", "edited@example.com": "sent",
		"deleted@example.com": "cancelled: the ticket was deleted", "gone@example.com": "cancelled: the recipient was deactivated",
		"moved@example.net": "sent", "quiet@example.com": "cancelled: the recipient switched off emails of this kind",
		"eve@example.com cancelled: the ticket has had another assignee since": "once",
		"eve@example.com cancelled: the ticket was deleted":                    "once",
	}
	if diff := cmp.Diff(want, status); diff != "" {
		t.Errorf("emails (-want +got):\n%s", diff)
	}
	for _, e := range server.Taken() {
		switch {
		case e.To == "edited@example.com" && (strings.Contains(e.Content, "5200") || !strings.Contains(e.Content, "Ask me about it.")):
			t.Errorf("the email has the text from before:\n%s", e.Content)
		case e.To == "moved@example.net" && (!strings.Contains(e.Header.Get("To"), "Mo Ved") || !strings.Contains(e.Content, "Hello Mo Ved,")):
			t.Errorf("the email does not name its recipient:\n%s", e.Content)
		}
	}
	history := d.Admin.Must(t, http.StatusOK, "GET", "/api/tickets/"+removed.Ticket+"/history/", nil)
	if !strings.Contains(string(history.Body), "email.cancelled") || !strings.Contains(string(history.Body), "was not sent: the comment was removed") {
		t.Errorf("the history does not say why the email was not sent: %s", history.Body)
	}
}

// A server that takes nothing from this service is mended by admins, not by recipients.
func TestAServerThatRefusesUsIsNotHeldAgainstTheRecipient(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	var mended atomic.Bool
	server.Refuse(func(string) error {
		if mended.Load() {
			return nil
		}
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Relay access denied"}
	})
	d := program.Open(t, "HELPDESK_SMTP_URL="+server.URL(), "HELPDESK_MAIL_RETRY_MIN=200ms")
	amy, ada := d.Join(t, "amy", "agent"), d.Join(t, "ada", "user")
	d.Admin.Assigns(t, ada.Opens(t, "No ink"), amy.Username)
	kit.Poll(t, "the email to be blocked", func() bool { return strings.HasPrefix(fmt.Sprint(ledger(t, d)), "[amy@example.com blocked: RCPT: 554") })
	mended.Store(true)
	kit.Poll(t, "the email to be sent", func() bool { return fmt.Sprint(ledger(t, d)) == "[amy@example.com sent]" })
	if got := len(server.Taken()); got != 1 {
		t.Errorf("%d emails were taken, want 1", got)
	}
}
