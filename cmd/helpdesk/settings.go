package main

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// setting is a member of [Config] as its documentation shows it.
type setting struct{ name, fallback, description string }

// settings returns every member of [Config], in order.
func settings() []setting {
	var all []setting
	for field := range reflect.TypeFor[Config]().Fields() {
		all = append(all, setting{
			name: prefix + "_" + upperSnake(field.Name), fallback: field.Tag.Get("default"), description: field.Tag.Get("desc"),
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

// configDocument is the text of docs/config.md.
func configDocument() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\n" +
		"Every setting is an environment variable; each has a default, so none is needed.\n" +
		"A value that is not allowed stops the start with a line that names it.\n" +
		"This page is made from the `Config` struct in `cmd/helpdesk/config.go`; a test keeps it true.\n\n" +
		"| variable | default | what it sets |\n|---|---|---|\n")
	for _, s := range settings() {
		fallback := "(empty)"
		if s.fallback != "" {
			fallback = "`" + s.fallback + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.name, fallback, s.description)
	}
	return b.String()
}
