package readmodels

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/kljensen/snowball/english"

	"helpdesk/domain/ticket"
	"helpdesk/test/kit"
)

// pasted are texts as people have them, each with what else finds it, and what does not.
var pasted = []struct {
	text string
	also []string
	not  []string
}{
	{"Cannot open https://intranet.example.net/wiki/start?page=7#top", []string{"intranet", "intranet.example.net", "intranet.exam", "wiki/start", "https://intranet.example.net"}, []string{"net.example", "start/wiki"}},
	{"INV-00417 was paid twice", []string{"inv-00417", "INV-004", "00417", "INV 00417"}, []string{"00417-INV", "0417"}},
	{"See rechnung_2024.pdf", []string{"rechnung", "Rechnung_2024", "2024.pdf", "rechn"}, nil},
	{"Mail to lisa@example.net bounces", []string{"lisa", "lisa@", "@example.net", "lisa@exa"}, []string{"anna@example.net"}},
	{"It says <printer jam> and [tray 2]", []string{"<printer jam>", "jam>", "tray", `"printer jam"`}, []string{`"jam printer"`}},
	{"重启打印机以后还是不行", []string{"打印机", "打印", "机", "行", "打印机 重启", `"重启打印机"`}, []string{"机印"}},
	{"プリンターが動かない", []string{"プリンター", "ﾌﾟﾘﾝﾀｰ", "動かない"}, []string{"スキャナー"}},
	{"เครื่องพิมพ์ไม่ทำงาน", []string{"พิมพ์", "เครื่องพิมพ์"}, nil},
	{"프린터가 고장났어요", []string{"프린터 고장", "프린터가"}, nil},
	{"الطابعة لا تَعْمَلُ منذ ٢٠٢٤", []string{"الطابعة", "تعمل", "2024"}, nil},
	{"It is not on, is it?", []string{"it", "is it", "on", "is not on"}, nil},
	{"Café in Łódź: Übergröße für Señor Núñez", []string{"cafe", "lodz", "ubergrosse", "ÜBERGRÖSSE", "senor nunez", "Nu\u0301n\u0303ez"}, nil},
	{"Cafe\u0301 of İstanbul, Straße 5", []string{"café", "istanbul", "ISTANBUL", "strasse", "STRASSE 5"}, nil},
	{"Ｆｕｌｌ width １２３４５", []string{"full", "12345", "１２３４５"}, nil},
	{`Path C:\Users\Ann\My Documents\report.docx is gone`, []string{`C:\Users`, `report.docx`, "Users", `\\Users\Ann`, "docx"}, nil},
	{`Share \\srv-01\team$ asks for a password`, []string{`\\srv-01\team$`, "srv-01", "team$", "srv"}, nil},
	{"Update fails with 0x80070005 (E_ACCESSDENIED)", []string{"0x80070005", "0X80070005", "0x8007", "E_ACCESSDENIED", "accessdenied"}, []string{"0x80070006"}},
	{"Needs version 1.2.3-rc.1+build.5 or 10.4", []string{"1.2.3", "1.2.3-rc.1", "10.4", "build.5"}, []string{"1.3.2", "2.1"}},
	{"MAC 00:1A:2B:3C:4D:5E of 10.20.30.40 and fe80::1ff:fe23", []string{"00:1a:2b:3c:4d:5e", "1A:2B", "10.20.30.40", "10.20.30", "fe80::1ff:fe23"}, []string{"10.20.40.30", "20.10"}},
	{"The e-mail-gateway of O'Neill’s don't work", []string{"e-mail", "gateway", "o'neill", "O’Neill", "neill", "don’t", "e-mails"}, nil},
	{`He said "burnt toast" -- twice; use --force or -v`, []string{`"burnt toast"`, "--force", "use --force"}, []string{`"toast burnt"`}},
	{"rm -rf /tmp/x deletes -5 degrees", []string{"rm -rf", "-rf /tmp/x", "/tmp/x"}, []string{"-degrees"}},
	{"2026-11-29T12:59:07.123Z ERROR [pool-1] c.e.Main$Inner(Main.java:42) - NullPointerException: id=7f3a, user=ann, retries=3, took=15ms; at a.b.c.D.e(D.java:1) at f.g.h.I.j(I.java:2) at k.l.m.N.o(N.java:3) and no more",
		[]string{"12:59:07", "Main.java:42", "NullPointerException", "NullPointer", "retries=3", "user=ann"}, []string{"user=bob"}},
	{"🔥🔥 server room 🔥", []string{"🔥", "🔥🔥", "server"}, []string{"🧊"}},
	{"sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", []string{"9f86d081", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}, nil},
	{"Plan B: item #12, 50% off & more", []string{"b", "#12", "50%", "plan b", "Plan B:"}, nil},
	{"Soft\u00adhyphen and zero\u200bwidth", []string{"softhyphen", "zerowidth", "Soft\u00adhyphen"}, nil},
}

func TestWhatIsCopiedFromATextFindsIt(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	ann := everybody["ann"].ID
	for i, p := range pasted {
		for number, texts := range map[int][2]string{1000 + i: {p.text, "…"}, 2000 + i: {"…", p.text}} {
			d.append(t, kit.NewID(), 0, time.Time{}, ticket.Opened{
				Number: int64(number), Title: texts[0], Description: texts[1], Priority: ticket.Low, CreatedBy: ann, OpenedBy: ann,
			})
		}
	}
	d.project(t, fresh)
	for i, p := range pasted {
		// Descriptions are not found by words alone that nearly all texts have.
		finds := func(q string) (title, description bool) {
			found := searched(t, d, "rob", q)
			return slices.Contains(found, int64(1000+i)), slices.Contains(found, int64(2000+i)) || common(q)
		}
		parts := strings.FieldsFunc(p.text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.Cf) })
		whole := []string{p.text, p.text + "\n", "  " + p.text + "…", strings.ToUpper(p.text)}
		runes := []rune(p.text)
		for at := range runes { // copied from anywhere to anywhere, as far as a space
			if at > 0 && unicode.IsSpace(runes[at-1]) {
				whole = append(whole, string(runes[at:]), string(runes[:at]))
			}
		}
		for _, q := range slices.Concat(whole, strings.Fields(p.text), parts, p.also) {
			if q == "s" { // an ending
				continue
			}
			if strings.HasPrefix(q, "-") && !slices.Contains(p.also, q) || !strings.ContainsFunc(q, found) {
				continue
			}
			if title, description := finds(q); !title || !description {
				t.Errorf("%q does not find %q: as a title %v, as a description %v", q, p.text, title, description)
			}
		}
		for _, q := range p.not {
			if title, description := finds(q); title || description {
				t.Errorf("%q finds %q", q, p.text)
			}
		}
	}
	for _, q := range []string{"", " ", "?!", "-", `""`, "…", "<>", "((( & | ! :* '' \" \\"} {
		if got := searched(t, d, "rob", q); got != nil && q != "" {
			t.Errorf("%q finds %v", q, got)
		}
	}
}

// common reports whether a search has only words that nearly all texts have.
func common(q string) bool {
	return !slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(q), func(r rune) bool { return !found(r) }),
		func(w string) bool { return !english.IsStopWord(w) })
}

// found reports whether a search finds a character.
func found(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.So) }
