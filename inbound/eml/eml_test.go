package eml

import (
	"bufio"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestWhatAHeaderSays(t *testing.T) {
	h := ParseHeader([]byte("From ann Mon Jan  5 10:00:00 2026\n" +
		"From: =?utf-8?q?Ann_M=C3=BCller?= <Ann@Example.org>, bob@example.org\r\nTo: Desk: support@example.com, \"X\" <x@example.com>;\r\n" +
		"Cc: c@example.com\r\nDate: Mon, 5 Jan 2026 10:00:00 +0100\r\nSubject: =?iso-8859-1?q?Dr=FCcker?=\r\n  kaputt\r\nMessage-ID: <a@b>\r\n" +
		"In-Reply-To: <c@d> (of yesterday)\r\nReferences: <1@x>\r\n <2@x> <3@x>\r\n\r\nFrom: not@header\r\n"))
	from := h.From()
	if from.Name != "Ann Müller" || from.Address != "Ann@Example.org" || h.Get("Subject") != "Drücker kaputt" || h.MessageID() != "<a@b>" {
		t.Errorf("got %v, %q, %q", from, h.Get("Subject"), h.MessageID())
	}
	if want := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC); !h.Date().Equal(want) {
		t.Errorf("date: got %v, want %v", h.Date(), want)
	}
	if diff := cmp.Diff([]string{"<c@d>", "<3@x>", "<2@x>", "<1@x>"}, h.References()); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
	var to []string
	for _, a := range h.Recipients() {
		to = append(to, a.Address)
	}
	if diff := cmp.Diff([]string{"support@example.com", "x@example.com", "c@example.com"}, to); diff != "" {
		t.Errorf("recipients (-want +got):\n%s", diff)
	}
}

func TestMachinesGiveThemselvesAway(t *testing.T) {
	for name, c := range map[string]struct {
		header                      string
		auto, responder, list, kind string
		server                      bool
	}{
		"a person":                       {header: "From: a@b.c"},
		"a person who says so":           {header: "From: a@b.c\nAuto-Submitted: no"},
		"an absence":                     {header: "From: a@b.c\nAuto-Submitted: auto-replied (vacation)", auto: "auto-replied"},
		"one with parameters":            {header: "From: a@b.c\nAuto-Submitted: Auto-Generated; x=y", auto: "auto-generated"},
		"an old responder":               {header: "From: a@b.c\nX-Autoreply: yes", responder: "X-Autoreply"},
		"Exchange":                       {header: "From: a@b.c\nX-Auto-Response-Suppress: All\nPrecedence: auto_reply", responder: "X-Auto-Response-Suppress"},
		"who wants no automatic answers": {header: "From: a@b.c\nX-Auto-Response-Suppress: All"},
		"a newsletter":                   {header: "From: a@b.c\nPrecedence: Bulk", list: "Precedence"},
		"a list":                         {header: "From: a@b.c\nList-Id: <x.example.org>", list: "List-Id"},
		"a report":                       {header: "Return-Path: <>\nContent-Type: multipart/report; report-type=Delivery-Status; boundary=x", kind: "delivery-status", server: true},
		"a daemon":                       {header: "From: Mail Delivery <MAILER-DAEMON@mx.example.org>", server: true},
	} {
		t.Run(name, func(t *testing.T) {
			h := ParseHeader([]byte(c.header + "\n\n"))
			kind, is := h.Report()
			if h.AutoSubmitted() != c.auto || h.Responder() != c.responder || h.List() != c.list || kind != c.kind || is != (c.kind != "") || h.FromServer() != c.server {
				t.Errorf("got %q, %q, %q, %q %v, %v", h.AutoSubmitted(), h.Responder(), h.List(), kind, is, h.FromServer())
			}
		})
	}
}

func TestWhoIsBelieved(t *testing.T) {
	const from, results = "From: Amy <amy@Example.com>\n", "Authentication-Results: mx.example.com; "
	pass := results + "spf=fail smtp.mailfrom=x; dmarc=pass (p=none dis=none) header.from=example.com\n"
	for name, c := range map[string]struct {
		header, authserv string
		want             bool
	}{
		"by the receiver":           {from + pass, "mx.example.com", true},
		"whatever its case":         {from + pass, "MX.Example.com", true},
		"whatever is quoted":        {from + results + `spf=pass smtp.mailfrom="a; b"@example.com; dmarc=pass header.from=example.com` + "\n", "mx.example.com", true},
		"not without one":           {from + pass, "", false},
		"not another's word":        {from + pass, "mx.example.org", false},
		"not where nobody says so":  {from, "mx.example.com", false},
		"not where it says no":      {from + results + "dmarc=fail header.from=example.com\n", "mx.example.com", false},
		"not by spf alone":          {from + results + "spf=pass\n", "mx.example.com", false},
		"the topmost counts":        {from + results + "dmarc=fail\n" + pass, "mx.example.com", false},
		"not one that is malformed": {from + "Authentication-Results: ;;\n", "mx.example.com", false},
		"not what does not end":     {from + results + `spf=softfail (x; dmarc=pass header.from=example.com` + "\n", "mx.example.com", false},
		"not of another domain":     {from + results + "dmarc=pass header.from=example.net\n", "mx.example.com", false},
		"nor of none":               {from + results + "dmarc=pass\n", "mx.example.com", false},
		"not twice":                 {from + results + "dmarc=pass header.from=example.com; dmarc=fail header.from=example.com\n", "mx.example.com", false},
		"not of several authors":    {"From: amy@example.com, eve@example.net\n" + pass, "mx.example.com", false},
		"nor of several fields":     {from + "From: eve@example.net\n" + pass, "mx.example.com", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ParseHeader([]byte(c.header + "\n")).Proven(c.authserv); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestCommentsAndQuotedStringsAreNoStructure(t *testing.T) {
	for field, want := range map[string]string{
		`a; b=c`:                    `a; b=c`,
		`a "b; c" d`:                `a _ d`,
		`a "b\" c" d`:               `a _ d`,
		`a (b; c (d; e) f) g`:       `a   g`,
		`a (b "c) d`:                `a   d`,
		`a "(b" c)`:                 `a _ c)`,
		`a (b\) c) d`:               `a   d`,
		`spf=pass (x; y) dmarc="z"`: `spf=pass   dmarc=_`,
	} {
		if got, ok := uncommented(field); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") || !ok {
			t.Errorf("%s: got %q, %v, want %q", field, got, ok, want)
		}
	}
	for _, field := range []string{`a (b`, `a "b`, `a (b (c) d`} {
		if got, ok := uncommented(field); ok {
			t.Errorf("%s: got %q, want a refusal", field, got)
		}
	}
}

func TestAHeaderIsTakenWhole(t *testing.T) {
	long := "Subject: " + strings.Repeat("x", 10_000) + "\n"
	for name, c := range map[string]struct {
		in, raw string
		err     error
	}{
		"with the line behind it":   {"A: b\r\nC: d\r\n\r\nbody", "A: b\r\nC: d\r\n\r\n", nil},
		"beyond a buffer":           {long + "\nbody", long + "\n", nil},
		"without a body":            {"A: b\n", "A: b\n", nil},
		"of nothing there is none":  {"", "", ErrNone},
		"nor of an empty line":      {"\n\nx", "\n", ErrNone},
		"nor of what has no fields": {"hello\n\nworld", "hello\n\n", ErrNone},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := TakeHeader(bufio.NewReader(strings.NewReader(c.in)))
			if string(raw) != c.raw || !errors.Is(err, c.err) {
				t.Errorf("got %q, %v, want %q, %v", raw, err, c.raw, c.err)
			}
		})
	}
}

func TestWhatIsNewInAText(t *testing.T) {
	for name, c := range map[string]struct{ text, fresh, quoted string }{
		"a text without history": {"Hello,\n\nit is broken.", "Hello,\n\nit is broken.", ""},
		"Gmail":                  {"Yes.\n\nOn Mon, Jan 5, 2026 at 10:00 AM Desk <d@e.com> wrote:\n\n> Is it?\n> Ann", "Yes.", "On Mon, Jan 5, 2026 at 10:00 AM Desk <d@e.com> wrote:\n\n> Is it?\n> Ann"},
		"Gmail, wrapped":         {"Yes.\n\nOn Mon, Jan 5, 2026 at 10:00 AM Desk Of Long Name\n<desk@example.com> wrote:\n\n> Is it?", "Yes.", "On Mon, Jan 5, 2026 at 10:00 AM Desk Of Long Name\n<desk@example.com> wrote:\n\n> Is it?"},
		"in German":              {"Ja.\n\nAm Mo., 5. Jan. 2026 um 10:00 Uhr schrieb Desk <d@e.com>:\n> Ist es?", "Ja.", "Am Mo., 5. Jan. 2026 um 10:00 Uhr schrieb Desk <d@e.com>:\n> Ist es?"},
		"Apple Mail":             {"Yes.\n\n> On 5. Jan 2026, at 10:00, Desk <d@e.com> wrote:\n> \n> Is it?", "Yes.", "> On 5. Jan 2026, at 10:00, Desk <d@e.com> wrote:\n> \n> Is it?"},
		"Thunderbird":            {"Yes.\n\nOn 05/01/26 10:00, Desk wrote:\n> Is it?", "Yes.", "On 05/01/26 10:00, Desk wrote:\n> Is it?"},
		"Yahoo":                  {"Yes.\n\nOn Monday, January 5, 2026 at 10:00:00 AM GMT+1, Desk <d@e.com> wrote:\n\nIs it?", "Yes.", "On Monday, January 5, 2026 at 10:00:00 AM GMT+1, Desk <d@e.com> wrote:\n\nIs it?"},
		"Proton":                 {"Yes.\n\nOn Monday, January 5th, 2026 at 10:00 AM, Desk <d@e.com> wrote:\n\n> Is it?", "Yes.", "On Monday, January 5th, 2026 at 10:00 AM, Desk <d@e.com> wrote:\n\n> Is it?"},
		"older Proton":           {"Yes.\n\n------- Original Message -------\nOn Monday Desk wrote:\n\n> Is it?", "Yes.", "------- Original Message -------\nOn Monday Desk wrote:\n\n> Is it?"},
		"Outlook":                {"Yes.\n\n-----Original Message-----\nFrom: Desk\nSent: Monday\n\nIs it?", "Yes.", "-----Original Message-----\nFrom: Desk\nSent: Monday\n\nIs it?"},
		"Outlook on the web":     {"Yes.\n________________________________\nFrom: Desk <d@e.com>\nSent: Monday\nTo: Ann\n\nIs it?", "Yes.", "________________________________\nFrom: Desk <d@e.com>\nSent: Monday\nTo: Ann\n\nIs it?"},
		"marks alone":            {"Yes.\n\n> Is it?", "Yes.", "> Is it?"},
		"between the lines":      {"On Monday Desk wrote:\n> Is it?\nYes.\n> Really?\nNo.", "On Monday Desk wrote:\n> Is it?\nYes.\n> Really?\nNo.", ""},
		"below":                  {"On Monday Desk wrote:\n> Is it?\n\nYes.", "On Monday Desk wrote:\n> Is it?\n\nYes.", ""},
		"what was forwarded":     {"Please see.\n\n---------- Forwarded message ---------\nFrom: Bob\nDate: Monday\n\n> x", "Please see.\n\n---------- Forwarded message ---------\nFrom: Bob\nDate: Monday\n\n> x", ""},
		"nothing but history":    {"On Monday Desk wrote:\n> Is it?", "On Monday Desk wrote:\n> Is it?", ""},
		"a sentence with From":   {"From: the cellar comes a noise.\nIt is loud.", "From: the cellar comes a noise.\nIt is loud.", ""},
		"a sentence with On":     {"On Monday it broke.\nSo I wrote: hello", "On Monday it broke.\nSo I wrote: hello", ""},
	} {
		t.Run(name, func(t *testing.T) {
			fresh, quoted := Split(c.text)
			if fresh != c.fresh || quoted != c.quoted {
				t.Errorf("got %q and %q, want %q and %q", fresh, quoted, c.fresh, c.quoted)
			}
		})
	}
	// However many lines there are, each is looked at a few times.
	many := strings.Repeat(">\n", 400_000) + "x"
	if fresh, quoted := Split(many); fresh != many || quoted != "" {
		t.Error("what is answered below is not new as a whole")
	}
	if got, want := Marked("On Monday Desk wrote:\n\n> Is it?"), "> On Monday Desk wrote:\n>\n> Is it?"; got != want {
		t.Errorf("marked: got %q, want %q", got, want)
	}
}

func TestWhatASenderWrote(t *testing.T) {
	const head = "From: a@b.c\nMIME-Version: 1.0\n"
	const mixed = head + "Content-Type: multipart/mixed; boundary=x\n\n"
	for name, c := range map[string]struct {
		in    string
		text  string
		files []File
	}{
		"plain":             {head + "\nHello\r\n\r\nthere\x07.\n", "Hello\n\nthere.", nil},
		"another charset":   {head + "Content-Type: text/plain; charset=windows-1252\nContent-Transfer-Encoding: quoted-printable\n\nDr=FCcker =80\n", "Drücker €", nil},
		"a charset of Asia": {head + "Content-Type: text/plain; charset=shift_jis\nContent-Transfer-Encoding: base64\n\ng2WDWINn\n", "テスト", nil},
		"plain is preferred": {head + "Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\nplain\n--x\nContent-Type: text/html\n\n<b>html</b>\n--x--\n",
			"plain", nil},
		"else HTML as text":     {head + "Content-Type: text/html\n\n<style>p{}</style><script>alert(1)</script><p>One &amp; two</p><p>three</p>\n", "One & two\n\nthree", nil},
		"a part without a type": {head + "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nSee.\n--x\nContent-Type: image/gif\n\nGIF89a\n--x--\n", "See.", []File{{Name: "attachment.gif", Type: "image/gif", Bytes: []byte("GIF89a")}}},
		"with a file": {head + "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nSee.\n--x\nContent-Type: image/png\nContent-Disposition: attachment; filename=\"=?utf-8?q?bl=C3=A4tt.png?=\"\nContent-Transfer-Encoding: base64\n\nAAEC\n--x--\n",
			"See.", []File{{Name: "blätt.png", Type: "image/png", Bytes: []byte{0, 1, 2}}}},
		"a file without a type": {mixed + "--x\nContent-Type: text/plain\n\nSee.\n--x\nContent-Disposition: attachment; filename=run it.bat\n\nformat c:\n--x--\n",
			"See.", []File{{Name: "run it.bat", Type: "text/plain", Bytes: []byte("format c:")}}},
		"a file alone": {head + "Content-Disposition: attachment; filename=log.txt\n\nSo it is.\n", "", []File{{Name: "log.txt", Type: "text/plain", Bytes: []byte("So it is.\n")}}},
		"an empty file": {mixed + "--x\nContent-Type: text/plain\n\nSee.\n--x\nContent-Type: image/png\nContent-Disposition: attachment; filename=a.png\n\n--x--\n",
			"See.", []File{{Name: "a.png", Type: "image/png"}}},
		"a file that breaks off": {mixed + "--x\nContent-Type: text/plain\n\nSee.\n--x\nContent-Type: image/png\nContent-Disposition: attachment; filename=a.png\nContent-Transfer-Encoding: base64\n\nAAECA\n--x--\n",
			"See.", []File{{Name: "a.png", Type: "image/png", Bytes: []byte{0, 1, 2}}}},
		"a text file that breaks off": {mixed + "--x\nContent-Type: text/plain\n\nSee.\n--x\nContent-Type: text/csv; charset=utf-8\nContent-Disposition: attachment; filename=a.csv\nContent-Transfer-Encoding: base64\n\nYSxiL\n--x--\n",
			"See.", []File{{Name: "a.csv", Type: "text/csv", Bytes: []byte("a,b")}}},
		"a file that cannot be read": {mixed + "--x\nContent-Type: text/plain\n\nSee.\n--x\nContent-Type: image/png\nContent-Disposition: attachment; filename=a.png\nContent-Transfer-Encoding: base64\n\n%%%%\n--x--\n",
			"See.", []File{{Name: "a.png", Type: "image/png", Lost: true}}},
		"with a picture in the text": {head + "Content-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html\n\n<img src=cid:1>Look\n--x\nContent-Type: image/gif\nContent-ID: <1>\n\nGIF89a\n--x--\n",
			"Look", []File{{Name: "attachment.gif", Type: "image/gif", Bytes: []byte("GIF89a")}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(Content{Text: c.text, Files: c.files}, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
