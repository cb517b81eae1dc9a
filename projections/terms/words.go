package terms

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
)

// wordMost is how many characters of a word are looked at.
const wordMost = 64

// word is a word of a folded text.
type word struct {
	text   string
	run    bool // of a script without spaces
	joined bool // to the word before: no space is between them
	dashed bool // a dash is before it, and before that a space or nothing
	ends   int  // where the text goes on
}

// class is what a character is to words.
type class int

const (
	mark  class = iota // parts words
	space              // parts words that are not joined
	plain              // is of a word
	run                // is of a script without spaces
)

// scripts are those written without spaces, or, as Korean, with endings that are
// not parted from the word.
var scripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
}

// longVowel is of Hiragana and Katakana both.
const longVowel = 'ー'

func classOf(r rune) class {
	switch {
	case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
		return plain
	case unicode.IsSpace(r):
		return space
	case r < utf8.RuneSelf:
		return mark
	case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
		if r == longVowel || unicode.In(r, scripts...) {
			return run
		}
		return plain
	case r >= 0x2600 && unicode.Is(unicode.So, r): // emoji
		return run
	}
	return mark
}

// betweenDigits reports whether two digits are before a place in a text, and two behind:
// a T parts date and time there.
func betweenDigits(text string, at int) bool {
	if at < 2 || at+2 >= len(text) {
		return false
	}
	for _, i := range []int{at - 2, at - 1, at + 1, at + 2} {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// possessive reports whether a word is no more than an ending of the one before it, as
// in lisa's.
func possessive(before, word string) bool {
	return word == "s" && (strings.HasSuffix(before, "'") || strings.HasSuffix(before, "’"))
}

// words returns the words of a folded text.
func words(text string) (all []word) {
	var w word
	start, was, before := 0, space, -1 // before is where the last space was
	end := func(at int) {
		if was == plain && possessive(text[:start], text[start:at]) {
			return
		}
		if was == plain || was == run {
			w.text, w.run, w.ends = text[start:at], was == run, at
			all = append(all, w)
			w = word{joined: true}
		}
	}
	for at, r := range text {
		is := classOf(r)
		if r == 't' && betweenDigits(text, at) {
			is = mark
		}
		if is == was && (is == plain || is == run) {
			continue
		}
		end(at)
		switch start = at; is {
		case space:
			w, before = word{}, at+utf8.RuneLen(r)-1
		case plain, run:
			w.dashed = at == before+2 && text[at-1] == '-'
		}
		was = is
	}
	end(len(text))
	return all
}

// stem returns a word without its English ending.
func (w word) stem() string {
	for i := range len(w.text) {
		if c := w.text[i]; c < 'a' || c > 'z' {
			return w.cut()
		}
	}
	return english.Stem(w.cut(), false)
}

// common reports whether nearly all texts have the word.
func (w word) common() bool { return !w.run && english.IsStopWord(w.text) }

// cut returns as much of a word as is looked at.
func (w word) cut() string {
	n := 0
	for at := range w.text {
		if n++; n > wordMost {
			return w.text[:at]
		}
	}
	return w.text
}

// pair returns what is kept of two words that are joined.
func pair(first, second string) string { return first + " " + second }

// neighbours returns each two neighbouring characters of a word of a script without
// spaces, and its last.
func (w word) neighbours() (pairs []string, last string) {
	all := []rune(w.text)
	for i := range len(all) - 1 {
		pairs = append(pairs, string(all[i:i+2]))
	}
	return pairs, string(all[len(all)-1])
}
