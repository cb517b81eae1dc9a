package edge

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"helpdesk/projections"
)

// Cursors seals places in lists for clients to hand back. A token is
//
//	base64url( HMAC-SHA256(key, SHA-256(scope) ‖ place) ‖ place )
//
// where place is the JSON of a [projections.Cursor] and scope says which list,
// with which filters, for whom: a token opens nowhere else.
//
// The zero value seals nothing that can be trusted: make them with [NewCursors].
type Cursors struct{ key []byte }

// CursorKeySize is the size of the key in bytes, that of the HMAC's hash.
const CursorKeySize = sha256.Size

// NewCursors makes them with a key that all processes share.
func NewCursors(key []byte) (Cursors, error) {
	if len(key) != CursorKeySize {
		return Cursors{}, fmt.Errorf("cursor key of %d bytes, %d are needed", len(key), CursorKeySize)
	}
	return Cursors{key: slices.Clone(key)}, nil
}

// ErrForged refuses a token that was not made for the list.
var ErrForged = errors.New("cursor was not made for this list")

var base64url = base64.RawURLEncoding.Strict()

// Seal returns the token of a place in a list.
func (c Cursors) Seal(scope string, place projections.Cursor) (string, error) {
	payload, err := json.Marshal(place)
	if err != nil {
		return "", fmt.Errorf("write a cursor: %w", err)
	}
	return base64url.EncodeToString(append(c.sign(scope, payload), payload...)), nil
}

// Open returns the place a token stands for, or [ErrForged].
func (c Cursors) Open(scope, token string) (projections.Cursor, error) {
	data, err := base64url.DecodeString(token)
	if err != nil || len(data) <= sha256.Size {
		return projections.Cursor{}, ErrForged
	}
	payload := data[sha256.Size:]
	if !hmac.Equal(data[:sha256.Size], c.sign(scope, payload)) {
		return projections.Cursor{}, ErrForged
	}
	var place projections.Cursor
	if err := json.Unmarshal(payload, &place); err != nil {
		return projections.Cursor{}, fmt.Errorf("read a cursor of our own: %w", err)
	}
	return place, nil
}

func (c Cursors) sign(scope string, payload []byte) []byte {
	of := sha256.Sum256([]byte(scope))
	mac := hmac.New(sha256.New, c.key)
	mac.Write(of[:])
	mac.Write(payload)
	return mac.Sum(nil)
}
