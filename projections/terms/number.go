package terms

import (
	"strconv"
	"strings"
)

// Number returns the number of a ticket, if a search is that and nothing else, with or
// without a # before it.
func Number(search string) (number int64, ok bool) {
	digits := strings.TrimPrefix(strings.TrimSpace(fold(search)), "#")
	if strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	number, err := strconv.ParseInt(digits, 10, 64)
	return number, err == nil
}

// OfNumber returns the term of a ticket's number, as [Vector] those of a text: it is found
// by all of it, and not by its beginning.
func OfNumber(number int64) string { return term(ticketOf(number)) + ":1" }

func ticketOf(number int64) string { return "#" + strconv.FormatInt(number, 10) }

// numberOf returns the term of the ticket whose number a word is.
func numberOf(word string) (term string, ok bool) {
	number, ok := Number(word)
	return ticketOf(number), ok
}
