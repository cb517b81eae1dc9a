// Package prose wraps the docs that are made of the code, as those that are not.
package prose

import (
	"strings"
	"unicode/utf8"
)

// Width is the longest line of prose, in characters.
const Width = 100

// Wrap breaks lines of Markdown that are longer than Width at spaces outside of code.
// What goes on in an entry of a list is indented; rows of tables, headings and what
// stands between fences stay as they are, and so does what has no space.
func Wrap(text string) string {
	var wrapped strings.Builder
	fenced := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if fenced || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "#") {
			wrapped.WriteString(line)
			continue
		}
		indent := ""
		if strings.HasPrefix(line, "- ") {
			indent = "  "
		}
		length := 0
		for i, word := range words(strings.TrimSuffix(line, "\n")) {
			n := utf8.RuneCountInString(word)
			switch {
			case i == 0:
			case length+1+n > Width:
				wrapped.WriteString("\n" + indent)
				length = len(indent)
			default:
				wrapped.WriteString(" ")
				length++
			}
			wrapped.WriteString(word)
			length += n
		}
		if strings.HasSuffix(line, "\n") {
			wrapped.WriteString("\n")
		}
	}
	return wrapped.String()
}

// words returns what is between the spaces of a line; code in backquotes stays whole.
func words(line string) (all []string) {
	open := false
	for _, word := range strings.Split(line, " ") {
		if open {
			all[len(all)-1] += " " + word
		} else {
			all = append(all, word)
		}
		open = open != (strings.Count(word, "`")%2 == 1)
	}
	return all
}
