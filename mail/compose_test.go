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

	"helpdesk/domain/letter"
	"helpdesk/domain/ticket"
)

var update = flag.Bool("update", false, "write the golden letters anew")

// aLetter answers a letter of the kind, as a desk would have it.
func aLetter(kind letter.Kind) Letter {
	return Letter{
		ID:   uuid.MustParse("0191d2a4-6f00-7000-8000-00000000000a"),
		Kind: kind,
		To:   Recipient{Name: "Ann Lee", Address: "ann@example.com"},
		Ticket: Ticket{
			ID:        uuid.MustParse("0191d2a4-6f00-7000-8000-00000000000b"),
			Number:    12,
			Title:     "The printer on floor 3 is on fire",
			Priority:  ticket.High,
			Status:    ticket.StatusInProgress,
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

func compose(t testing.TB, c *Composer, l Letter) Message {
	t.Helper()
	m, err := c.Compose(l)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestGoldenLetters(t *testing.T) {
	linked := newComposer(t, Config{From: "The Helpdesk <desk@help.example.com>", PublicURL: "https://desk.example.com/"})
	plain := newComposer(t, Config{})
	with := func(kind letter.Kind, change func(*Letter)) Letter {
		l := aLetter(kind)
		change(&l)
		return l
	}
	for _, tt := range []struct {
		file   string
		c      *Composer
		letter Letter
	}{
		{"escalated", linked, with(letter.Escalated, func(l *Letter) {
			l.Ticket.Status, l.Text = ticket.StatusEscalated, "The fire brigade does not answer."
		})},
		{"escalated_admin", linked, with(letter.Escalated, func(l *Letter) {
			l.Ticket.Status, l.Ticket.Assignee, l.Actor, l.ToAdmin = ticket.StatusEscalated, "", "", true
		})},
		{"assigned", linked, with(letter.Assigned, func(l *Letter) { l.Actor = "root" })},
		{"commented", linked, with(letter.Commented, func(l *Letter) {
			l.Text = "Hello Ann,\n\nis it *still* on fire? <b>Don't</b> open the tray: it = hot.\n. and ask Zoë\n"
		})},
		{"resolved", linked, with(letter.Resolved, func(l *Letter) { l.Ticket.Status, l.Text = ticket.StatusResolved, "Put out." })},
		{"no_link", plain, with(letter.Assigned, func(l *Letter) { l.To.Name, l.Actor = "", "" })},
		{"other_scripts", linked, with(letter.Commented, func(l *Letter) {
			l.To = Recipient{Name: "Ζωή \"Zoe\" Παπαδοπούλου", Address: "ζωή@example.com"}
			l.Ticket.Title = "プリンターが燃えています הדפסת بالعربية"
			l.Text = "مرحبا\n🔥🔥🔥"
		})},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			got := compose(t, tt.c, tt.letter).Data
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
				t.Errorf("the letter is not as it was (-want +got):\n%s", diff)
			}
			read(t, got)
		})
	}
}

func TestALetterIsTheSameEveryTime(t *testing.T) {
	first := compose(t, newComposer(t, Config{PublicURL: "https://desk.example.com"}), aLetter(letter.Resolved))
	again := aLetter(letter.Resolved)
	again.At = again.At.UTC()
	if diff := cmp.Diff(first, compose(t, newComposer(t, Config{PublicURL: "https://desk.example.com/"}), again)); diff != "" {
		t.Errorf("composed again (-first +again):\n%s", diff)
	}
}

func TestLettersOfATicketAreOneConversation(t *testing.T) {
	c := newComposer(t, Config{From: "desk@[127.0.0.1]"})
	first, second := aLetter(letter.Assigned), aLetter(letter.Resolved)
	second.ID = uuid.MustParse("0191d2a4-6f00-7000-8000-00000000000c")
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

func TestSubjects(t *testing.T) {
	c := newComposer(t, Config{})
	wide := strings.Repeat("𝔚", 200)
	for _, tt := range []struct {
		name        string
		kind        letter.Kind
		title, want string
	}{
		{"of an escalation", letter.Escalated, "No ink", "[Escalated] #12 No ink"},
		{"of an assignment", letter.Assigned, "No ink", "[#12] Assigned to you: No ink"},
		{"of a comment", letter.Commented, "No ink", "[#12] New comment: No ink"},
		{"of a resolution", letter.Resolved, "No ink", "[#12] Resolved: No ink"},
		{"with a header of its own", letter.Resolved, "No\r\nBcc: eve@example.com\r\n\r\nink", "[#12] Resolved: No Bcc: eve@example.com ink"},
		{"with one broken by a lone LF", letter.Resolved, "No\nBcc: eve@example.com", "[#12] Resolved: No Bcc: eve@example.com"},
		{"that looks encoded", letter.Resolved, "=?utf-8?q?Evil?=", "[#12] Resolved: = ?utf-8?q?Evil?="},
		{"that looks encoded in another script", letter.Resolved, "é =?utf-8?q?Evil?=", "[#12] Resolved: é = ?utf-8?q?Evil?="},
		{"with a question", letter.Resolved, "Is x=?", "[#12] Resolved: Is x=?"},
		{"with markup", letter.Resolved, `<script>alert("x")</script> & 'y'`, `[#12] Resolved: <script>alert("x")</script> & 'y'`},
		{"that turns the direction", letter.Resolved, "a\u202ebc\u2066d", "[#12] Resolved: abcd"},
		{"from right to left", letter.Resolved, "אין דיו", "[#12] Resolved: אין דיו"},
		{"with control characters", letter.Resolved, "a\x00b\x1b[31mc\u0085d\u2028e", "[#12] Resolved: a b [31mc d e"},
		{"of broken UTF-8", letter.Resolved, "a\xffb", "[#12] Resolved: a\ufffdb"},
		{"of 200 wide characters", letter.Resolved, wide, "[#12] Resolved: " + wide},
		{"of many spaces", letter.Resolved, "a" + strings.Repeat(" ", 200) + "b", "[#12] Resolved: a b"},
		{"without an end", letter.Resolved, strings.Repeat("a", 10_000), "[#12] Resolved: " + strings.Repeat("a", titleMax-1) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := aLetter(tt.kind)
			l.Ticket.Title = tt.title
			got, err := read(t, compose(t, c, l).Data).header.Subject()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("subject (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRecipients(t *testing.T) {
	c := newComposer(t, Config{})
	for _, tt := range []struct {
		name, to, address string
		wantTo, wantRcpt  string // the name and the envelope; "" for a refused address
	}{
		{"a plain one", "Ann Lee", "ann@example.com", "Ann Lee", "ann@example.com"},
		{"without a name", "", "ann@example.com", "", "ann@example.com"},
		{"with quotes in the name", `Ann "The \ Fix" Lee`, "ann@example.com", `Ann "The \ Fix" Lee`, "ann@example.com"},
		{"with quotes in a name beyond ASCII", `Zoë "Zo" Lee`, "zoe@example.com", `Zoë "Zo" Lee`, "zoe@example.com"},
		{"with a backslash in a name beyond ASCII", `Zoë \ Lee`, "zoe@example.com", "Zoë / Lee", "zoe@example.com"},
		{"with a second address in the name", "Ann <eve@example.com>, Eve", "ann@example.com", "Ann <eve@example.com>, Eve", "ann@example.com"},
		{"with a header in the name", "Ann\r\nBcc: eve@example.com", "ann@example.com", "Ann Bcc: eve@example.com", "ann@example.com"},
		{"with a name that looks encoded", "=?utf-8?q?Root?=", "ann@example.com", "= ?utf-8?q?Root?=", "ann@example.com"},
		{"with every odd character", "", "a!#$%&'*+-/=?^_`{|}~b@example.com", "", "a!#$%&'*+-/=?^_`{|}~b@example.com"},
		{"that needs quotes", "Ann", `"ann lee"@example.com`, "Ann", `"ann lee"@example.com`},
		{"that holds an @", "Ann", `"ann@home"@example.com`, "Ann", `"ann@home"@example.com`},
		{"with quotes it does not need", "Ann", `"ann"@example.com`, "Ann", "ann@example.com"},
		{"at an address of numbers", "Ann", "ann@[192.0.2.1]", "Ann", "ann@[192.0.2.1]"},
		{"beyond ASCII", "Zoë", "zoë@exämple.com", "Zoë", "zoë@exämple.com"},
		{"with a command in the address", "Ann", "ann@example.com>\r\nRCPT TO:<eve@example.com", "", ""},
		{"with a line break in quotes", "Ann", "ann\r\nlee@example.com", "", ""},
		{"of two addresses", "Ann", "ann@example.com, eve@example.com", "", ""},
		{"with a name before it", "Ann", "Eve <eve@example.com>", "", ""},
		{"that lacks its quotes", "Ann", "ann lee@example.com", "", ""},
		{"without a domain", "Ann", "ann", "", ""},
		{"without anything", "Ann", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := aLetter(letter.Assigned)
			l.To = Recipient{Name: tt.to, Address: tt.address}
			m, err := c.Compose(l)
			if tt.wantRcpt == "" {
				if err == nil {
					t.Fatalf("%q was taken", tt.address)
				}
				if tt.address != "" && strings.Contains(err.Error(), tt.address) {
					t.Errorf("the error names the address: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if m.To != tt.wantRcpt || m.From != DefaultFrom {
				t.Errorf("envelope: got from %s to %s, want from %s to %s", m.From, m.To, DefaultFrom, tt.wantRcpt)
			}
			to, err := read(t, m.Data).header.AddressList("To")
			if err != nil || len(to) != 1 {
				t.Fatalf("To: got %v (%v), want one", to, err)
			}
			if to[0].Name != tt.wantTo || envelope(to[0].Address) != tt.wantRcpt {
				t.Errorf("To: got %q at %q, want %q at %q", to[0].Name, to[0].Address, tt.wantTo, tt.wantRcpt)
			}
		})
	}
}

func TestNothingWrittenBecomesMarkup(t *testing.T) {
	const evil = `<script>alert("x")</script><img src=x onerror='y'>&amp;`
	l := aLetter(letter.Commented)
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

func TestWhoCanSwitchALetterOff(t *testing.T) {
	c := newComposer(t, Config{})
	for _, kind := range []letter.Kind{letter.Escalated, letter.Assigned, letter.Commented, letter.Resolved} {
		for _, admin := range []bool{false, true} {
			l := aLetter(kind)
			l.ToAdmin = admin
			parts := read(t, compose(t, c, l).Data)
			want := kind != letter.Escalated || !admin
			for _, part := range []string{parts.text, parts.html} {
				if got := strings.Contains(part, "PATCH /api/me/"); got != want {
					t.Errorf("%s, to an admin %v, tells of the switch: got %v, want %v:\n%s", kind, admin, got, want, part)
				}
			}
		}
	}
}

func TestALetterWithTheBoundaryInItsText(t *testing.T) {
	l := aLetter(letter.Commented)
	l.Text = "\n--=_" + l.ID.String() + "--\n\nmore\n--=_" + l.ID.String() + "\nContent-Type: text/html\n\n<b>x</b>"
	if parts := read(t, compose(t, newComposer(t, Config{}), l).Data); !strings.Contains(parts.text, l.Text) {
		t.Errorf("the text is not whole:\n%s", parts.text)
	}
}

func TestAnUnknownKindIsRefused(t *testing.T) {
	if _, err := newComposer(t, Config{}).Compose(aLetter("birthday")); err == nil || !strings.Contains(err.Error(), "birthday") {
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
		{"a sender beyond ASCII", Config{From: "desk@exämple.com"}, "no mail address"},
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
	h := read(t, compose(t, newComposer(t, Config{}), aLetter(letter.Resolved)).Data).header
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
