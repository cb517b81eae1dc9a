package user

import (
	"slices"
	"unicode"
)

// writings are the scripts that are written together (Unicode Technical Standard 39,
// §5.2, "Highly Restrictive").
var writings = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"},
	{"Latin", "Han", "Bopomofo"},
	{"Latin", "Han", "Hangul"},
}

// oneWriting reports whether all of a name is of one script, or of scripts
// that are written together. Others are mixed by who wants a name to look like
// another: a Cyrillic а in a Latin name is seen by nobody.
func oneWriting(name string) bool {
	scripts := scriptsOf(name)
	return len(scripts) <= 1 || slices.ContainsFunc(writings, func(together []string) bool {
		return !slices.ContainsFunc(scripts, func(s string) bool { return !slices.Contains(together, s) })
	})
}

// SameScript reports whether two names have a script in common, or one of them has no
// letters of any.
func SameScript(name, other string) bool {
	scripts, others := scriptsOf(name), scriptsOf(other)
	return len(scripts) == 0 || len(others) == 0 || slices.ContainsFunc(scripts, func(s string) bool { return slices.Contains(others, s) })
}

// scriptsOf returns the names of the scripts of a text.
func scriptsOf(text string) (scripts []string) {
	for _, r := range text {
		if s := scriptOf(r); s != "" && !slices.Contains(scripts, s) {
			scripts = append(scripts, s)
		}
	}
	return scripts
}

// scriptOf returns the name of the script of r, "" for signs and digits that
// all scripts share.
func scriptOf(r rune) string {
	for name, letters := range unicode.Scripts { // of which it is in one
		if unicode.Is(letters, r) {
			if letters == unicode.Common || letters == unicode.Inherited {
				return ""
			}
			return name
		}
	}
	return ""
}
