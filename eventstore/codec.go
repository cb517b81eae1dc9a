package eventstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"helpdesk/domain"
)

// ErrUnknownEvent is the error for a stored type or schema version that this
// program has no code for, as after a roll-back to an older program.
var ErrUnknownEvent = errors.New("unknown event type or schema version")

// Upcaster turns the stored form of one schema version into the next.
type Upcaster func(json.RawMessage) (json.RawMessage, error)

// eventType is all that is known of one stored type name.
type eventType struct {
	decode    func(json.RawMessage) (domain.Event, error)
	personal  *personal  // nil: there are no texts of people in it
	upcasters []Upcaster // upcasters[i] takes schema version i+1 to i+2
}

// current is the schema version that is written.
func (t eventType) current() int { return len(t.upcasters) + 1 }

// Codec turns events into what is stored and back. Types are only ever added;
// a changed shape adds an upcaster, so that every event ever written stays
// readable. Texts of people are stored sealed, each person's under their own
// key. It is safe for concurrent use.
type Codec struct {
	types map[string]eventType
	keys  Keys
}

// add registers E under its stored name, with the upcasters of its older
// schema versions, oldest first.
func add[E domain.Event](c *Codec, upcasters ...Upcaster) {
	var zero E
	name := zero.EventType()
	if _, ok := c.types[name]; ok {
		panic("eventstore: event type registered twice: " + name)
	}
	c.types[name] = eventType{
		upcasters: upcasters,
		decode: func(data json.RawMessage) (domain.Event, error) {
			var e E
			err := json.Unmarshal(data, &e)
			return e, err
		},
	}
}

// addPersonal is [add] for an event with texts of people, which find finds.
// Upcasters MUST leave what the texts are called as it is.
func addPersonal[E domain.Event](c *Codec, find func(*E) texts, upcasters ...Upcaster) {
	add[E](c, upcasters...)
	var zero E
	t := c.types[zero.EventType()]
	t.personal = personalIn(find)
	c.types[zero.EventType()] = t
}

// Types returns the stored names of all events with their current schema version.
func (c *Codec) Types() map[string]int {
	names := make(map[string]int, len(c.types))
	for name, t := range c.types {
		names[name] = t.current()
	}
	return names
}

// encode returns the bytes to store for e and the schema version they are in.
func (c *Codec) encode(e domain.Event) (data json.RawMessage, schemaVersion int, err error) {
	t, ok := c.types[e.EventType()]
	if !ok {
		return nil, 0, fmt.Errorf("encode %s: %w", e.EventType(), ErrUnknownEvent)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // the stored bytes are for auditors too
	if err := enc.Encode(e); err != nil {
		return nil, 0, fmt.Errorf("encode %s: %w", e.EventType(), err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), t.current(), nil
}

// Decode returns the event stored as data under the type name and schema
// version, with its texts sealed as they may be: [ErrUnknownEvent] when there is
// no code for it, else whatever is wrong with the bytes.
func (c *Codec) Decode(name string, schemaVersion int, data json.RawMessage) (domain.Event, error) {
	return c.decode(name, schemaVersion, data, nil)
}

// decode is [Codec.Decode], with texts of people changed by to, if it is not nil.
func (c *Codec) decode(name string, schemaVersion int, data json.RawMessage, to changeText) (e domain.Event, err error) {
	t, ok := c.types[name]
	if !ok || schemaVersion < 1 || schemaVersion > t.current() {
		return nil, fmt.Errorf("decode %s version %d: %w", name, schemaVersion, ErrUnknownEvent)
	}
	for _, up := range t.upcasters[schemaVersion-1:] {
		if data, err = up(data); err != nil {
			return nil, fmt.Errorf("upcast %s from version %d: %w", name, schemaVersion, err)
		}
	}
	if to != nil && t.personal != nil {
		e, err = t.personal.decode(data, to)
	} else {
		e, err = t.decode(data)
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
		e, err := o.event(r)
		if err != nil {
			return nil, fmt.Errorf("event at position %d: %w", r.Position, err)
		}
		events[i] = Envelope{Recorded: r, Event: e}
	}
	return events, nil
}

// Plain returns an event as it is written, with its texts as they are: for
// readers outside, never to be stored.
func (c *Codec) Plain(e domain.Event) (data json.RawMessage, schemaVersion int, err error) {
	return c.encode(e)
}
