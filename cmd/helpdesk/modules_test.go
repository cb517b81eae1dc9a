package main

import "testing"

func TestModulesDifferInNameAndInWhatTheyAdd(t *testing.T) {
	names, files, commands := map[string]bool{}, map[string]bool{}, map[string]bool{}
	once := func(what string, seen map[string]bool, name string) {
		if name == "" || seen[name] {
			t.Errorf("two modules have a %s %q, or it has no name", what, name)
		}
		seen[name] = true
	}
	all := modules()
	for _, m := range all {
		once("name", names, m.Name)
		for _, f := range m.Export {
			once("file", files, f.Name)
		}
		if m.Commands != nil {
			for _, c := range m.Commands(all) {
				once("command", commands, c.Name())
			}
		}
	}
	all.Codec(nil) // panics where two events have one name
}
