package eventstore

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// Keys returns the keys under which personal texts are sealed: AES-GCM. They are
// asked within a follower's page and MUST NOT wait for a connection of the pool
// that the followers use: with all of its connections in pages that want a key,
// none would come free.
type Keys interface {
	// Sealing returns the person's key, which is made where there is none; not ok
	// when it was destroyed.
	Sealing(ctx context.Context, person uuid.UUID) (key cipher.AEAD, ok bool, err error)
	// Opening returns the keys of people. Those whose key was destroyed are missing.
	Opening(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]cipher.AEAD, error)
	// Forget forgets what is remembered of keys that were destroyed until now.
	Forget(ctx context.Context) error
}

// sealedForm is how a sealed text is written: nonce, ciphertext and tag; without the
// nonce where a key of its own gives it.
var sealedForm = base64.RawStdEncoding

// seal returns e with its texts sealed, and whose they are; e as it is when it has
// no texts or they are nobody's. What is written of somebody who was erased is not
// stored any more. stream returns the key of the stream.
func (c *Codec) seal(ctx context.Context, e domain.Event, id uuid.UUID, person domain.UserID, stream func() ([]byte, error)) (domain.Event, uuid.UUID, error) {
	t := c.types[e.EventType()]
	if !t.Personal() || c.keys == nil {
		return e, uuid.Nil, nil
	}
	if owner := t.Owner(e); !owner.IsZero() {
		person = owner
	}
	if person.IsZero() {
		return e, uuid.Nil, nil
	}
	key, ok, err := c.keys.Sealing(ctx, person.UUID)
	if err != nil {
		return nil, uuid.Nil, fmt.Errorf("seal %s: %w", e.EventType(), err)
	}
	if !ok {
		e, err = t.ChangeTexts(e, erase)
		return e, uuid.Nil, err
	}
	sealed := uuid.Nil
	e, err = t.ChangeTexts(e, func(m domain.Member, text string) (string, error) {
		sealed = person.UUID
		bound := boundTo(nil, id, m.Name)
		if !m.Redactable {
			nonce := make([]byte, key.NonceSize(), key.NonceSize()+len(text)+key.Overhead())
			rand.Read(nonce) // never fails: crypto/rand
			return sealedForm.EncodeToString(key.Seal(nonce, nonce, []byte(text), bound)), nil
		}
		of, err := stream()
		if err != nil {
			return "", err
		}
		hidden, err := sealOwn(key, textKey(of, id, m.Name), text, bound)
		return ownMark + sealedForm.EncodeToString(hidden), err
	})
	return e, sealed, err
}

// boundTo appends to b what a sealed text is bound to, so that it opens nowhere
// else.
func boundTo(b []byte, event uuid.UUID, name string) []byte {
	return append(append(b, event[:]...), name...)
}

var errSealed = errors.New("it does not open: it was altered, or sealed under another key")

// opener reads events whose texts are sealed, one after the other. What it works
// in is kept from text to text: a fold is mostly this and JSON.
type opener struct {
	codec *Codec
	keys  map[uuid.UUID]cipher.AEAD
	open  domain.ChangeText // [opener.text], made once

	id         uuid.UUID   // of the event being read
	own        [][]byte    // keys of its texts
	sealed     bool        // whether its texts are
	key        cipher.AEAD // of the person whose texts are in it; nil: it was destroyed
	raw, bound []byte
	quoted     bytes.Buffer
	quote      *json.Encoder // into quoted
}

// opener returns the opener of recorded events, with the keys of all whose texts
// are in them.
func (c *Codec) opener(ctx context.Context, recorded []Recorded) (*opener, error) {
	keys, err := c.keysFor(ctx, recorded)
	if err != nil {
		return nil, err
	}
	return c.newOpener(keys), nil
}

func (c *Codec) newOpener(keys map[uuid.UUID]cipher.AEAD) *opener {
	o := &opener{codec: c, keys: keys}
	o.open = o.text
	return o
}

// event returns what a recorded event says.
func (o *opener) event(r Recorded) (domain.Event, error) {
	return o.codec.decode(r.Type, r.SchemaVersion, r.Data, o.openerOf(r))
}

// envelope returns a recorded event with what it says.
func (o *opener) envelope(r Recorded) (Envelope, error) {
	e, err := o.event(r)
	if err != nil {
		return Envelope{}, err
	}
	return r.with(e), nil
}

// openerOf returns what opens the texts in a recorded event; nil: none is sealed, nor
// redacted.
func (o *opener) openerOf(r Recorded) domain.ChangeText {
	if !r.PersonID.Valid && len(r.TextKeys) == 0 {
		return nil
	}
	o.id, o.own, o.sealed, o.key = r.EventID, r.TextKeys, r.PersonID.Valid, o.keys[r.PersonID.UUID]
	return o.open
}

// shown returns the data of a recorded event with its texts opened, where it is stored
// as events of its type are written now: then it need not be decoded. It makes them in
// room, and returns what that has become.
func (o *opener) shown(room []byte, r Recorded) (data, rest []byte, ok bool) {
	f, ok := o.codec.forms[r.Type]
	if !ok || r.SchemaVersion != o.codec.types[r.Type].SchemaVersion() {
		return nil, room, false
	}
	return f.open(room, r.Data, o.openerOf(r), o.appendText)
}

// appendText appends a text as JSON.
func (o *opener) appendText(b []byte, text string) []byte {
	if o.quote == nil {
		o.quote = json.NewEncoder(&o.quoted)
		o.quote.SetEscapeHTML(false) // as encode
	}
	o.quoted.Reset()
	_ = o.quote.Encode(text) // a text always encodes
	return append(b, bytes.TrimSuffix(o.quoted.Bytes(), []byte("\n"))...)
}

// try is [opener.event], with a panic as an error.
func (o *opener) try(r Recorded) (e domain.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decode %s: panic: %v", r.Type, p)
		}
	}()
	return o.event(r)
}

// text opens a text that was sealed, or returns that it was erased or redacted. One
// that was redacted may be from before texts had keys of their own, or were sealed.
func (o *opener) text(m domain.Member, text string) (string, error) {
	key, there := keyOf(o.own, o.id, m.Name)
	switch {
	case o.sealed && o.key == nil:
		return domain.Erased, nil
	case there && key == nil:
		return domain.Redacted, nil
	case !o.sealed:
		return text, nil
	}
	plain, err := o.plain(text, m.Name, key)
	if err != nil {
		return "", errSealed
	}
	return string(plain), nil
}

// plain opens a text of the event being read, whose own key is given if it has one.
func (o *opener) plain(text, member string, key []byte) ([]byte, error) {
	form, own := strings.CutPrefix(text, ownMark)
	form, twice := strings.CutPrefix(form, twiceMark)
	var err error
	if o.raw, err = sealedForm.AppendDecode(o.raw[:0], []byte(form)); err != nil {
		return nil, err
	}
	o.bound = boundTo(o.bound[:0], o.id, member)
	if own {
		return openOwn(o.key, key, o.raw, o.bound)
	}
	if twice {
		if o.raw, err = openOuter(key, o.raw, o.bound); err != nil {
			return nil, err
		}
	}
	if len(o.raw) < o.key.NonceSize() {
		return nil, errSealed
	}
	nonce, box := o.raw[:o.key.NonceSize()], o.raw[o.key.NonceSize():]
	return o.key.Open(box[:0], nonce, box, o.bound)
}

func erase(domain.Member, string) (string, error) { return domain.Erased, nil }

// ForgetDestroyed forgets the keys that were destroyed until now.
func (c *Codec) ForgetDestroyed(ctx context.Context) error {
	if c.keys == nil {
		return nil
	}
	return c.keys.Forget(ctx)
}

// HaveKeys reports whether there still are the keys of all these people.
func (c *Codec) HaveKeys(ctx context.Context, people []uuid.UUID) (bool, error) {
	if len(people) == 0 {
		return true, nil
	}
	keys, err := c.keys.Opening(ctx, people)
	return len(keys) == len(people), err
}

// keysFor returns the keys of all whose texts are in recorded.
func (c *Codec) keysFor(ctx context.Context, recorded []Recorded) (map[uuid.UUID]cipher.AEAD, error) {
	var people []uuid.UUID
	seen := map[uuid.UUID]bool{}
	for _, r := range recorded {
		if r.PersonID.Valid && !seen[r.PersonID.UUID] {
			seen[r.PersonID.UUID] = true
			people = append(people, r.PersonID.UUID)
		}
	}
	if len(people) == 0 {
		return nil, nil
	}
	if c.keys == nil {
		return nil, errors.New("there are sealed texts, and no keys to open them")
	}
	return c.keys.Opening(ctx, people)
}
