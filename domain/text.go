package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Erased stands where a text of somebody who was erased stood.
const Erased = "[erased]"

// Redacted stands where a text stood that was destroyed for good.
const Redacted = "[redacted]"

// Withdrawn stands where a text stood that was removed, or that was another before
// an edit, for those who are not shown it.
const Withdrawn = "[withdrawn]"

// Line returns s trimmed when it is a single line of 1 to max characters, of which
// one can be seen, without control characters, and otherwise [ErrRequired], [ErrTooLong] or
// [ErrCharacter] on field.
func Line(field, s string, max int) (string, error) {
	return text(field, s, max, func(r rune) bool { return unicode.IsControl(r) })
}

// Text is [Line] for several lines: line breaks and tabs are allowed.
func Text(field, s string, max int) (string, error) {
	return text(field, s, max, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})
}

func text(field, s string, max int, refused func(rune) bool) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", ErrRequired.On(field)
	}
	if utf8.RuneCountInString(s) > max {
		return "", ErrTooLong.With("at most %d characters are allowed", max).On(field)
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, refused) {
		return "", ErrCharacter.On(field)
	}
	if !Visible(s) {
		return "", ErrRequired.With("a value that can be seen is required").On(field)
	}
	return s, nil
}

// unseen are characters that show nothing by themselves: spaces, controls, formats,
// marks, fillers.
var unseen = []*unicode.RangeTable{
	unicode.Z, unicode.Cc, unicode.Cf, unicode.Mn, unicode.Me,
	unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector,
}

// blank is braille without a dot, which Unicode has as a sign.
const blank = '\u2800'

// Visible reports whether there is something to see in s.
func Visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r != blank && !unicode.In(r, unseen...) })
}
