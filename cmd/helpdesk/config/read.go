package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kelseyhightower/envconfig"
)

// Prefix is what the name of every variable begins with.
const Prefix = "HELPDESK"

// Read reads the environment into the struct of settings that s points to. Its
// error is one line that names the variable, the value and what would do.
func Read(s any) error {
	err := envconfig.Process(Prefix, s)
	var parse *envconfig.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	why := parse.Err
	var number *strconv.NumError
	if errors.As(why, &number) {
		if why = number.Err; errors.Is(why, strconv.ErrSyntax) {
			why = errors.New("use a whole number")
		}
	}
	return fmt.Errorf("%s: %q is not allowed: %w", parse.KeyName, parse.Value, why)
}

// Setting is a member of a struct of settings as its documentation shows it.
type Setting struct{ Name, Default, Description string }

// Settings returns what can be set of the struct that s points to, in order.
func Settings(s any) []Setting {
	const lines = "{{range .}}{{usage_key .}}\t{{usage_default .}}\t{{usage_description .}}\n{{end}}"
	var text strings.Builder
	if err := envconfig.Usagef(Prefix, s, &text, lines); err != nil {
		panic(err) // s is no pointer to a struct
	}
	var all []Setting
	for line := range strings.Lines(text.String()) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		all = append(all, Setting{Name: cells[0], Default: cells[1], Description: cells[2]})
	}
	return all
}

// Unknown returns the variables in environ that look like settings and are in
// none of the structs: they are likely misspelt.
func Unknown(environ []string, structs ...any) []string {
	known := map[string]bool{}
	for _, s := range structs {
		for _, setting := range Settings(s) {
			known[setting.Name] = true
		}
	}
	var unknown []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, Prefix+"_") && !known[name] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}
