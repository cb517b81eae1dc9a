package domain

import (
	"encoding/json"
	"fmt"
)

// Event is a fact of one aggregate. Its stored name is a literal such as
// "ticket.assigned", never derived from a Go name: it outlives the code.
type Event interface {
	EventType() string
}

// Renamed is an [Event] whose type was stored under other names before. What is
// stored keeps the name it was stored under.
type Renamed interface {
	Event
	FormerTypes() []string
}

// StoredNames returns the names under which events of the type of e are stored:
// the one that is written, then those from before.
func StoredNames(e Event) []string {
	names := []string{e.EventType()}
	if r, ok := e.(Renamed); ok {
		names = append(names, r.FormerTypes()...)
	}
	return names
}

// Upcaster turns the stored form of one schema version into the next.
type Upcaster func(json.RawMessage) (json.RawMessage, error)

// EventType describes a type of event: the names it is stored under, how what is
// stored is read, and which of its members hold texts of people. An aggregate
// lists those of its events, made by [EventOf] and [PersonalEventOf].
type EventType struct {
	Zero      Event      // one that says nothing
	Names     []string   // see [StoredNames]
	Upcasters []Upcaster // Upcasters[i] takes schema version i+1 to i+2

	decode func(json.RawMessage) (Event, error)
	texts  *textsOfType // nil: there are none
}

// EventOf describes E, an event without texts of people, with the upcasters of
// its older schema versions, oldest first.
func EventOf[E Event](upcasters ...Upcaster) EventType {
	var zero E
	return EventType{
		Zero:      zero,
		Names:     StoredNames(zero),
		Upcasters: upcasters,
		decode: func(data json.RawMessage) (Event, error) {
			var e E
			err := json.Unmarshal(data, &e)
			return e, err
		},
	}
}

// PersonalEventOf is [EventOf] for an event with texts of people, which find
// finds. Upcasters MUST leave what the texts are called as it is.
func PersonalEventOf[E Event](find func(*E) Texts, upcasters ...Upcaster) EventType {
	t := EventOf[E](upcasters...)
	t.texts = &textsOfType{
		members: find(new(E)).members(),
		owner: func(e Event) UserID {
			copied := e.(E)
			return find(&copied).of
		},
		change: func(e Event, to ChangeText) (Event, error) {
			copied := e.(E)
			err := find(&copied).change(to)
			return copied, err
		},
		decode: func(data json.RawMessage, to ChangeText) (Event, error) {
			var e E
			if err := json.Unmarshal(data, &e); err != nil {
				return nil, err
			}
			err := find(&e).change(to)
			return e, err
		},
	}
	return t
}

// Name returns the name that is written.
func (t EventType) Name() string { return t.Names[0] }

// SchemaVersion returns the schema version that is written.
func (t EventType) SchemaVersion() int { return len(t.Upcasters) + 1 }

// Personal reports whether there may be texts of people in an event of the type.
func (t EventType) Personal() bool { return t.texts != nil }

// Decode returns the event stored as data in the current schema version.
func (t EventType) Decode(data json.RawMessage) (Event, error) { return t.decode(data) }

// DecodeTexts is [EventType.Decode], with each text of people changed by to. The
// type MUST be personal.
func (t EventType) DecodeTexts(data json.RawMessage, to ChangeText) (Event, error) {
	return t.texts.decode(data, to)
}

// Owner returns whose texts are in e; zero when e does not say. The type MUST be
// personal, and the one of e.
func (t EventType) Owner(e Event) UserID { return t.texts.owner(e) }

// ChangeTexts returns e with each of its texts of people changed by to. The type
// MUST be personal, and the one of e.
func (t EventType) ChangeTexts(e Event, to ChangeText) (Event, error) { return t.texts.change(e, to) }

// TextMembers returns the members that hold texts of people, as they are called in
// JSON.
func (t EventType) TextMembers() []string {
	if t.texts == nil {
		return nil
	}
	return t.texts.members
}

// textsOfType is what is known of a type with texts of people.
type textsOfType struct {
	members []string
	owner   func(Event) UserID
	change  func(Event, ChangeText) (Event, error)
	decode  func(json.RawMessage, ChangeText) (Event, error) // decodes, then changes
}

// ChangeText returns what the text of a member is changed to.
type ChangeText func(m Member, text string) (string, error)

// Member is a member of an event that holds a text of a person.
type Member struct {
	Name       string // in JSON
	Redactable bool   // whether the text can be destroyed alone: it has a key of its own
}

// Texts are the members of an event that hold texts of a person. The zero value
// has none.
type Texts struct {
	of UserID
	in []textIn
}

// textIn is a text of a person and the member that holds it.
type textIn struct {
	Member
	text *string
}

// TextsOf returns texts of a person, none as yet. Without it an event does not say
// whose its texts are.
func TextsOf(person UserID) Texts { return Texts{of: person} }

// In returns the texts with one more. member is what it is called in JSON, for
// good: what is sealed is bound to it.
func (t Texts) In(member string, text *string) Texts {
	return t.with(Member{Name: member}, text)
}

// Redactable is [Texts.In] for a text that can be redacted.
func (t Texts) Redactable(member string, text *string) Texts {
	return t.with(Member{Name: member, Redactable: true}, text)
}

func (t Texts) with(m Member, text *string) Texts {
	if t.in == nil {
		t.in = make([]textIn, 0, 4) // no event has more
	}
	t.in = append(t.in, textIn{m, text})
	return t
}

func (t Texts) members() (names []string) {
	for _, in := range t.in {
		names = append(names, in.Name)
	}
	return names
}

// change changes each text in its place, but for those that are empty.
func (t Texts) change(to ChangeText) (err error) {
	for _, in := range t.in {
		if *in.text == "" {
			continue
		}
		if *in.text, err = to(in.Member, *in.text); err != nil {
			return fmt.Errorf("%s: %w", in.Name, err)
		}
	}
	return nil
}
