package terms

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// termsMost is how many terms of a search are looked for: the first.
const termsMost = 32

// beginsWith is how many characters a word has to have for others to be found by it.
const beginsWith = 2

// query is a search as Postgres reads it, in the making.
type query struct {
	rest  string   // of the search
	loose bool     // whether a space is before it, or nothing
	parts []string // of which all have to be there
	some  []string // of which one has to: each made of parts
	terms int

	common bool // whether words that nearly all texts have are looked for
}

// Query returns a search as Postgres reads a tsquery: all words of it, "a phrase", or,
// -without. It is "" for a search without words. The last word stands for all that
// begin with it, unless something follows. Words that nearly all texts have count where
// there is no other.
func Query(search string) string {
	folded := strings.TrimSpace(fold(search))
	q := query{}
	if some := q.of(folded); some != "" {
		return some
	}
	q = query{common: true}
	return q.of(folded)
}

// of returns the query for a folded search.
func (q *query) of(search string) string {
	q.rest, q.loose = search, true
	for q.rest != "" && q.terms < termsMost {
		if part := q.next(); part != "" {
			q.parts = append(q.parts, part)
		}
		rest := strings.TrimLeftFunc(q.rest, unicode.IsSpace)
		q.rest, q.loose = rest, len(rest) < len(q.rest)
	}
	q.either()
	return strings.Join(q.some, " | ")
}

// either ends what one or has on its left.
func (q *query) either() {
	if len(q.parts) > 0 {
		q.some, q.parts = append(q.some, strings.Join(q.parts, " & ")), nil
	}
}

// next takes the next part off the search. It is "" where there is no word in it.
func (q *query) next() string {
	chunk, rest := q.rest, ""
	if at := strings.IndexFunc(q.rest, unicode.IsSpace); at >= 0 {
		chunk, rest = q.rest[:at], q.rest[at:]
	}
	if chunk == "or" && len(q.parts) > 0 && rest != "" {
		q.rest = rest
		q.either()
		return ""
	}
	bare, without := strings.CutPrefix(q.rest, "-")
	without = without && q.loose
	if phrase, after, ok := quoted(bare); ok && (without || len(bare) == len(q.rest)) {
		q.rest = after
		return not(without, q.phrase(words(phrase)), "")
	}
	q.rest = rest
	list := words(chunk)
	if len(list) == 0 {
		return ""
	}
	without = without && list[0].dashed
	open := rest == "" && !without && list[len(list)-1].ends == len(chunk)
	return not(without, q.all(list, open), list[0].first())
}

// quoted returns what is between the quotes that a text begins with, and what follows.
func quoted(text string) (phrase, after string, ok bool) {
	if bare, is := strings.CutPrefix(text, `"`); is {
		return strings.Cut(bare, `"`)
	}
	return "", "", false
}

// not returns a part that must not be there, if so. A text that has the dash of the
// search before the same word is found all the same: the search was copied from it.
func not(without bool, part, first string) string {
	switch {
	case !without || part == "":
		return part
	case first == "":
		return "!(" + part + ")"
	}
	return "(!(" + part + ") | " + term(dashed(first)) + ")"
}

// first returns the first term of a word.
func (w word) first() string {
	if !w.run {
		return w.stem()
	}
	pairs, last := w.neighbours()
	return append(pairs, last)[0]
}

// all returns words that no space parts: neighbours by two, the others alone. If open,
// the last stands for all that begin with it.
func (q *query) all(list []word, open bool) string {
	var all []string
	for i, w := range list {
		if q.terms >= termsMost {
			break
		}
		before, after := i > 0 && !list[i-1].run, i+1 < len(list) && !list[i+1].run
		begins := open && i+1 == len(list)
		switch {
		case w.run:
			all = append(all, q.run(w)...)
			continue
		case before && !q.common && list[i-1].common() && w.common():
			continue // nor is it kept
		case before:
			all = append(all, joined(list[i-1].stem(), w, begins))
		case after, !q.common && w.common():
			continue // it is with that one, or not looked for
		default:
			all = append(all, whole(w, begins && utf8.RuneCountInString(w.text) >= beginsWith))
		}
		q.terms++
	}
	return strings.Join(all, " & ")
}

// whole returns a word by its stem, a number by the ticket that has it, too. If it stands
// for those that begin with it, it is looked for by what it is, and by the stems of words
// of which it has more than that.
func whole(w word, begins bool) string {
	stem := w.stem()
	some := []string{term(stem)}
	if begins {
		some = beginning(w.cut(), append(longer(w.cut()), stem))
	}
	if number, ok := numberOf(w.text); ok {
		some = append(some, term(number))
	}
	return anyOf(some)
}

// joined is whole for a word after one that it is joined to.
func joined(before string, w word, begins bool) string {
	stem := pair(before, w.stem())
	if !begins {
		return term(stem)
	}
	return anyOf(beginning(pair(before, w.cut()), []string{stem}))
}

// endings are those of English that stems do without.
var endings = []string{
	"able", "ance", "ation", "ator", "ed", "ence", "es", "ible", "ies", "ing", "ion", "ions", "ities", "ity", "ive", "ization", "ize",
	"izing", "ment", "ments", "ness",
}

// longer returns the stems of words that have the beginning of an ending where w ends.
func longer(w string) (stems []string) {
	for _, ending := range endings {
		for n := 1; n < len(ending); n++ {
			if strings.HasSuffix(w, ending[:n]) {
				if stem := (word{text: w + ending[n:]}).stem(); len(stem) < len(w) {
					stems = append(stems, stem)
				}
			}
		}
	}
	return stems
}

// beginning returns what begins so, and those of some stems that do not.
func beginning(with string, stems []string) []string {
	slices.Sort(stems)
	some := []string{term(with) + ":*"}
	for _, stem := range slices.Compact(stems) {
		if !strings.HasPrefix(stem, with) {
			some = append(some, term(stem))
		}
	}
	return some
}

// anyOf returns terms of which one has to be there.
func anyOf(some []string) string {
	if len(some) == 1 {
		return some[0]
	}
	return "(" + strings.Join(some, " | ") + ")"
}

// run returns the terms of a word of a script without spaces.
func (q *query) run(w word) (all []string) {
	pairs, last := w.neighbours()
	if len(pairs) == 0 {
		q.terms++
		return []string{alone(last)}
	}
	for _, p := range pairs {
		all = append(all, term(p))
	}
	q.terms += len(all)
	return all
}

// alone returns the term of one character: it may be the first of two, or the last.
func alone(character string) string { return term(character) + ":*" }

// phrase returns words at the places they have in a text.
func (q *query) phrase(list []word) string {
	var b strings.Builder
	at, last := 0, 0
	add := func(t string) {
		if at++; last > 0 {
			fmt.Fprintf(&b, " <%d> ", at-last)
		}
		b.WriteString(t)
		last = at
		q.terms++
	}
	for _, w := range list {
		if q.terms >= termsMost {
			break
		}
		if !w.run && (q.common || !w.common()) {
			add(term(w.stem()))
			continue
		}
		if !w.run {
			at++
			continue
		}
		pairs, last := w.neighbours()
		if len(pairs) == 0 {
			add(alone(last))
			continue
		}
		for _, p := range pairs {
			add(term(p))
		}
		at++ // the last character has a place of its own
	}
	return b.String()
}

// term returns a term, which has neither ' nor \ in it, as part of a query.
func term(t string) string { return "'" + t + "'" }
