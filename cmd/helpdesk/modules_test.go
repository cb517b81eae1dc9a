package main

import (
	"testing"

	"helpdesk/cmd/helpdesk/config"
)

func TestModulesDifferInNameAndInWhatTheyAdd(t *testing.T) {
	names, files, commands, settings := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	once := func(what string, seen map[string]bool, name string) {
		if name == "" || seen[name] {
			t.Errorf("two modules have a %s %q, or it has no name", what, name)
		}
		seen[name] = true
	}
	all, mailers := modules(), 0
	for _, m := range all {
		once("name", names, m.Name)
		if m.Mailer != nil {
			mailers++
		}
		for _, f := range m.Export {
			once("file", files, f.Name)
		}
		if m.Commands != nil {
			for _, c := range m.Commands(all) {
				once("command", commands, c.Name())
			}
		}
	}
	for _, structs := range append(all.Settings(), new(config.Config)) {
		for _, s := range config.Settings(structs) {
			once("setting", settings, s.Name)
		}
	}
	if mailers != 1 {
		t.Errorf("%d modules send emails, want one", mailers)
	}
	all.Codec(nil) // panics where two events have one name
}
