package eml

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzAMessage reads any bytes: what is made of them can be stored and shown.
func FuzzAMessage(f *testing.F) {
	f.Add([]byte("From: =?utf-8?q?A?= <a@b.c>\r\nSubject: x\x00\x9f\r\nDate: x\r\nReferences: <1@x> <\r\n\r\nHi\r\n> quoted\r\n"))
	f.Add([]byte("From a\nTo: g: a@b.c, ;\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html; charset=x\n\n<p>\xff&#x0;\n--x\nContent-Transfer-Encoding: base64\n\n!!\n--x"))
	f.Add([]byte("Content-Type: multipart/alternative; boundary=\"\"\n\n----\n\n"))
	f.Add([]byte("Content-Type: message/rfc822\nAuthentication-Results: a; dmarc=\n\nContent-Type: text/plain; charset=utf-16\n\n\xfe\xff\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h := ParseHeader(raw)
		said := []string{h.Get("Subject"), h.From().Name, h.From().Address, h.MessageID(), strings.Join(h.References(), " "), h.AutoSubmitted(), h.List()}
		for _, a := range h.Recipients() {
			said = append(said, a.Address)
		}
		h.Date()
		h.Proven("a")
		c, err := Read(raw)
		if err != nil {
			return
		}
		for _, text := range append(said, strings.ReplaceAll(strings.ReplaceAll(c.Text+c.Quoted, "\n", ""), "\t", "")) {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%q is not text", text)
			}
		}
	})
}
