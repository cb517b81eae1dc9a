package config

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// Setting is a member of [Config] as its documentation shows it.
type Setting struct{ Name, Default, Description string }

// Settings returns every member of [Config], in order.
func Settings() []Setting {
	var all []Setting
	for field := range reflect.TypeFor[Config]().Fields() {
		all = append(all, Setting{
			Name: Prefix + "_" + upperSnake(field.Name), Default: field.Tag.Get("default"), Description: field.Tag.Get("desc"),
		})
	}
	return all
}

// upperSnake turns DatabaseURL into DATABASE_URL, as envconfig's split_words.
func upperSnake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		startsWord := i > 0 && unicode.IsUpper(r) &&
			(unicode.IsLower(runes[i-1]) || (i+1 < len(runes) && unicode.IsLower(runes[i+1])))
		if startsWord {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

// Document is the text of docs/config.md.
func Document() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\n" +
		"Every setting is an environment variable; each has a default, so none is needed.\n" +
		"A value that is not allowed stops the start with a line that names it.\n" +
		"This page is made from the `Config` struct in `cmd/helpdesk/config/config.go`; a test keeps it true.\n\n" +
		"| variable | default | what it sets |\n|---|---|---|\n")
	for _, s := range Settings() {
		fallback := "(empty)"
		if s.Default != "" {
			fallback = "`" + s.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, fallback, s.Description)
	}
	return b.String()
}
