package eventstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// ErrUnknownEvent is the error for a stored type or schema version that this
// program has no code for, as after a roll-back to an older program.
var ErrUnknownEvent = errors.New("unknown event type or schema version")

// Codec turns events into what is stored and back. Types are only ever added;
// a changed shape adds an upcaster, so that every event ever written stays
// readable. Texts of people are stored sealed, each person's under their own
// key. It is safe for concurrent use.
type Codec struct {
	types map[string]domain.EventType // by each name that they are stored under
	forms map[string]form             // of those that are simple, by the name that is written
	keys  Keys
}

// NewCodec makes the codec of the events of some aggregates, each stated by its
// list. Each type and schema version has a golden file in testdata/events. It
// panics when two types are stored under one name.
//
// keys seal the texts of people; nil leaves them as they are, and then nothing
// that is sealed can be read.
func NewCodec(keys Keys, aggregates ...[]domain.EventType) *Codec {
	c := &Codec{types: map[string]domain.EventType{}, forms: map[string]form{}, keys: keys}
	for _, events := range aggregates {
		for _, t := range events {
			if f, ok := formOf(t); ok {
				c.forms[t.Name()] = f
			}
			for _, name := range t.Names {
				if _, ok := c.types[name]; ok {
					panic("eventstore: two event types are stored under one name: " + name)
				}
				c.types[name] = t
			}
		}
	}
	return c
}

// Types returns the names that events are written under, with their current
// schema version.
func (c *Codec) Types() map[string]int {
	names := make(map[string]int, len(c.types))
	for _, t := range c.types {
		names[t.Name()] = t.SchemaVersion()
	}
	return names
}

// Knows reports whether events of this name are written or were once.
func (c *Codec) Knows(name string) bool {
	_, ok := c.types[name]
	return ok
}

// stored returns the names under which events of these types are stored, those
// from before included; nil, which is all of them, for nil.
func (c *Codec) stored(types []string) []string {
	if types == nil {
		return nil
	}
	names := make([]string, 0, len(types))
	for _, name := range types {
		if t, ok := c.types[name]; ok {
			names = append(names, t.Names...)
		} else {
			names = append(names, name)
		}
	}
	return names
}

// encode returns the bytes to store for e and the schema version they are in.
func (c *Codec) encode(e domain.Event) (data json.RawMessage, schemaVersion int, err error) {
	t, ok := c.types[e.EventType()]
	if !ok || t.Name() != e.EventType() {
		return nil, 0, fmt.Errorf("encode %s: %w", e.EventType(), ErrUnknownEvent)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // the stored bytes are for auditors too
	if err := enc.Encode(e); err != nil {
		return nil, 0, fmt.Errorf("encode %s: %w", e.EventType(), err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), t.SchemaVersion(), nil
}

// Decode returns the event stored as data under the type name and schema
// version, with its texts sealed as they may be: [ErrUnknownEvent] when there is
// no code for it, else whatever is wrong with the bytes.
func (c *Codec) Decode(name string, schemaVersion int, data json.RawMessage) (domain.Event, error) {
	return c.decode(name, schemaVersion, data, nil)
}

// decode is [Codec.Decode], with texts of people changed by to, if it is not nil.
func (c *Codec) decode(name string, schemaVersion int, data json.RawMessage, to domain.ChangeText) (e domain.Event, err error) {
	t, ok := c.types[name]
	if !ok || schemaVersion < 1 || schemaVersion > t.SchemaVersion() {
		return nil, fmt.Errorf("decode %s version %d: %w", name, schemaVersion, ErrUnknownEvent)
	}
	for _, up := range t.Upcasters[schemaVersion-1:] {
		if data, err = up(data); err != nil {
			return nil, fmt.Errorf("upcast %s from version %d: %w", name, schemaVersion, err)
		}
	}
	if to != nil && t.Personal() {
		e, err = t.DecodeTexts(data, to)
	} else {
		e, err = t.Decode(data)
	}
	if err != nil {
		return nil, fmt.Errorf("decode %s version %d: %w", name, schemaVersion, err)
	}
	return e, nil
}

// Open returns recorded events together with what they say. Texts of people
// who were erased are [domain.Erased].
func (c *Codec) Open(ctx context.Context, recorded ...Recorded) ([]Envelope, error) {
	o, err := c.opener(ctx, recorded)
	if err != nil {
		return nil, err
	}
	events := make([]Envelope, len(recorded))
	for i, r := range recorded {
		if events[i], err = o.envelope(r); err != nil {
			return nil, fmt.Errorf("event at position %d: %w", r.Position, err)
		}
	}
	return events, nil
}

// OpenEach is [Codec.Open] for who wants to know what keeps an event from being
// read: faults has it by position, and events then has the recorded event alone.
// people are those whose texts were opened.
func (c *Codec) OpenEach(ctx context.Context, recorded ...Recorded) (events []Envelope, faults map[int64]error, people []uuid.UUID, err error) {
	o, err := c.opener(ctx, recorded)
	if err != nil {
		return nil, nil, nil, err
	}
	for person := range o.keys {
		people = append(people, person)
	}
	events, faults = make([]Envelope, len(recorded)), map[int64]error{}
	for i, r := range recorded {
		e, err := o.try(r)
		if err != nil {
			events[i], faults[r.Position] = Envelope{Recorded: r}, err
			continue
		}
		events[i] = r.with(e)
	}
	return events, faults, people, nil
}

// Plain returns an event as it is written, with its texts as they are: for
// readers outside, never to be stored.
func (c *Codec) Plain(e domain.Event) (data json.RawMessage, schemaVersion int, err error) {
	return c.encode(e)
}
