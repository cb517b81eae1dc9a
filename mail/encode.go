package mail

import (
	"fmt"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"
)

// wordMax bounds an encoded-word. RFC 2047 §2 lets it have 75 characters; a shorter one
// leaves room for the name of the field on the first line, which is empty else.
const wordMax = 60

// encoded returns a text beyond ASCII as encoded-words (RFC 2047 §4.2), a space between
// them; a text of ASCII as it is, with what looks like one defused.
func encoded(s string) string {
	s = defuse(s)
	if ascii(s) {
		return s
	}
	const begin, end = "=?UTF-8?q?", "?="
	var words []string
	word := begin
	for _, r := range s {
		q := quoted(r)
		if len(word)+len(q)+len(end) > wordMax {
			words = append(words, word+end)
			word = begin
		}
		word += q
	}
	return strings.Join(append(words, word+end), " ")
}

// quoted returns a character as it stands within an encoded-word, of a name too
// (RFC 2047 §5 (3)).
func quoted(r rune) string {
	switch {
	case r == ' ':
		return "_"
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return string(r)
	}
	var b strings.Builder
	for _, octet := range []byte(string(r)) {
		fmt.Fprintf(&b, "=%02X", octet)
	}
	return b.String()
}

// mailbox returns an address with its name as a header has it.
func mailbox(a mail.Address) string {
	if ascii(a.Name) {
		return a.String()
	}
	return encoded(a.Name) + " " + (&mail.Address{Address: a.Address}).String()
}

// withALabels returns an address with a domain beyond ASCII as A-labels (RFC 5890
// §2.3.2.1), which every server takes; any other as it is.
func withALabels(address string) string {
	at := strings.LastIndex(address, "@")
	if at < 0 || ascii(address[at:]) {
		return address
	}
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil {
		return address
	}
	return address[:at+1] + domain
}
