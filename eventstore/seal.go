package eventstore

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// Keys answers the keys under which personal texts are sealed: AES-GCM. They are
// asked within a follower's page and MUST NOT wait for a connection of the pool
// that the followers use: with all of its connections in pages that want a key,
// none would come free.
type Keys interface {
	// Sealing answers the person's key, which is made where there is none; not ok
	// when it was destroyed.
	Sealing(ctx context.Context, person uuid.UUID) (key cipher.AEAD, ok bool, err error)
	// Opening answers the keys of people. Those whose key was destroyed are missing.
	Opening(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]cipher.AEAD, error)
	// Forget forgets what is remembered of keys that were destroyed until now.
	Forget(ctx context.Context) error
}

// texts are the members of an event that hold what is personal.
type texts struct {
	of domain.UserID // whose they are; zero: as [Append.Person] says
	in []text
}

// text is a member of an event.
type text struct {
	name string // in JSON, for good: what is sealed is bound to it
	at   *string
}

// personal is what the codec has to know of an event type with texts of people.
type personal struct {
	owner  func(domain.Event) domain.UserID
	change func(e domain.Event, f func(name, text string) (string, error)) (domain.Event, error)
}

// personalIn makes it from where the texts of E are.
func personalIn[E domain.Event](find func(*E) texts) *personal {
	return &personal{
		owner: func(e domain.Event) domain.UserID {
			copied := e.(E)
			return find(&copied).of
		},
		change: func(e domain.Event, f func(name, text string) (string, error)) (domain.Event, error) {
			copied := e.(E)
			for _, t := range find(&copied).in {
				if *t.at == "" {
					continue
				}
				var err error
				if *t.at, err = f(t.name, *t.at); err != nil {
					return nil, fmt.Errorf("%s of %s: %w", t.name, e.EventType(), err)
				}
			}
			return copied, nil
		},
	}
}

// sealedForm is how a sealed text is written: nonce, ciphertext and tag.
var sealedForm = base64.RawStdEncoding

// seal answers e with its texts sealed, and the person under whose key; e as it
// is and nobody when it has no texts or they are nobody's. What is written of
// somebody who was erased is not stored any more.
func (c *Codec) seal(ctx context.Context, e domain.Event, id uuid.UUID, person domain.UserID) (domain.Event, uuid.UUID, error) {
	p := c.types[e.EventType()].personal
	if p == nil || c.keys == nil {
		return e, uuid.Nil, nil
	}
	if owner := p.owner(e); !owner.IsZero() {
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
		e, err = p.change(e, erase)
		return e, uuid.Nil, err
	}
	var of uuid.UUID
	e, err = p.change(e, func(name, text string) (string, error) {
		of = person.UUID
		nonce := make([]byte, key.NonceSize(), key.NonceSize()+len(text)+key.Overhead())
		rand.Read(nonce) // never fails: crypto/rand
		return sealedForm.EncodeToString(key.Seal(nonce, nonce, []byte(text), boundTo(id, name))), nil
	})
	return e, of, err
}

// boundTo is what a sealed text is bound to, so that it opens nowhere else.
func boundTo(event uuid.UUID, name string) []byte { return append(event[:], name...) }

var errSealed = errors.New("it does not open: it was altered, or sealed under another key")

// open answers e with its texts opened by key, or erased where there is none.
func (p *personal) open(e domain.Event, id uuid.UUID, key cipher.AEAD) (domain.Event, error) {
	if key == nil {
		return p.change(e, erase)
	}
	return p.change(e, func(name, text string) (string, error) {
		raw, err := sealedForm.DecodeString(text)
		if err != nil || len(raw) < key.NonceSize() {
			return "", errSealed
		}
		nonce, box := raw[:key.NonceSize()], raw[key.NonceSize():]
		plain, err := key.Open(box[:0], nonce, box, boundTo(id, name))
		if err != nil {
			return "", errSealed
		}
		return string(plain), nil
	})
}

func erase(string, string) (string, error) { return domain.Erased, nil }

// forgetDestroyed forgets the keys that were destroyed until now.
func (c *Codec) forgetDestroyed(ctx context.Context) error {
	if c.keys == nil {
		return nil
	}
	return c.keys.Forget(ctx)
}

// keysFor answers the keys of all whose texts are in recorded.
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
