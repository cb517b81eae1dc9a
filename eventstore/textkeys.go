package eventstore

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A text that can be redacted is sealed under the key of the person whose it is, and
// hidden under one of its own, which hides nothing else. It opens while both are
// there, so each of them destroys it alone.
//
// The keys of a stream's texts come of one key, that of the stream, which stands in
// streams. Where a text is redacted, those of the others are put into text_keys, by the
// event's position and the member's name, and the stream is given another key, or none:
// what is appended from then on is hidden under that. Texts from before streams had keys have theirs in
// text_keys, too.

// TextOf is a text in the log: the member of an event that holds it.
type TextOf struct {
	Position int64
	Member   string
}

// textKeySize is the size of a key in bytes: AES-128.
const textKeySize = 16

// What precedes the sealed form of a text with a key of its own; no other begins with
// it. Texts were first sealed in full once more under that key, with a tag.
const (
	ownMark   = ":"
	twiceMark = "."
)

// textKeysColumn is all keys of an event's texts, each behind the member's name and
// a zero byte; where one was destroyed, the name alone. That of the stream has no name. Null: none.
const textKeysColumn = `nullif(ARRAY(
    SELECT convert_to(k.member, 'UTF8') || coalesce('\x00'::bytea || k.key, '') FROM text_keys AS k WHERE k.position = events.position
    UNION ALL
    SELECT '\x00'::bytea || s.key FROM streams AS s
    WHERE s.stream_id = events.stream_id AND s.key IS NOT NULL AND events.person_id IS NOT NULL), '{}')`

// keyForm returns a key as [textKeysColumn] has it; "" is the member of that of a stream.
func keyForm(member string, key []byte) []byte {
	return append(append([]byte(member), 0), key...)
}

// keyOf returns the key of a member's text in an event from those of the event: its own,
// or else what comes of the stream's. there is false where none was ever made; key is
// nil when it was destroyed.
func keyOf(keys [][]byte, event uuid.UUID, member string) (key []byte, there bool) {
	for _, form := range keys {
		name, stored, kept := bytes.Cut(form, []byte{0})
		switch {
		case string(name) == member && kept:
			return stored, true
		case string(name) == member:
			return nil, true
		case len(name) == 0:
			key, there = textKey(stored, event, member), true
		}
	}
	return key, there
}

// textKey returns the key of a text that comes of the key of its stream.
func textKey(stream []byte, event uuid.UUID, member string) []byte {
	sum := sha256.Sum256(boundTo(bytes.Clone(stream), event, member))
	return sum[:textKeySize]
}

// newStreamKey makes a key, which is random.
func newStreamKey() []byte {
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

// keptStreamKeys is how many keys of streams a process remembers.
const keptStreamKeys = 10_000

// streamKeys knows the keys of streams that were lately loaded or appended to. An append
// names the one that it used, and is refused where the stream has another by now.
type streamKeys struct {
	pool *pgxpool.Pool
	mu   sync.Mutex
	kept map[uuid.UUID][]byte
}

const streamKeySQL = `SELECT key FROM streams WHERE stream_id = $1`

// of returns the key that the texts of an append are to have theirs from; made is set
// for a new one, which is to be stored with it.
func (k *streamKeys) of(ctx context.Context, a Append) (key []byte, made bool, err error) {
	if a.ExpectedVersion == 0 || len(a.Destroys) > 0 {
		return newStreamKey(), true, nil
	}
	k.mu.Lock()
	key = k.kept[a.StreamID]
	k.mu.Unlock()
	if key != nil {
		return key, false, nil
	}
	err = k.pool.QueryRow(ctx, streamKeySQL, a.StreamID).Scan(&key)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, false, Unreachable(fmt.Errorf("look up the key of stream %s: %w", a.StreamID, err))
	}
	if key == nil { // it is not there, or its texts are from before streams had keys
		return newStreamKey(), true, nil
	}
	k.keep(a.StreamID, key)
	return key, false, nil
}

func (k *streamKeys) keep(stream uuid.UUID, key []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= keptStreamKeys {
		k.kept = map[uuid.UUID][]byte{}
	}
	k.kept[stream] = key
}

func (k *streamKeys) forget(stream uuid.UUID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, stream)
}

// learn keeps the keys of streams whose events were loaded.
func (k *streamKeys) learn(recorded []Recorded) {
	for i, r := range recorded {
		if i+1 < len(recorded) && recorded[i+1].StreamID == r.StreamID {
			continue // the key of each event of a stream is the same
		}
		for _, form := range r.TextKeys {
			if form[0] == 0 {
				k.keep(r.StreamID, form[1:])
			}
		}
	}
}

// destroyTexts destroys the keys of texts of a stream, and keeps texts that have none
// from being shown. The stream's key is for the append to destroy, that it goes with:
// here the stream's row would be locked before the head of the log.
func (c *Codec) destroyTexts(stream uuid.UUID, texts []TextOf) InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		if err := c.keepTextKeys(ctx, tx, stream); err != nil {
			return fmt.Errorf("keep the keys of stream %s: %w", stream, err)
		}
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

// keepTextKeys puts the keys that come of a stream's into text_keys. The append that it
// goes with is refused where an event was added meanwhile.
func (c *Codec) keepTextKeys(ctx context.Context, tx pgx.Tx, stream uuid.UUID) error {
	var of []byte
	err := tx.QueryRow(ctx, streamKeySQL, stream).Scan(&of)
	if err != nil || of == nil {
		return err
	}
	var (
		positions []int64
		members   []string
		keys      [][]byte
		position  int64
		id        uuid.UUID
		name      string
	)
	rows, _ := tx.Query(ctx, `SELECT position, event_id, type FROM events WHERE stream_id = $1 AND person_id IS NOT NULL`, stream) // ForEachRow returns its error
	_, err = pgx.ForEachRow(rows, []any{&position, &id, &name}, func() error {
		for _, member := range c.types[name].TextMembers() {
			positions, members, keys = append(positions, position), append(members, member), append(keys, textKey(of, id, member))
		}
		return nil
	})
	if err != nil {
		return err
	}
	const q = `
INSERT INTO text_keys (position, member, key)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[])
ON CONFLICT (position, member) DO NOTHING`
	_, err = tx.Exec(ctx, q, positions, members, keys)
	return err
}
