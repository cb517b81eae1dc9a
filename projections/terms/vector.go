package terms

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// weighed is how many bytes of a text search vector count as one character: of the 1 MB
// that one may have, 100,000 characters then take no more, whatever they are.
const weighed = 10

// differentMost is how many different terms of a text are kept, the first: each is an
// entry of an index, and a text of Chinese has nearly as many as characters.
const differentMost = 5_000

// vector is a text search vector in the making.
type vector struct {
	different map[string]struct{} // terms
	text      strings.Builder
	at        int // place of the last word
	bytes     int // that Postgres needs at most
}

// Vector returns the terms of a text, as Postgres reads a tsvector, up to differentMost, and how much of the
// room of a ticket it takes: its characters, or more where their terms are long.
func Vector(text string, title bool) (terms string, size int) {
	v := vector{different: map[string]struct{}{}}
	all := words(fold(text))
	common := title || !slices.ContainsFunc(all, func(w word) bool { return !w.common() })
	var before word // that the next one may be joined to
	for _, w := range all {
		if v.full() {
			break
		}
		if w.run {
			v.run(w)
			before = w
			continue
		}
		stem := w.stem()
		v.at++
		if common || !w.common() {
			v.add(stem, true)
			if w.dashed {
				v.add(dashed(stem), false)
			}
		}
		if w.joined && !before.run && (common || !before.common() || !w.common()) {
			v.add(pair(before.stem(), stem), true)
		}
		before = w
	}
	return v.text.String(), max(utf8.RuneCountInString(text), v.bytes/weighed)
}

// run adds a word of a script without spaces.
func (v *vector) run(w word) {
	pairs, last := w.neighbours()
	for i, term := range append(pairs, last) {
		if v.full() {
			break
		}
		v.at++
		v.add(term, true)
		if w.dashed && i == 0 {
			v.add(dashed(term), false)
		}
	}
}

func (v *vector) full() bool { return len(v.different) >= differentMost }

// dashed returns what is kept of the term of a word and the dash before it.
func dashed(term string) string { return "-" + term }

// add adds a term, which has neither ' nor \ in it.
func (v *vector) add(term string, placed bool) {
	v.different[term] = struct{}{}
	if v.text.Len() > 0 {
		v.text.WriteByte(' ')
	}
	v.text.WriteString("'" + term + "'")
	v.bytes += len(term)
	if placed {
		v.text.WriteString(":" + strconv.Itoa(v.at))
		v.bytes += len(term)%2 + 4
	}
}
