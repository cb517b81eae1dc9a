package eventstore

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// A text that can be redacted is sealed under the key of the person whose it is, and
// hidden under one of its own, which hides nothing else. It opens while both are
// there, so each of them destroys it alone. The key of its own stands in text_keys,
// by the event's position and the member's name.

// TextOf is a text in the log: the member of an event that holds it.
type TextOf struct {
	Position int64
	Member   string
}

// textKeySize is the size of a text's key in bytes: AES-128.
const textKeySize = 16

// What precedes the sealed form of a text with a key of its own; no other begins with
// it. Texts were first sealed in full once more under that key, with a tag.
const (
	ownMark   = ":"
	twiceMark = "."
)

// textKey is the key of a text of an event that is about to be written.
type textKey struct {
	nth    int // of the event in its append, from 1
	member string
	key    []byte
}

// textKeysColumn is all keys of an event's texts, each behind the member's name and
// a zero byte; where one was destroyed, the name alone. Null: there are none.
const textKeysColumn = `(SELECT array_agg(convert_to(k.member, 'UTF8') || coalesce('\x00'::bytea || k.key, ''))
    FROM text_keys AS k WHERE k.position = events.position)`

// form returns the key as [textKeysColumn] has it.
func (k textKey) form() []byte {
	return append(append([]byte(k.member), 0), k.key...)
}

// keyOf returns the key of a member's text from those of its event. there is false
// where none was ever made; key is nil when it was destroyed.
func keyOf(keys [][]byte, member string) (key []byte, there bool) {
	for _, form := range keys {
		if name, key, kept := bytes.Cut(form, []byte{0}); string(name) == member {
			if !kept {
				return nil, true
			}
			return key, true
		}
	}
	return nil, false
}

// newTextKey makes a key, which is random.
func newTextKey() []byte {
	key := make([]byte, textKeySize)
	rand.Read(key) // never fails: crypto/rand
	return key
}

// cover is what the key of a text gives: the nonce that its person's key seals it
// with, and what hides the ciphertext. Neither is stored, for such a key is used once.
type cover struct {
	nonce [12]byte
	hides cipher.Stream
}

func coverOf(key []byte) (c cover, err error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return c, err
	}
	c.hides = cipher.NewCTR(block, make([]byte, aes.BlockSize))
	c.hides.XORKeyStream(c.nonce[:], c.nonce[:])
	return c, nil
}

// sealOwn returns a text sealed under the key of its person and hidden under its own.
func sealOwn(person cipher.AEAD, key []byte, text string, bound []byte) ([]byte, error) {
	c, err := coverOf(key)
	if err != nil {
		return nil, err
	}
	sealed := person.Seal(make([]byte, 0, len(text)+person.Overhead()), c.nonce[:], []byte(text), bound)
	c.hides.XORKeyStream(sealed, sealed)
	return sealed, nil
}

// openOwn opens, in its place, what [sealOwn] sealed.
func openOwn(person cipher.AEAD, key, sealed, bound []byte) ([]byte, error) {
	c, err := coverOf(key)
	if err != nil {
		return nil, err
	}
	c.hides.XORKeyStream(sealed, sealed)
	return person.Open(sealed[:0], c.nonce[:], sealed, bound)
}

// openOuter opens, in its place, what was sealed in full under the key of a text.
func openOuter(key, box, bound []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return aead.Open(box[:0], make([]byte, aead.NonceSize()), box, bound)
}

// destroyTexts destroys the keys of texts, and keeps texts that have none from being
// shown.
func destroyTexts(texts []TextOf) InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		const q = `
INSERT INTO text_keys (position, member, destroyed_at)
SELECT t.position, t.member, clock_timestamp() FROM unnest($1::bigint[], $2::text[]) AS t (position, member)
ON CONFLICT (position, member) DO UPDATE SET
    key = NULL,
    destroyed_at = coalesce(text_keys.destroyed_at, excluded.destroyed_at)`
		positions, members := make([]int64, len(texts)), make([]string, len(texts))
		for i, t := range texts {
			positions[i], members[i] = t.Position, t.Member
		}
		if _, err := tx.Exec(ctx, q, positions, members); err != nil {
			return fmt.Errorf("destroy the keys of texts: %w", err)
		}
		return nil
	}
}
