package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"helpdesk/test/kit"
	"helpdesk/test/mailserver"
	"helpdesk/test/program"
)

// inbound is a message that came in, as the API shows it.
type inbound struct {
	ID        string
	Mailbox   string
	MessageID *string `json:"message_id"`
	From      *string
	To        string
	Subject   string
	Size      int
	Truncated bool
	Verdict   *string
	Reason    *struct{ Code, Detail string }
	Ticket    *string
	Comment   *string
	Email     *string
	Version   int
}

// path returns where the message is, or a verb on it.
func (m inbound) path(verb ...string) string {
	return "/api/inbound-messages/" + m.ID + "/" + strings.Join(append(verb, ""), "/")
}

// was returns the verdict and the code of its reason.
func (m inbound) was() string {
	if m.Verdict == nil {
		return "not judged"
	}
	return *m.Verdict + " " + m.Reason.Code
}

// mailOf returns a message of somebody's; fields are of its header beside.
func mailOf(from, subject, body string, fields ...string) string {
	head := "From: " + from + "\r\nTo: support@example.com\r\nSubject: " + subject + "\r\nDate: Mon, 05 Jan 2026 10:00:00 +0000\r\n"
	for _, f := range fields {
		head += f + "\r\n"
	}
	return head + "\r\n" + body + "\r\n"
}

// handsIn brings a message to a mailbox as the admin, and returns it as it came.
func handsIn(t *testing.T, d *program.Helpdesk, to mailbox, message string) inbound {
	t.Helper()
	a := d.Admin.Must(t, http.StatusAccepted, "POST", "/api/mailboxes/"+to.ID+"/messages/", message, "Content-Type", "message/rfc822")
	return program.Read[inbound](t, a)
}

// judged waits until a message is judged.
func judged(t *testing.T, d *program.Helpdesk, m inbound) inbound {
	t.Helper()
	kit.Poll(t, "message "+m.ID+" to be judged", func() bool {
		now := program.Get[inbound](t, d.Admin, m.path())
		judged := now.Verdict != nil && now.Version > m.Version
		if judged || m.Verdict != nil {
			m = now
		}
		return judged
	})
	return m
}

// mails is handsIn and judged, and fails where the verdict is another.
func mails(t *testing.T, d *program.Helpdesk, to mailbox, message, want string) inbound {
	t.Helper()
	m := judged(t, d, handsIn(t, d, to, message))
	if m.was() != want {
		t.Errorf("got %s (%s), want %s, of:\n%s", m.was(), m.Reason.Detail, want, message)
	}
	return m
}

// ticketOf reads the ticket that a message is in, as the admin.
func ticketOf(t *testing.T, d *program.Helpdesk, m inbound) program.Ticket {
	t.Helper()
	if m.Ticket == nil {
		t.Fatalf("%s is in no ticket", m.was())
	}
	return program.Get[program.Ticket](t, d.Admin, "/api/tickets/"+*m.Ticket+"/")
}

// Somebody without an account writes, an agent answers, and the answer to that is in the
// ticket.
func TestAConversationByMail(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	d := program.Open(t, "HELPDESK_SMTP_URL="+server.URL())
	amy := d.Join(t, "amy", "agent")
	box := addMailbox(t, d, object{"default_priority": "medium"})
	first := mailOf("Ann Müller <ann@example.org>", "No ink", "It is empty.\r\n\r\nAnn", "Message-ID: <1@example.org>")
	m := mails(t, d, box, first, "new_ticket new")
	v := ticketOf(t, d, m)
	if v.Title != "No ink" || v.Description != "It is empty.\n\nAnn" || v.Priority != "medium" || !strings.HasPrefix(v.CreatedBy.Username, "ann-") {
		t.Errorf("the ticket is %+v", v)
	}
	contact := program.Get[program.User](t, d.Admin, "/api/users/"+v.CreatedBy.ID+"/")
	if *contact.Email != "ann@example.org" || contact.FirstName != "Ann" || contact.LastName != "Müller" || *contact.Role != "user" {
		t.Errorf("the contact is %+v", contact)
	}
	if again := handsIn(t, d, box, first); again.ID != m.ID {
		t.Errorf("the same message again is %s, not %s", again.ID, m.ID)
	}
	raw := d.Admin.Must(t, http.StatusOK, "GET", m.path("raw"), nil)
	if string(raw.Body) != first || raw.Header.Get("Content-Type") != "message/rfc822" {
		t.Errorf("raw it is %q, %v", raw.Body, raw.Header)
	}
	amy.Does(t, v, "start")
	amy.Comments(t, v, "Which printer is it?", false)
	kit.Poll(t, "the email about the comment", func() bool { return len(server.Taken()) == 1 })
	answer := server.Taken()[0]
	reply := mails(t, d, box, mailOf("ANN@example.org", "Re: whatever", "The one in the cellar.\r\n\r\nOn Mon, Jan 5, 2026 at 10:00 AM Desk <d@example.com> wrote:\r\n> Which printer is it?",
		"Message-ID: <2@example.org>", "In-Reply-To: "+answer.MessageID()), "reply reference")
	mails(t, d, box, mailOf("ann@example.org", "Fwd", "And the lamp blinks.", "Message-ID: <3@example.org>", "References: <2@example.org>"), "reply reference")
	mails(t, d, box, mailOf("ann@example.org", fmt.Sprintf("Re: [#%d] No ink", v.Number), "It is the red one."), "reply subject_number")
	comments := ticketOf(t, d, m).Comments
	var said []string
	for _, c := range comments {
		said = append(said, c.Author.Username[:3]+": "+c.Text)
	}
	want := []string{
		"amy: Which printer is it?", "ann: The one in the cellar.\n\n> On Mon, Jan 5, 2026 at 10:00 AM Desk <d@example.com> wrote:\n> Which printer is it?",
		"ann: And the lamp blinks.", "ann: It is the red one.",
	}
	if strings.Join(said, "|") != strings.Join(want, "|") || *reply.Comment != comments[1].ID {
		t.Errorf("said was %q, want %q", said, want)
	}
	for query, want := range map[string]int{
		"": 4, "?verdict=reply": 3, "?verdict=new_ticket,reply": 4, "?ticket=1": 4, "?ticket=" + v.ID + "&verdict=bounce": 0, "?ticket=99": 0,
		"?from=Ann@Example.ORG": 4, "?from=bob@example.org": 0, "?mailbox=" + box.ID: 4, "?mailbox=" + v.ID: 0,
	} {
		if got := program.Get[program.List[inbound]](t, d.Admin, "/api/inbound-messages/"+query).Results; len(got) != want {
			t.Errorf("%q lists %d messages, want %d", query, len(got), want)
		}
	}
	auditor := d.Join(t, "audrey", "auditor")
	auditor.Must(t, http.StatusOK, "GET", m.path("raw"), nil)
	history := auditor.Must(t, http.StatusOK, "GET", "/api/users/"+auditor.ID+"/history/", nil)
	if !strings.Contains(string(history.Body), "read GET "+strings.TrimSuffix(m.path("raw"), "/")) {
		t.Errorf("the reading is not recorded: %s", history.Body)
	}
	for _, p := range []*program.Person{amy, d.Join(t, "una", "user")} {
		for _, path := range []string{"/api/inbound-messages/", m.path(), m.path("raw")} {
			p.Must(t, http.StatusForbidden, "GET", path, nil)
		}
		for _, verb := range []string{"release", "reprocess"} {
			p.Must(t, http.StatusForbidden, "POST", m.path(verb), object{})
		}
		p.Must(t, http.StatusForbidden, "POST", "/api/mailboxes/"+box.ID+"/messages/", first, "Content-Type", "message/rfc822")
	}
	auditor.Must(t, http.StatusForbidden, "POST", m.path("discard"), object{"reason": "x"})
}

// Each verdict that depends on what a message says of itself.
func TestVerdictsOnMachinesAndLoops(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	d := program.Open(t, "HELPDESK_SMTP_URL="+server.URL(), "HELPDESK_MAIL_MAX=4096", "HELPDESK_MAIL_LOOP_LIMIT=3", "HELPDESK_MAIL_FROM=desk@example.com")
	amy := d.Join(t, "amy", "agent")
	box := addMailbox(t, d)
	m := mails(t, d, box, mailOf("ann@example.org", "No ink", "It is empty."), "new_ticket new")
	v := ticketOf(t, d, m)
	amy.Does(t, v, "start")
	amy.Comments(t, v, "Which printer is it?", false)
	kit.Poll(t, "the email about the comment", func() bool { return len(server.Taken()) == 1 })
	sent := server.Taken()[0].MessageID()
	before := ticketOf(t, d, m)

	away := mails(t, d, box, mailOf("ann@example.org", "Away", "I am away.", "Auto-Submitted: auto-replied (vacation)", "In-Reply-To: "+sent), "auto_reply auto_submitted")
	if away.Ticket == nil || *away.Ticket != v.ID || away.Comment != nil {
		t.Errorf("the absence is in ticket %v", away.Ticket)
	}
	if after := ticketOf(t, d, m); after.Version != before.Version || len(after.Comments) != 1 {
		t.Errorf("the absence changed the ticket: %+v", after)
	}
	for _, c := range []struct{ message, want string }{
		{mailOf("x1@example.org", "Away", "Away.", "X-Autoreply: yes"), "auto_reply auto_responder"},
		{mailOf("x2@example.org", "Away", "Away.", "Precedence: auto_reply", "X-Auto-Response-Suppress: All"), "auto_reply auto_responder"},
		{mailOf("x3@example.org", "Away", "Away.", "Return-Path: <>"), "bounce not_ours"},
		{mailOf("x4@example.org", "Read", "It was read.", "Content-Type: multipart/report; report-type=disposition-notification; boundary=x"), "auto_reply receipt"},
		{mailOf("x5@example.org", "News", "News.", "List-Id: <news.example.org>"), "new_ticket mailing_list"},
		{mailOf("x6@example.org", "No", "No.", "Auto-Submitted: no"), "new_ticket new"},
		{mailOf("x7@example.org", "Ours", "Ours.", "Message-ID: "+sent), "loop own_message"},
		{mailOf("x7@example.org", "Ours", "Passed on.", "Message-ID: <other@example.org>", "X-Helpdesk-Email: "+sent[1:37]), "loop own_message"},
		{mailOf("Support <SUPPORT@example.com>", "Ours", "Ours."), "loop own_address"},
		{mailOf("desk@example.com", "Ours", "Ours."), "loop own_address"},
		{mailOf("x8@example.org", "Long", strings.Repeat("x", 5000)), "too_large too_large"},
		{"Subject: Who?\r\n\r\nMe.\r\n", "unreadable no_sender"},
		{"From: undisclosed\r\n\r\nMe.\r\n", "unreadable no_sender"},
		{report("<"+kit.NewID().String()+"@example.com>", "failed", "5.1.1", "no such user"), "bounce not_ours"},
		{report(sent, "delayed", "4.4.1", "no answer"), "delay_notice delivery_report"},
		{report(sent, "failed", "5.1.1", "550 no such user"), "bounce delivery_report"},
	} {
		m := mails(t, d, box, c.message, c.want)
		if strings.HasPrefix(c.want, "new_ticket") != (m.Comment == nil && m.Ticket != nil && m.Email == nil) {
			t.Errorf("%s: ticket %v, email %v", c.want, m.Ticket, m.Email)
		}
		if size := len(c.message); m.Truncated != (size > 4096) || (!m.Truncated && m.Size != size) {
			t.Errorf("%s: %d bytes are kept of %d", c.want, m.Size, size)
		}
	}
	if got := fmt.Sprint(ledger(t, d)); !strings.Contains(got, "ann@example.org bounced: 5.1.1: 550 no such user") {
		t.Errorf("the ledger of emails is %s", got)
	}
	once := mailOf("y@example.org", "Twice", "Twice.", "Message-ID: <twice@example.org>")
	original := mails(t, d, box, once, "new_ticket new")
	if same := mails(t, d, box, "Received: from elsewhere\r\n"+once, "duplicate same_message"); *same.Ticket != *original.Ticket {
		t.Errorf("the duplicate is of %s, not %s", *same.Ticket, *original.Ticket)
	}
	mails(t, d, box, strings.Replace(once, "Twice.", "Otherwise.", 1), "new_ticket new") // same id, other bytes
	mails(t, d, box, mailOf("y@example.org", "Four", "Four."), "loop loop_limit")
	mails(t, d, box, mailOf("z@example.org", "Other", "Another address."), "new_ticket new")
}

// Who somebody is, and what they may.
func TestWhoIsLetInByMail(t *testing.T) {
	t.Parallel()
	d := program.Open(t, "HELPDESK_MAIL_AUTHSERV_ID=mx.example.com")
	ada, bob, amy := d.Join(t, "ada", "user"), d.Join(t, "bob", "user"), d.Join(t, "amy", "agent")
	box := addMailbox(t, d)
	strict := addMailbox(t, d, object{"name": "Strict", "address": "strict@example.com", "strangers": "quarantine"})
	closed := addMailbox(t, d, object{"name": "Closed", "address": "closed@example.com", "strangers": "refuse"})
	v := ada.Opens(t, "No ink")
	root := "References: <" + v.ID + "@example.com>"
	mails(t, d, box, mailOf("ada@example.com", "Re", "Mine.", root), "reply reference")
	mails(t, d, box, mailOf("bob@example.com", "Re", "Not mine.", root), "quarantined stranger_in_thread")
	intruder := mails(t, d, box, mailOf("eve@example.org", "Re", "Not mine.", root), "quarantined stranger_in_thread")
	mails(t, d, strict, mailOf("eve@example.org", "Re", "Nor here.", root), "quarantined stranger_in_thread")
	mails(t, d, box, mailOf("bob@example.com", fmt.Sprintf("[#%d]", v.Number), "By number alone."), "new_ticket new")
	mails(t, d, closed, mailOf("bob@example.com", "Known", "They know me."), "new_ticket new")
	mails(t, d, closed, mailOf("eve@example.org", "Hello", "Hello."), "refused stranger")

	mails(t, d, box, mailOf("amy@example.com", "Re", "I say I am Amy.", root), "quarantined staff_not_proven")
	forged := "Authentication-Results: mx.example.org; dmarc=pass header.from=example.com"
	mails(t, d, box, mailOf("amy@example.com", "Re", "Somebody says so.", root, forged), "quarantined staff_not_proven")
	proof := "Authentication-Results: mx.example.com; dmarc=pass header.from=example.com"
	mails(t, d, box, mailOf("amy@example.com", "Re", "I am Amy.", proof, root), "reply reference")
	own := ticketOf(t, d, mails(t, d, box, mailOf("amy@example.com", "Mine", "As a requester."), "new_ticket new"))
	if own.CreatedBy.Username != "amy" {
		t.Errorf("what staff write is %+v", own)
	}
	if got := ada.Sees(t, v).Comments; len(got) != 2 || got[1].Author.Username != "amy" || got[1].Internal {
		t.Errorf("the requester reads %+v", got)
	}

	mails(t, d, box, mailOf("ada@example.com", "Away", "I am away.", "Auto-Submitted: auto-replied", root), "auto_reply auto_submitted")
	for who, told := range map[*program.Person]bool{ada: false, amy: true, d.Admin: true} {
		history := string(who.Must(t, http.StatusOK, "GET", v.Path("history"), nil).Body)
		if got := strings.Contains(history, "An automatic reply of ada@example.com came in: Auto-Submitted is auto-replied."); got != told {
			t.Errorf("the history tells %s of the absence: %v, want %v: %s", who.Username, got, told, history)
		}
	}

	waiting := mails(t, d, strict, mailOf("eve@example.org", "Hello", "Let me in."), "quarantined stranger")
	d.Admin.Must(t, http.StatusBadRequest, "POST", intruder.path("discard"), object{"reason": " "})
	released := program.Read[inbound](t, d.Admin.Must(t, http.StatusOK, "POST", waiting.path("release"), object{}, "If-Match", `"2"`))
	let := judged(t, d, released)
	if let.was() != "new_ticket released" {
		t.Errorf("released it was %s", let.was())
	}
	if eve := ticketOf(t, d, let); !strings.HasPrefix(eve.CreatedBy.Username, "eve-") {
		t.Errorf("released it is a ticket of %s", eve.CreatedBy.Username)
	}
	for _, verb := range []string{"release", "discard"} {
		a := d.Admin.Sends(t, "POST", let.path(verb), object{"reason": "x"})
		if verb == "release" {
			a = d.Admin.Sends(t, "POST", let.path(verb), object{})
		}
		if a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s of a ticket: got %d %s", verb, a.Status, a.Body)
		}
	}
	if same := program.Read[inbound](t, d.Admin.Must(t, http.StatusOK, "POST", let.path("reprocess"), object{})); same.Version != let.Version {
		t.Errorf("what became a ticket is judged once more: %+v", same)
	}
	apart := judged(t, d, program.Read[inbound](t, d.Admin.Must(t, http.StatusOK, "POST", intruder.path("release"), object{})))
	if apart.was() != "new_ticket released" || *apart.Ticket == v.ID {
		t.Errorf("released, what was said in another's thread is %s in %s", apart.was(), *apart.Ticket)
	}

	d.Admin.Must(t, http.StatusOK, "PATCH", "/api/users/"+bob.Username+"/", object{"is_active": false})
	gone := mails(t, d, box, mailOf("bob@example.com", "Still here", "Am I?"), "quarantined sender_deactivated")
	aside := program.Read[inbound](t, d.Admin.Must(t, http.StatusOK, "POST", gone.path("discard"), object{"reason": "He left."}))
	if aside.was() != "discarded by_admin" || aside.Reason.Detail != "He left." {
		t.Errorf("set aside it is %+v", aside)
	}
	d.Admin.Must(t, http.StatusOK, "PATCH", "/api/users/"+bob.Username+"/", object{"is_active": true})
	if anew := judged(t, d, program.Read[inbound](t, d.Admin.Must(t, http.StatusOK, "POST", gone.path("reprocess"), object{}))); anew.was() != "new_ticket new" {
		t.Errorf("judged by the rules of today it is %s", anew.was())
	}
}

// Replies to tickets that are resolved or closed, and what of a message a ticket has.
func TestRepliesToClosedTicketsAndFiles(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	ada := d.Join(t, "ada", "user")
	box := addMailbox(t, d)
	late := addMailbox(t, d, object{"name": "Late", "address": "late@example.com", "reopen_days": 0})
	v := ada.Opens(t, "No ink")
	root := "References: <" + v.ID + "@example.com>"
	d.Admin.Does(t, v, "resolve")
	mails(t, d, late, mailOf("ada@example.com", "Re", "Not yet.", root), "reply reference")
	if now := d.Admin.Sees(t, v); now.Status != "open" {
		t.Errorf("a reply to a resolved ticket leaves it %s", now.Status)
	}
	d.Admin.Does(t, v, "close")
	mails(t, d, box, mailOf("ada@example.com", "Re", "Still not.", root), "reply reference")
	if now := d.Admin.Sees(t, v); now.Status != "open" {
		t.Errorf("a reply to a closed ticket leaves it %s", now.Status)
	}
	d.Admin.Does(t, v, "close")
	on := ticketOf(t, d, mails(t, d, late, mailOf("ada@example.com", "Years later", "It is empty again.", root), "follow_up ticket_closed"))
	if on.ID == v.ID || on.Description != fmt.Sprintf("Goes on from ticket #%d.\n\nIt is empty again.", v.Number) || d.Admin.Sees(t, v).Status != "closed" {
		t.Errorf("the follow-up is %+v", on)
	}
	file := func(name, kind, content string) string {
		return "--x\r\nContent-Type: " + kind + "\r\nContent-Disposition: attachment; filename=" + name + "\r\n\r\n" + content + "\r\n"
	}
	m := mails(t, d, box, mailOf("ada@example.com", "Files", "--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nSiehe Anh=E4nge.\r\n"+
		file("log.txt", "text/plain", "So it is.")+file("setup.exe", "application/octet-stream", "MZ")+"--x--", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=x"), "new_ticket new")
	with := ticketOf(t, d, m)
	if !strings.HasPrefix(with.Description, "Siehe Anhänge.\n\n[The file setup.exe was not taken: ") || len(with.Attachments) != 1 || with.Attachments[0].Filename != "log.txt" {
		t.Errorf("with files the ticket is %+v", with)
	}
	if content := ada.Must(t, http.StatusOK, "GET", with.Attachments[0].Path("content"), nil); string(content.Body) != "So it is." {
		t.Errorf("the file is %q", content.Body)
	}
	d.Admin.Must(t, http.StatusOK, "PATCH", "/api/mailboxes/"+box.ID+"/", object{"import_before": "2026-02-01T00:00:00Z"})
	old := ticketOf(t, d, mails(t, d, box, mailOf("old@example.org", "History", "It was so."), "new_ticket imported"))
	if want := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC); !old.CreatedAt.Equal(want) {
		t.Errorf("history was opened at %v, want %v", old.CreatedAt, want)
	}
}
