// Package domain holds what the aggregates share: who acts, what an event is,
// and how a rule refuses.
//
// The rules themselves live in the packages below, one aggregate each. They
// are pure: no clock, no I/O, no context. An aggregate is two functions,
//
//	Decide(State, Command) ([]Event, error)
//	Evolve(State, Event) State
//
// where Decide refuses with an [*Error] or returns the events that make the
// command true (none when it is true already), and Evolve never refuses.
package domain
