package ticket

import (
	"fmt"
	"slices"

	"helpdesk/domain"
)

// Members returns the members of a ticket that somebody sets, in the order in
// which they are shown. What is told of a change, exported, replayed or compared
// goes by this table: a new member is a line here.
func Members() []Member { return slices.Clone(members) }

var members = []Member{
	textMember("title", "title", `"Printer smokes"`, func(s State) string { return s.Title }).
		given(func(c *OpenTicket) any { return &c.Title }).
		said(func(_, _ string) string { return "changed the title" }),
	textMember("description", "description", `"Again."`, func(s State) string { return s.Description }).
		given(func(c *OpenTicket) any { return &c.Description }).
		said(func(_, _ string) string { return "changed the description" }),
	textMember("priority", "priority", `"high"`, func(s State) Priority { return s.Priority }).
		given(func(c *OpenTicket) any { return &c.Priority }),
	textMember("status", "status", `"open"`, func(s State) Status { return s.Status }),
	personMember("created_by", "created by", `"ada"`, func(s State) domain.UserID { return s.CreatedBy }),
	personMember("assigned_to", "assigned to", `null`, func(s State) domain.UserID { return s.AssignedTo }).
		said(func(before, after string) string {
			if after == "" {
				return "took the ticket from " + before
			}
			return "assigned the ticket to " + after
		}),
}

// Member is a member of a ticket, for all who show tickets.
type Member struct {
	Name    string // in the API, the history and exports
	Label   string // as people read it
	Example string // of a value, in JSON
	// Opening returns the place of the member in the command that opens a ticket, as
	// a pointer that JSON is decoded into; nil for one that is not given with it.
	Opening func(*OpenTicket) any

	value    func(State) any // nil: it has none
	equal    func(a, b State) bool
	shown    func(State, Names) any
	text     func(State, Names) string
	sentence func(before, after string) string // of texts
}

// Names returns what somebody is called.
type Names func(domain.UserID) string

// Value returns the value of the member, with people by id; nil when it has none.
func (m Member) Value(s State) any { return m.value(s) }

// Equal reports whether the member is the same in both states. Values of members
// MUST NOT be compared in any other way: some are no comparable types.
func (m Member) Equal(a, b State) bool { return m.equal(a, b) }

// Shown returns the value of the member as JSON has it, with people by name; nil
// when it has none.
func (m Member) Shown(s State, names Names) any { return m.shown(s, names) }

// Text returns the value of the member in a line of text, as for a cell; "" when it
// has none.
func (m Member) Text(s State, names Names) string { return m.text(s, names) }

// Said returns what somebody did who changed the member, as the end of a sentence.
func (m Member) Said(before, after State, names Names) string {
	return m.sentence(m.text(before, names), m.text(after, names))
}

// Changed returns the members that are not the same in both states. A ticket that
// was never opened has none of them.
func Changed(before, after State) []Member {
	var changed []Member
	for _, m := range members {
		if !m.Equal(before, after) {
			changed = append(changed, m)
		}
	}
	return changed
}

// value is how the values of a member are compared and shown.
type value[V any] struct {
	of    func(State) (v V, ok bool) // not ok: it has none
	equal func(a, b V) bool
	shown func(V, Names) any
	text  func(V, Names) string
}

// member makes a member of such values.
func (v value[V]) member(name, label, example string) Member {
	of := func(s State) (V, bool) {
		if s.Opening == 0 { // it was never opened
			var none V
			return none, false
		}
		return v.of(s)
	}
	return Member{
		Name: name, Label: label, Example: example,
		value: func(s State) any {
			if v, ok := of(s); ok {
				return v
			}
			return nil
		},
		equal: func(a, b State) bool {
			was, before := of(a)
			is, after := of(b)
			return before == after && (!before || v.equal(was, is))
		},
		shown: func(s State, names Names) any {
			if is, ok := of(s); ok {
				return v.shown(is, names)
			}
			return nil
		},
		text: func(s State, names Names) string {
			if is, ok := of(s); ok {
				return v.text(is, names)
			}
			return ""
		},
		sentence: func(before, after string) string {
			return fmt.Sprintf("changed the %s from %s to %s", label, before, after)
		},
	}
}

// given returns the member as one that is given with the opening, at a place.
func (m Member) given(at func(*OpenTicket) any) Member {
	m.Opening = at
	return m
}

// said returns the member with its own words for a change.
func (m Member) said(sentence func(before, after string) string) Member {
	m.sentence = sentence
	return m
}

// textMember makes a member of a text or a word, which every ticket has.
func textMember[V ~string](name, label, example string, of func(State) V) Member {
	return value[V]{
		of:    func(s State) (V, bool) { return of(s), true },
		equal: func(a, b V) bool { return a == b },
		shown: func(v V, _ Names) any { return v },
		text:  func(v V, _ Names) string { return string(v) },
	}.member(name, label, example)
}

// personMember makes a member that names somebody, or nobody.
func personMember(name, label, example string, of func(State) domain.UserID) Member {
	return value[domain.UserID]{
		of:    func(s State) (domain.UserID, bool) { id := of(s); return id, !id.IsZero() },
		equal: func(a, b domain.UserID) bool { return a == b },
		shown: func(id domain.UserID, names Names) any { return names(id) },
		text:  func(id domain.UserID, names Names) string { return names(id) },
	}.member(name, label, example)
}
