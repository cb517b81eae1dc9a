package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"helpdesk/test/kit"
	"helpdesk/test/mailserver"
	"helpdesk/test/program"
)

// subjects returns what was sent to whom, in an order of their own.
func subjects(s *mailserver.Server) []string {
	var all []string
	for _, l := range s.Taken() {
		all = append(all, l.To+" "+l.Header.Get("Subject"))
	}
	slices.Sort(all)
	return all
}

func wantEmails(t *testing.T, d *program.Helpdesk, s *mailserver.Server, want ...string) {
	t.Helper()
	slices.Sort(want)
	kit.Poll(t, fmt.Sprint(len(want), " emails"), func() bool { return len(s.Taken()) >= len(want) })
	if diff := cmp.Diff(want, subjects(s)); diff != "" {
		t.Errorf("emails (-want +got):\n%s", diff)
	}
}

func TestThePeopleConcernedAreToldByMail(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	d := program.Open(t, "HELPDESK_SMTP_URL="+server.URL(), "HELPDESK_PUBLIC_URL=https://desk.example.com", "HELPDESK_MAIL_FROM=Desk <desk@example.org>")
	ada, amy := d.Join(t, "ada", "user"), d.Join(t, "amy", "agent")
	v := ada.Opens(t, "Printer <b>smokes</b>\u00a0", object{"priority": "high"})
	d.Admin.Assigns(t, v, "amy")
	ada.Comments(t, v, "It is the one on the third floor.", false)
	amy.Comments(t, v, "Between us: the fan.", true)
	amy.Comments(t, v, "I am coming.", false)
	amy.Does(t, v, "escalate")
	amy.Does(t, v, "resolve")
	n := fmt.Sprint(v.Number)
	want := []string{
		"amy@example.com [#" + n + "] Assigned to you: Printer <b>smokes</b>",
		"amy@example.com [#" + n + "] New reply: Printer <b>smokes</b>",
		"ada@example.com [#" + n + "] New comment: Printer <b>smokes</b>",
		"ada@example.com [Escalated] #" + n + " Printer <b>smokes</b>",
		"root@example.com [Escalated] #" + n + " Printer <b>smokes</b>",
		"ada@example.com [#" + n + "] Resolved: Printer <b>smokes</b>",
	}
	wantEmails(t, d, server, want...)
	for _, l := range server.Taken() {
		root := "<" + v.ID + "@example.org>"
		if l.Header.Get("References") != root || l.Header.Get("In-Reply-To") != root || l.Header.Get("Auto-Submitted") != "auto-generated" ||
			!strings.HasSuffix(l.MessageID(), "@example.org>") || !strings.Contains(l.Header.Get("From"), "desk@example.org") {
			t.Errorf("header of an email: %v", l.Header)
		}
		if !strings.Contains(l.Content, "https://desk.example.com/") || strings.Contains(l.Content, "<b>smokes</b><") {
			t.Errorf("an email without a link, or with markup of a person:\n%s", l.Content)
		}
		if strings.Contains(l.Content, "the fan") {
			t.Error("an internal note is in an email")
		}
	}
	if got := d.Admin.Sees(t, v); got.Version != 7 {
		t.Errorf("the ticket is at version %d, want 7: emails are no events of it", got.Version)
	}

	wantHistory(t, d, ada, amy, v)

	type switches struct {
		Notifications map[string]bool
	}
	got := program.Read[switches](t, ada.Must(t, http.StatusOK, "PATCH", "/api/me/", object{"notifications": object{"commented": false}}))
	if diff := cmp.Diff(map[string]bool{"escalated": true, "assigned": true, "commented": false, "resolved": true}, got.Notifications); diff != "" {
		t.Errorf("notifications (-want +got):\n%s", diff)
	}
	refused(t, ada.Sends(t, "PATCH", "/api/me/", object{"notifications": object{"comment": false}}), http.StatusBadRequest)
	amy.Comments(t, v, "Once more.", false)
	amy.Does(t, v, "reopen")
	amy.Does(t, v, "resolve")
	wantEmails(t, d, server, append(want, "ada@example.com [#"+n+"] Resolved: Printer <b>smokes</b>")...)
}

// entryView is an entry of a history.
type entryView struct {
	Position int64
	Version  int
	Type     string
	Summary  string
	Actor    struct {
		Kind     string
		Username *string
	}
	Cause *struct {
		Kind     string
		ID       string
		Position *int64
	}
	Changes []struct {
		Field         string
		Before, After any
	}
}

// wantHistory looks at the history of the ticket of ada's that amy escalated.
func wantHistory(t *testing.T, d *program.Helpdesk, ada, amy *program.Person, v program.Ticket) {
	t.Helper()
	count := func(p *program.Person) (events, emails int, own bool) {
		own = true
		for path := v.Path("history") + "?page_size=4"; path != ""; {
			page := program.Get[program.List[entryView]](t, p, strings.TrimPrefix(path, "https://desk.example.com"))
			for _, e := range page.Results {
				if strings.HasPrefix(e.Type, "email.") {
					emails++
					own = own && strings.Contains(e.Summary, " "+p.Username+" ")
					if e.Type == "email.sent" && (len(e.Changes) != 1 || e.Changes[0].Before != nil || e.Changes[0].After != "sent" ||
						e.Cause == nil || e.Cause.Kind != "event" || e.Cause.Position == nil) {
						t.Errorf("an email that was sent: %+v", e)
					}
				} else {
					events++
				}
			}
			if path = ""; page.Next != nil {
				path = *page.Next
			}
		}
		return events, emails, own
	}
	kit.Poll(t, "the ledger", func() bool { _, emails, _ := count(amy); return emails == 6 })
	if events, emails, own := count(ada); events != 6 || emails != 3 || !own {
		t.Errorf("the requester is told of %d events and %d of emails, all their own: %v; want 6 and 3", events, emails, own)
	}
	if events, _, _ := count(amy); events != 7 {
		t.Errorf("staff are told of %d events, want 7", events)
	}
	refused(t, d.Join(t, "bob", "user").Sends(t, "GET", v.Path("history"), nil), http.StatusNotFound)
}

func TestWhatAMailServerDoesIsInTheLedger(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	var greylisted atomic.Bool
	release := make(chan struct{})
	server.Refuse(func(to string) error {
		switch {
		case strings.HasPrefix(to, "refused"):
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such box"}
		case strings.HasPrefix(to, "greylisted") && greylisted.CompareAndSwap(false, true):
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "come again"}
		case strings.HasPrefix(to, "hanging"):
			<-release
			return errors.New("too late")
		}
		return nil
	})
	var cuts atomic.Int64
	server.AtEnd(func(to string) error {
		if strings.HasPrefix(to, "cut") && cuts.Add(1) == 1 {
			return mailserver.ErrCut
		}
		return nil
	})
	t.Cleanup(func() { close(release) })
	d := program.Open(t, "HELPDESK_SMTP_URL="+server.URL(), "HELPDESK_MAIL_RETRY_MIN=200ms")
	ada := d.Join(t, "ada", "user")
	for _, name := range []string{"hanging", "refused", "greylisted", "cut", "fine"} {
		d.Join(t, name, "agent")
		d.Admin.Assigns(t, ada.Opens(t, "For "+name), name)
	}
	status := func(of string) string {
		for line := range strings.Lines(d.Runs(t, "", "mail", "list")) {
			if strings.Contains(line, " "+of+"@") {
				return strings.Fields(line)[2]
			}
		}
		return "none"
	}
	for of, want := range map[string]string{"refused": "failed", "greylisted": "sent", "cut": "uncertain", "fine": "sent", "hanging": "queued"} {
		kit.Poll(t, of+" is "+want, func() bool { return status(of) == want })
	}
	listed := d.Runs(t, "", "mail", "list", "--status", "uncertain,failed")
	if strings.Count(listed, "\n") != 2 || !strings.Contains(listed, "no such box") {
		t.Errorf("emails in trouble:\n%s", listed)
	}
	if got := len(server.Taken()); got != 2 {
		t.Errorf("%d emails were taken, want 2", got)
	}
	for line := range strings.Lines(listed) {
		if id := strings.Fields(line)[0]; strings.Contains(line, "cut@") {
			if said := d.Runs(t, "", "mail", "resend", id); !strings.Contains(said, "sent again") {
				t.Errorf("resend: %s", said)
			}
			kit.Poll(t, "the uncertain email sent", func() bool { return status("cut") == "sent" })
			if _, _, err := program.Run(t.Context(), t, "", d.Env, "mail", "resend", id); err == nil {
				t.Error("a sent email was sent again")
			}
		}
	}
	for id, n := range server.Counts() {
		if n != 1 {
			t.Errorf("email %s was taken %d times", id, n)
		}
	}
}

func TestOperatorsImportAndEscalate(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	d := program.Open(t, "HELPDESK_SMTP_URL="+server.URL(), "HELPDESK_ESCALATE_HIGH=0")
	d.Join(t, "ada", "user")
	// High priority never escalates while the service runs; stopped, an operator
	// looks at what the tickets of other priorities come to.
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}
	const rows = "\uFEFF" + `{"title": "Old", "description": "Long ago.", "priority": "medium", "created_by": "ada", "occurred_at": "2020-01-02T03:04:05Z"}

{"title": "Done", "description": "Long ago.", "created_by": "ada", "occurred_at": "2020-01-02T03:04:05Z", "status": "resolved", "status_at": "2020-01-03T00:00:00Z"}
{"title": "", "description": "No title.", "created_by": "ada", "occurred_at": "2020-01-02T03:04:05Z"}
{"title": "Whose?", "description": "Nobody's.", "created_by": "nobody", "occurred_at": "2020-01-02T03:04:05Z"}
{"title": "When?", "description": "Some day.", "created_by": "ada", "occurred_at": "2999-01-02T03:04:05Z"}
{"title": "What?", "description": "A slip.", "created_by": "ada", "occurred_at": "2020-01-02T03:04:05Z", "colour": "red"}
not JSON
{"title": "High", "description": "Never.", "priority": "high", "created_by": "ada", "occurred_at": "2020-01-02T03:04:05Z"}
`
	imports := func(want string, flags ...string) string {
		t.Helper()
		stdout, stderr, err := program.Run(t.Context(), t, rows, d.Env, append([]string{"tickets", "import", "-"}, flags...)...)
		if err == nil || !strings.Contains(stdout, want) {
			t.Errorf("import: %v\n%s%s; want %q and an error", err, stdout, stderr, want)
		}
		return stderr
	}
	imports("3 tickets would be imported, 0 were in already, 5 lines refused.\nOverdue, to escalate at once without an email: 1.", "--dry-run")
	said := imports("3 tickets imported, 0 were in already, 5 lines refused.")
	for _, want := range []string{"line 4: title", `line 5: created_by: there is nobody called "nobody"`, "line 6: occurred_at", "line 7: ", "line 8: "} {
		if !strings.Contains(said, want) {
			t.Errorf("not said: %s, but\n%s", want, said)
		}
	}
	imports("0 tickets imported, 3 were in already, 5 lines refused.")

	if got := d.Runs(t, "", "escalations", "list"); strings.Count(got, "\n") != 1 || !strings.Contains(got, "Old") || !strings.Contains(got, "due 2020-01-02T07:04:05Z") {
		t.Errorf("pending:\n%s", got)
	}
	if got := d.Runs(t, "", "escalations", "check", "--dry-run"); !strings.Contains(got, "1 would escalate") {
		t.Errorf("dry run:\n%s", got)
	}
	if got := d.Runs(t, "", "escalations", "check", "--dry-run", "--at", "2020-01-02T04:00:00Z"); !strings.Contains(got, "0 would escalate") {
		t.Errorf("dry run before it is due:\n%s", got)
	}
	if got := d.Runs(t, "", "escalations", "check"); !strings.Contains(got, "Old") || !strings.Contains(got, "1 escalated, 0 unchanged.") {
		t.Errorf("check:\n%s", got)
	}
	if got := d.Runs(t, "", "escalations", "check"); !strings.Contains(got, "0 escalated, 0 unchanged.") {
		t.Errorf("check again:\n%s", got)
	}
	if got := d.Runs(t, "", "commands", "failed"); !strings.Contains(got, "No failed commands.") {
		t.Errorf("failed:\n%s", got)
	}
	d.Program = program.Serve(t, d.Env...)
	d.Admin = d.SignIn(t, "root")
	var got program.List[program.Ticket]
	kit.Poll(t, "the read side to catch up", func() bool {
		got = program.Get[program.List[program.Ticket]](t, d.Admin, "/api/tickets/?ordering=number&status=resolved,open,escalated")
		return len(got.Results) == 3 && slices.ContainsFunc(got.Results, func(v program.Ticket) bool { return v.Status == "escalated" })
	})
	var lines []string
	for _, v := range got.Results {
		lines = append(lines, fmt.Sprint(v.Title, " ", v.Status, " ", v.CreatedAt.Format(time.DateOnly)))
	}
	slices.Sort(lines)
	if diff := cmp.Diff([]string{"Done resolved 2020-01-02", "High open 2020-01-02", "Old escalated 2020-01-02"}, lines); diff != "" {
		t.Errorf("tickets (-want +got):\n%s", diff)
	}
	wantNoMore(t, d, server)
}

// wantNoMore has an email sent, and looks that it is the only one.
func wantNoMore(t *testing.T, d *program.Helpdesk, server *mailserver.Server) {
	t.Helper()
	zoe := d.Join(t, "zoe", "user")
	v := zoe.Opens(t, "The last one")
	d.Admin.Does(t, v, "resolve")
	wantEmails(t, d, server, fmt.Sprintf("zoe@example.com [#%d] Resolved: The last one", v.Number))
}

// An import of tickets of years ago, while the service runs.
func TestImportsAreSilent(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	d := program.Open(t, "HELPDESK_SMTP_URL="+server.URL())
	d.Join(t, "ada", "user")
	d.Join(t, "eve", "agent")
	row := func(title, more string) string {
		return `{"title": "` + title + `", "description": "Long ago.", "created_by": "ada", "occurred_at": "2020-01-02T03:04:05Z"` + more + "}\n"
	}
	said := d.Runs(t, row("Old", "")+row("Done", `, "status": "closed"`)+row("Begun", `, "status": "in-progress"`), "tickets", "import", "-")
	if want := "3 tickets imported, 0 were in already, 0 lines refused.\nIn progress, which takes an assignee, so open: 1.\nOverdue, to escalate at once without an email: 2.\n"; said != want {
		t.Errorf("got %q, want %q", said, want)
	}
	d.Runs(t, row("Left alone", "")+row("Left alone later", `, "status": "in-progress"`), "tickets", "import", "-", "--no-escalation")
	tickets := func() map[string]program.Ticket {
		all := map[string]program.Ticket{}
		for _, v := range program.Get[program.List[program.Ticket]](t, d.Admin, "/api/tickets/").Results {
			all[v.Title] = v
		}
		return all
	}
	kit.Poll(t, "the escalation", func() bool { return tickets()["Old"].Status == "escalated" })
	kit.Poll(t, "the escalation of what was begun", func() bool { return tickets()["Begun"].Status == "escalated" })
	for title, want := range map[string]string{"Done": "closed", "Left alone": "open", "Left alone later": "open"} {
		if got := tickets()[title]; got.Status != want || got.EscalatedAt != nil {
			t.Errorf("%s is %s, want %s; it escalated at %v", title, got.Status, want, got.EscalatedAt)
		}
	}
	wantNoMore(t, d, server)
}
