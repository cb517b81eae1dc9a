package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// line makes s fit to stand in a header or within a sentence: one line of
// UTF-8 without control characters, of at most max characters. What turns the
// direction of the text that follows (UAX #9 §2.1 to §2.4) is left out, so that
// a title cannot reorder what stands around it.
func line(s string, max int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u2028' || r == '\u2029' || unicode.IsControl(r):
			return ' '
		case '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	// A run of spaces can be folded to a line of nothing but spaces, which some
	// take for the end of the header.
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
	if utf8.RuneCountInString(s) <= max {
		return s
	}
	return string([]rune(s)[:max-1]) + "…"
}

// text makes s fit to stand as paragraphs of its own: UTF-8 with "\n" between
// lines and, but for tabs, without control characters.
func text(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(s, "\ufffd"))
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

// defuse breaks what a mail client would decode as an encoded-word (RFC 2047
// §2), so that a title in a header reads as it was typed. It is only needed,
// and only seen, where a title of plain ASCII looks like one.
func defuse(s string) string {
	if strings.Contains(s, "=?") && strings.Contains(s, "?=") {
		return strings.ReplaceAll(s, "=?", "= ?")
	}
	return s
}

// ascii reports whether s is of ASCII alone.
func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
