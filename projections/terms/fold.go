package terms

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fold returns a text as searches compare it.
func fold(text string) string {
	if isASCII(text) {
		return strings.ToLower(text)
	}
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range norm.NFKD.String(text) {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(unicode.ToLower(r))
		case unicode.In(r, unseen...):
		case unicode.Is(unicode.Nd, r):
			b.WriteRune(digit(r))
		default:
			r = unicode.ToLower(r)
			if letters, ok := plainer[r]; ok {
				b.WriteString(letters)
			} else {
				b.WriteRune(r)
			}
		}
	}
	return norm.NFC.String(b.String()) // for the scripts whose marks were kept
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// unseen are the marks that are left out: accents, the points and vowel marks of Hebrew
// and Arabic, the Arabic line that lengthens words, and what only tells how to show text.
var unseen = []*unicode.RangeTable{unicode.Cf, unicode.Variation_Selector, {
	R16: []unicode.Range16{
		{Lo: 0x0300, Hi: 0x036f, Stride: 1},
		{Lo: 0x0591, Hi: 0x05bd, Stride: 1},
		{Lo: 0x05bf, Hi: 0x05c1, Stride: 2},
		{Lo: 0x05c2, Hi: 0x05c4, Stride: 2},
		{Lo: 0x05c5, Hi: 0x05c7, Stride: 2},
		{Lo: 0x0610, Hi: 0x061a, Stride: 1},
		{Lo: 0x0640, Hi: 0x0640, Stride: 1},
		{Lo: 0x064b, Hi: 0x065f, Stride: 1},
		{Lo: 0x0670, Hi: 0x0670, Stride: 1},
	},
}}

// plainer are letters for which people type others, beside those with accents.
var plainer = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'þ': "th", 'ð': "d", 'đ': "d", 'ø': "o", 'ł': "l", 'ħ': "h", 'ŧ': "t", 'ı': "i", 'ς': "σ",
}

// digit returns a decimal digit of any script as that of ASCII. The digits of a script
// follow each other, from 0 on.
func digit(r rune) rune {
	for _, of := range unicode.Nd.R16 {
		if lo := rune(of.Lo); lo <= r && r <= rune(of.Hi) {
			return '0' + (r-lo)%10
		}
	}
	for _, of := range unicode.Nd.R32 {
		if lo := rune(of.Lo); lo <= r && r <= rune(of.Hi) {
			return '0' + (r-lo)%10
		}
	}
	return r
}
