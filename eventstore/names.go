package eventstore

import "helpdesk/domain"

// Types returns the names under which events of the types of these are stored,
// those from before included, for [Follower].Types.
func Types(events ...domain.Event) []string {
	var names []string
	for _, e := range events {
		names = append(names, domain.StoredNames(e)...)
	}
	return names
}

// TypesOf is [Types] for all events of an aggregate.
func TypesOf(aggregate []domain.EventType) []string {
	var names []string
	for _, t := range aggregate {
		names = append(names, t.Names...)
	}
	return names
}
