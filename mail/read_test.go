package mail

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/emersion/go-message"
	msgmail "github.com/emersion/go-message/mail"
	"github.com/google/go-cmp/cmp"

	"helpdesk/domain/email"
)

// headerFields are the fields of the header of every email about a ticket, sorted.
var headerFields = []string{
	"Auto-Submitted", "Content-Type", "Date", "From", "In-Reply-To", "Message-Id", "Mime-Version",
	"References", "Subject", "To", "X-Auto-Response-Suppress", "X-Helpdesk-Email",
}

// parts is an email as its recipient's client reads it. Lines end in "\n".
type parts struct {
	header     msgmail.Header
	text, html string
}

// read parses a message with somebody else's reader, and fails the test unless
// it is made as every email has to be.
func read(t testing.TB, data []byte) *parts {
	t.Helper()
	checkLines(t, data)
	e, err := message.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v:\n%s", err, data)
	}
	var fields []string
	for f := e.Header.Fields(); f.Next(); {
		fields = append(fields, f.Key())
	}
	slices.Sort(fields)
	want := headerFields
	if e.Header.Get("In-Reply-To") == "" { // a digest is about no ticket
		want = slices.DeleteFunc(slices.Clone(want), func(name string) bool { return name == "In-Reply-To" || name == "References" })
	}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Fatalf("header fields (-want +got):\n%s\n%s", diff, data)
	}
	if kind, _, err := e.Header.ContentType(); err != nil || kind != "multipart/alternative" {
		t.Fatalf("the message is %s (%v), want multipart/alternative", kind, err)
	}
	got := &parts{header: msgmail.Header{Header: e.Header}}
	reader := e.MultipartReader()
	got.text = readPart(t, reader, "text/plain")
	got.html = readPart(t, reader, "text/html")
	if _, err := reader.NextPart(); !errors.Is(err, io.EOF) {
		t.Fatalf("after the second part: %v, want the end:\n%s", err, data)
	}
	return got
}

func readPart(t testing.TB, reader message.MultipartReader, want string) string {
	t.Helper()
	p, err := reader.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	if kind, params, err := p.Header.ContentType(); err != nil || kind != want || !strings.EqualFold(params["charset"], "utf-8") {
		t.Fatalf("a part is %s of %q (%v), want %s of utf-8", kind, params["charset"], err, want)
	}
	if n := p.Header.Len(); n != 2 {
		t.Fatalf("a part has %d header fields, want 2", n)
	}
	body, err := io.ReadAll(p.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n")
}

// checkLines fails the test unless every line ends in CRLF, is within the 998
// bytes of RFC 5322 §2.1.1, and no line of the header is blank.
func checkLines(t testing.TB, data []byte) {
	t.Helper()
	rest := bytes.ReplaceAll(data, []byte("\r\n"), nil)
	if bytes.ContainsAny(rest, "\r\n\x00") || !bytes.HasSuffix(data, []byte("\r\n")) {
		t.Fatalf("not every line ends in CRLF:\n%q", data)
	}
	header, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	for l := range bytes.SplitSeq(header, []byte("\r\n")) {
		if len(bytes.TrimSpace(l)) == 0 {
			t.Fatalf("a line of the header is blank:\n%s", header)
		}
	}
	for l := range bytes.SplitSeq(data, []byte("\r\n")) {
		if len(l) > 998 {
			t.Fatalf("a line has %d bytes:\n%s", len(l), l)
		}
	}
}

func FuzzCompose(f *testing.F) {
	f.Add("The printer burns", "Ann Lee", "Is it still on fire?", "eve")
	f.Add("a\r\nBcc: eve@example.com\r\n\r\nx", "a\"b\\c", "a\r\n.\r\nb\rc\n\nd ", "<script>")
	f.Add("=?utf-8?q?Evil?=", "=?utf-8?b?RXZpbA==?=", "\n--=_0191d2a4-6f00-7000-8000-00000000000a--\n", "=?x?")
	f.Add("\u202e\u2066אב\u2028", "Zoë (the) <fixer>", "\x00\x1b[31m\u0085\u202e", "{{.}}")
	f.Add("𝔚𝔚𝔚 \xff\xfe", "\t \t", "<b>&amp;</b>", "")
	c := newComposer(f, Config{PublicURL: "https://desk.example.com"})
	f.Fuzz(func(t *testing.T, title, name, said, actor string) {
		l := anEmail(email.Commented)
		l.Ticket.Title, l.To.Name, l.Text, l.Actor, l.Ticket.Requester, l.Ticket.Assignee = title, name, said, actor, actor, name
		got := read(t, compose(t, c, l).Data)

		want := said
		if !utf8.ValidString(want) || strings.ContainsFunc(want, func(r rune) bool { return r < ' ' || '\x7f' <= r && r <= '\u009f' }) {
			want = text(said)
		}
		if !strings.Contains(got.text, want) {
			t.Errorf("the text part lacks %q:\n%s", want, got.text)
		}
		if subject, err := got.header.Subject(); err != nil || subject != "[#12] New comment:"+spaced(defuse(line(title, titleMax))) {
			t.Errorf("subject of %q: got %q (%v)", title, subject, err)
		}
		to, err := got.header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != l.To.Address {
			t.Errorf("To: got %v (%v), want %s alone", to, err, l.To.Address)
		}
		if i := strings.Index(got.html, "<blockquote"); strings.Count(got.html, "<blockquote") > 1 || strings.Contains(got.html, "<script") || i < 0 && want != "" {
			t.Errorf("the HTML is not as the template has it:\n%s", got.html)
		}
	})
}

// spaced returns s with a space before it, unless there is none.
func spaced(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}
