package mail

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
)

var update = flag.Bool("update", false, "write the golden emails anew")

// anEmail returns an email of the kind, as a desk would have it.
func anEmail(kind email.Kind) email.Content {
	return email.Content{
		ID:   email.ID{UUID: uuid.MustParse("0191d2a4-6f00-7000-8000-00000000000a")},
		Kind: kind,
		To:   email.Addressee{Name: "Ann Lee", Address: "ann@example.com"},
		Ticket: email.Ticket{
			ID:        uuid.MustParse("0191d2a4-6f00-7000-8000-00000000000b"),
			Number:    12,
			Title:     "The printer on floor 3 is on fire",
			Priority:  string(ticket.High),
			Status:    string(ticket.StatusInProgress),
			Requester: "ann",
			Assignee:  "eve",
		},
		Actor: "eve",
		At:    time.Date(2024, 9, 8, 7, 6, 5, 0, time.FixedZone("", 2*60*60)),
	}
}

func newComposer(t testing.TB, config Config) *Composer {
	t.Helper()
	c, err := NewComposer(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func compose(t testing.TB, c *Composer, l email.Content) Message {
	t.Helper()
	m, err := c.Compose(l)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestGoldenEmails(t *testing.T) {
	linked := newComposer(t, Config{From: "The Helpdesk <desk@help.example.com>", PublicURL: "https://desk.example.com/"})
	plain := newComposer(t, Config{})
	with := func(kind email.Kind, change func(*email.Content)) email.Content {
		l := anEmail(kind)
		change(&l)
		return l
	}
	for _, tt := range []struct {
		file  string
		c     *Composer
		email email.Content
	}{
		{"escalated", linked, with(email.Escalated, func(l *email.Content) {
			l.Ticket.Status, l.Text = string(ticket.StatusEscalated), "The fire brigade does not answer."
		})},
		{"escalated_admin", linked, with(email.Escalated, func(l *email.Content) {
			l.Ticket.Status, l.Ticket.Assignee, l.Actor, l.ToAdmin = string(ticket.StatusEscalated), "", "", true
		})},
		{"assigned", linked, with(email.Assigned, func(l *email.Content) { l.Actor = "root" })},
		{"commented", linked, with(email.Commented, func(l *email.Content) {
			l.Text = "Hello Ann,\n\nis it *still* on fire? <b>Don't</b> open the tray: it = hot.\n. and ask Zoë\n"
		})},
		{"resolved", linked, with(email.Resolved, func(l *email.Content) { l.Ticket.Status, l.Text = string(ticket.StatusResolved), "Put out." })},
		{"replied", linked, with(email.Replied, func(l *email.Content) { l.Actor, l.Text = "ann", "It smokes again." })},
		{"reopened_admin", linked, with(email.Reopened, func(l *email.Content) {
			l.Ticket.Status, l.Ticket.Assignee, l.Actor, l.ToAdmin = string(ticket.StatusOpen), "", "ann", true
		})},
		{"taken_back", linked, with(email.TakenBack, func(l *email.Content) {
			l.Ticket.Status, l.Ticket.Assignee, l.Actor, l.ToAdmin = string(ticket.StatusOpen), "", "eve", true
		})},
		{"acknowledged", linked, with(email.Acknowledged, func(l *email.Content) {
			l.Ticket.Status, l.Ticket.Assignee, l.Actor, l.InReplyTo = string(ticket.StatusOpen), "", "ann", "<1@example.org>"
		})},
		{"digest", linked, with(email.Digest, func(l *email.Content) {
			l.Ticket, l.Actor = email.Ticket{}, ""
			l.Told = []email.Told{
				{Ticket: email.Ticket{Number: 12, Title: "The printer on floor 3 is on fire"}, News: []email.Kind{email.Escalated, email.Commented}},
				{Ticket: email.Ticket{Number: 14, Title: "<b>No</b> paper"}, News: []email.Kind{email.Resolved}},
			}
		})},
		{"no_link", plain, with(email.Assigned, func(l *email.Content) { l.To.Name, l.Actor = "", "" })},
		{"files_left", linked, with(email.Replied, func(l *email.Content) {
			l.Text = "See the files."
			l.Files = []email.File{{Name: "<b>disk</b>.img", Left: email.TooLarge}, {Name: "salaries.ods", Left: email.Destroyed}, {Name: "log.txt"}}
		})},
		{"other_scripts", linked, with(email.Commented, func(l *email.Content) {
			l.To = email.Addressee{Name: "Ζωή \"Zoe\" Παπαδοπούλου", Address: "ζωή@example.com"}
			l.Ticket.Title = "プリンターが燃えています הדפסת بالعربية"
			l.Text = "مرحبا\n🔥🔥🔥"
		})},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			got := compose(t, tt.c, tt.email).Data
			file := filepath.Join("testdata", tt.file+".eml")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v (-update writes it)", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("the email is not as it was (-want +got):\n%s", diff)
			}
			read(t, got)
		})
	}
}

func TestAnEmailIsTheSameEveryTime(t *testing.T) {
	first := compose(t, newComposer(t, Config{PublicURL: "https://desk.example.com"}), anEmail(email.Resolved))
	again := anEmail(email.Resolved)
	again.At = again.At.UTC()
	if diff := cmp.Diff(first, compose(t, newComposer(t, Config{PublicURL: "https://desk.example.com/"}), again)); diff != "" {
		t.Errorf("composed again (-first +again):\n%s", diff)
	}
}

func TestEmailsOfATicketAreOneConversation(t *testing.T) {
	c := newComposer(t, Config{From: "desk@[127.0.0.1]"})
	first, second := anEmail(email.Assigned), anEmail(email.Resolved)
	second.ID = email.ID{UUID: uuid.MustParse("0191d2a4-6f00-7000-8000-00000000000c")}
	a, b := compose(t, c, first), compose(t, c, second)
	if want := "<0191d2a4-6f00-7000-8000-00000000000a@[127.0.0.1]>"; a.ID != want || a.ID == b.ID {
		t.Errorf("ids: got %s and %s, want %s and another", a.ID, b.ID, want)
	}
	for _, m := range []Message{a, b} {
		h := read(t, m.Data).header
		want := "<0191d2a4-6f00-7000-8000-00000000000b@[127.0.0.1]>"
		if h.Get("In-Reply-To") != want || h.Get("References") != want {
			t.Errorf("answers %s, refers to %s, want %s twice", h.Get("In-Reply-To"), h.Get("References"), want)
		}
		if got := h.Get("Message-ID"); got != m.ID {
			t.Errorf("Message-ID: got %s in the header, %s in the message", got, m.ID)
		}
	}
}

func TestAnAcknowledgementAnswersTheMessage(t *testing.T) {
	c := newComposer(t, Config{})
	root := "<0191d2a4-6f00-7000-8000-00000000000b@example.com>"
	for id, want := range map[string]string{
		"<1@example.org>": "<1@example.org>", "": root, "1@example.org": root, "<é@example.org>": root, "<a b@example.org>": root,
		"<1@example.org>\r\nBcc: <2@example.org>": root, "<" + strings.Repeat("x", 901) + ">": root,
	} {
		l := anEmail(email.Acknowledged)
		l.InReplyTo = id
		h := read(t, compose(t, c, l).Data).header
		if h.Get("In-Reply-To") != want || h.Get("References") != want || h.Get("Auto-Submitted") != "auto-replied" || h.Get("Bcc") != "" {
			t.Errorf("%q: got %v, want it to answer %s", id, h, want)
		}
	}
}

func TestNothingWrittenBecomesMarkup(t *testing.T) {
	const evil = `<script>alert("x")</script><img src=x onerror='y'>&amp;`
	l := anEmail(email.Commented)
	l.To.Name, l.Ticket.Title, l.Ticket.Requester, l.Ticket.Assignee, l.Actor, l.Text = evil, evil, evil, evil, evil, evil+"\n"+evil
	parts := read(t, compose(t, newComposer(t, Config{PublicURL: "https://desk.example.com/a'b\"c"}), l).Data)
	if got := strings.Count(parts.text, evil); got != 7 {
		t.Errorf("the text has it %d times as it was written, want 7:\n%s", got, parts.text)
	}
	for _, markup := range []string{"<script", "<img", `"x"`, "'y'", "a'b"} {
		if strings.Contains(parts.html, markup) {
			t.Errorf("%s got into the HTML:\n%s", markup, parts.html)
		}
	}
	if got := strings.Count(parts.html, "&lt;script&gt;"); got != 7 {
		t.Errorf("the HTML has it %d times, want 7:\n%s", got, parts.html)
	}
}

func TestWhoCanSwitchAnEmailOff(t *testing.T) {
	c := newComposer(t, Config{})
	for _, kind := range email.Kinds() {
		for _, admin := range []bool{false, true} {
			l := anEmail(kind)
			l.ToAdmin = admin
			parts := read(t, compose(t, c, l).Data)
			want := kind != email.TakenBack && kind != email.Acknowledged && kind != email.Digest && (kind != email.Escalated || !admin)
			for _, part := range []string{parts.text, parts.html} {
				if strings.Contains(part, "PATCH") || strings.Contains(part, "/api/") {
					t.Errorf("%s speaks of the API:\n%s", kind, part)
				}
				if got := strings.Contains(part, "switch emails of this kind off in your account"); got != want {
					t.Errorf("%s, to an admin %v, tells of the switch: got %v, want %v:\n%s", kind, admin, got, want, part)
				}
			}
		}
	}
}

func TestAnEmailWithTheBoundaryInItsText(t *testing.T) {
	l := anEmail(email.Commented)
	l.Text = "\n--=_" + l.ID.String() + "--\n\nmore\n--=_" + l.ID.String() + "\nContent-Type: text/html\n\n<b>x</b>"
	if parts := read(t, compose(t, newComposer(t, Config{}), l).Data); !strings.Contains(parts.text, l.Text) {
		t.Errorf("the text is not whole:\n%s", parts.text)
	}
}

func TestAnUnknownKindIsRefused(t *testing.T) {
	if _, err := newComposer(t, Config{}).Compose(anEmail("birthday")); err == nil || !strings.Contains(err.Error(), "birthday") {
		t.Errorf("got %v, want an error that names the kind", err)
	}
}

func TestConfig(t *testing.T) {
	for _, tt := range []struct {
		name    string
		config  Config
		wantErr string
	}{
		{"none at all", Config{}, ""},
		{"a sender with a name", Config{From: "Zoë's Desk <desk@example.com>"}, ""},
		{"a path below the host", Config{PublicURL: "http://example.com:8080/desk/"}, ""},
		{"a sender without a domain", Config{From: "desk"}, "no mail address"},
		{"two senders", Config{From: "a@example.com, b@example.com"}, "no mail address"},
		{"a sender with a header", Config{From: "a@example.com\r\nBcc: b@example.com"}, "no mail address"},
		{"a sender beyond ASCII", Config{From: "zoë@example.com"}, "no mail address"},
		{"a sender's domain beyond ASCII", Config{From: "desk@exämple.com"}, ""},
		{"a public URL without a scheme", Config{PublicURL: "desk.example.com"}, "public URL"},
		{"a public URL of another scheme", Config{PublicURL: "javascript:alert(1)"}, "public URL"},
		{"a public URL without a host", Config{PublicURL: "https:///desk"}, "public URL"},
		{"a public URL with a query", Config{PublicURL: "https://example.com/?a=b"}, "public URL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := NewComposer(tt.config)
			if (err == nil) != (tt.wantErr == "") || (err != nil && !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("got %v, want an error with %q", err, tt.wantErr)
			}
		})
	}
}

func TestHeader(t *testing.T) {
	h := read(t, compose(t, newComposer(t, Config{}), anEmail(email.Resolved)).Data).header
	for field, want := range map[string]string{
		"Auto-Submitted":           "auto-generated",
		"X-Auto-Response-Suppress": "All",
		"Date":                     "Sun, 08 Sep 2024 05:06:05 +0000",
		"From":                     "<" + DefaultFrom + ">",
	} {
		if got := h.Get(field); got != want {
			t.Errorf("%s: got %q, want %q", field, got, want)
		}
	}
}
