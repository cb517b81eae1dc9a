package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/kelseyhightower/envconfig"
)

// Prefix is what the name of every variable begins with.
const Prefix = "HELPDESK"

// Read reads the environment into the struct of settings that s points to, and looks
// whether numbers are within the bounds of their tags. Its error is one line that names
// the variable, the value and what would do.
func Read(s any) error {
	err := envconfig.Process(Prefix, s)
	settings := reflect.ValueOf(s).Elem()
	if parse, ok := errors.AsType[*envconfig.ParseError](err); ok {
		return NotAllowed(parse.KeyName, parse.Value, why(settings, parse))
	}
	if err != nil {
		return err
	}
	for i, setting := range Settings(s) {
		if b, ok := boundsOf(settings.Type().Field(i)); ok && !b.allow(settings.Field(i)) {
			return NotAllowed(setting.Name, fmt.Sprint(settings.Field(i)), errors.New(b.advice()))
		}
	}
	return nil
}

// why returns what would do in the place of a value that cannot be read.
func why(settings reflect.Value, parse *envconfig.ParseError) error {
	field, _ := settings.Type().FieldByName(parse.FieldName)
	if b, ok := boundsOf(field); ok {
		return errors.New(b.advice())
	}
	if field.Type.Kind() == reflect.Bool {
		return errors.New("use true or false")
	}
	return parse.Err
}

// NotAllowed returns the error of a setting whose value is not allowed; why says what
// would do.
func NotAllowed(name, value string, why error) error {
	return fmt.Errorf("%s: %q is not allowed: %w", name, withoutSecret.ReplaceAllString(value, "//…@"), why)
}

// withoutSecret is what a URL may have between its scheme and its host.
var withoutSecret = regexp.MustCompile(`//[^/]*@`)

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
		setting := Setting{Name: cells[0], Default: cells[1], Description: cells[2]}
		if b, ok := boundsOf(reflect.TypeOf(s).Elem().Field(len(all))); ok {
			setting.Description += " Allowed: " + b.String() + "."
		}
		all = append(all, setting)
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
