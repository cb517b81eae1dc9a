package mail

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain/email"
)

func TestSubjects(t *testing.T) {
	c := newComposer(t, Config{})
	wide := strings.Repeat("𝔚", 200)
	for _, tt := range []struct {
		name        string
		kind        email.Kind
		title, want string
	}{
		{"of an escalation", email.Escalated, "No ink", "[Escalated] #12 No ink"},
		{"of an assignment", email.Assigned, "No ink", "[#12] Assigned to you: No ink"},
		{"of a comment", email.Commented, "No ink", "[#12] New comment: No ink"},
		{"of a resolution", email.Resolved, "No ink", "[#12] Resolved: No ink"},
		{"with a header of its own", email.Resolved, "No\r\nBcc: eve@example.com\r\n\r\nink", "[#12] Resolved: No Bcc: eve@example.com ink"},
		{"with one broken by a lone LF", email.Resolved, "No\nBcc: eve@example.com", "[#12] Resolved: No Bcc: eve@example.com"},
		{"that looks encoded", email.Resolved, "=?utf-8?q?Evil?=", "[#12] Resolved: = ?utf-8?q?Evil?="},
		{"that looks encoded in another script", email.Resolved, "é =?utf-8?q?Evil?=", "[#12] Resolved: é = ?utf-8?q?Evil?="},
		{"with a question", email.Resolved, "Is x=?", "[#12] Resolved: Is x=?"},
		{"with markup", email.Resolved, `<script>alert("x")</script> & 'y'`, `[#12] Resolved: <script>alert("x")</script> & 'y'`},
		{"that turns the direction", email.Resolved, "a\u202ebc\u2066d", "[#12] Resolved: abcd"},
		{"from right to left", email.Resolved, "אין דיו", "[#12] Resolved: אין דיו"},
		{"with control characters", email.Resolved, "a\x00b\x1b[31mc\u0085d\u2028e", "[#12] Resolved: a b [31mc d e"},
		{"of broken UTF-8", email.Resolved, "a\xffb", "[#12] Resolved: a\ufffdb"},
		{"of 200 wide characters", email.Resolved, wide, "[#12] Resolved: " + wide},
		{"of many spaces", email.Resolved, "a" + strings.Repeat(" ", 200) + "b", "[#12] Resolved: a b"},
		{"without an end", email.Resolved, strings.Repeat("a", 10_000), "[#12] Resolved: " + strings.Repeat("a", titleMax-1) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := anEmail(tt.kind)
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
		{"beyond ASCII", "Zoë", "zoë@exämple.com", "Zoë", "zoë@xn--exmple-cua.com"},
		{"with a domain beyond ASCII", "Zoe", "zoe@EXÄMPLE.com", "Zoe", "zoe@xn--exmple-cua.com"},
		{"with a domain in another script", "Zoe", "zoe@例え.テスト", "Zoe", "zoe@xn--r8jz45g.xn--zckzah"},
		{"with a long name beyond ASCII", strings.Repeat("Ζωή ", 40), "zoe@example.com", strings.TrimSpace(strings.Repeat("Ζωή ", 40)), "zoe@example.com"},
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
			l := anEmail(email.Assigned)
			l.To = email.Addressee{Name: tt.to, Address: tt.address}
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

// Some servers take a field whose first line is empty for the end of the header.
func TestTheFirstLineOfAFieldIsNotEmpty(t *testing.T) {
	c := newComposer(t, Config{From: strings.Repeat("Ζωή ", 40) + "<desk@example.com>"})
	for name, title := range map[string]string{"long": strings.Repeat("Der Drucker über dem Flur ", 8), "in another script": strings.Repeat("プリンター", 30)} {
		t.Run(name, func(t *testing.T) {
			l := anEmail(email.Commented)
			l.Ticket.Title, l.To.Name = title, strings.Repeat("Παπαδοπούλου ", 10)
			head, _, _ := strings.Cut(string(compose(t, c, l).Data), "\r\n\r\n")
			for line := range strings.SplitSeq(head, "\r\n") {
				if strings.HasSuffix(strings.TrimSpace(line), ":") || len(line) > 76 {
					t.Errorf("line of a header: %q", line)
				}
			}
		})
	}
}

func TestTheFooterIsSetApart(t *testing.T) {
	l := anEmail(email.Commented)
	if text := read(t, compose(t, newComposer(t, Config{}), l).Data).text; !strings.Contains(text, "\n-- \n") {
		t.Errorf("no separator (RFC 3676 §4.3) in\n%s", text)
	}
}
