package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"helpdesk/projections"
)

// cursors seals places in lists for clients to hand back. A token is
//
//	base64url( HMAC-SHA256(key, SHA-256(scope) ‖ place) ‖ place )
//
// where place is the JSON of a [projections.Cursor] and scope says which list,
// with which filters, for whom: a token opens nowhere else.
type cursors struct{ key []byte }

var (
	errForged = errors.New("cursor was not made for this list")
	base64url = base64.RawURLEncoding.Strict()
)

func (c cursors) seal(scope string, place projections.Cursor) (string, error) {
	payload, err := json.Marshal(place)
	if err != nil {
		return "", fmt.Errorf("write a cursor: %w", err)
	}
	return base64url.EncodeToString(append(c.sign(scope, payload), payload...)), nil
}

// open answers the place a token stands for, or errForged.
func (c cursors) open(scope, token string) (projections.Cursor, error) {
	data, err := base64url.DecodeString(token)
	if err != nil || len(data) <= sha256.Size {
		return projections.Cursor{}, errForged
	}
	payload := data[sha256.Size:]
	if !hmac.Equal(data[:sha256.Size], c.sign(scope, payload)) {
		return projections.Cursor{}, errForged
	}
	var place projections.Cursor
	if err := json.Unmarshal(payload, &place); err != nil {
		return projections.Cursor{}, fmt.Errorf("read a cursor of our own: %w", err)
	}
	return place, nil
}

func (c cursors) sign(scope string, payload []byte) []byte {
	of := sha256.Sum256([]byte(scope))
	mac := hmac.New(sha256.New, c.key)
	mac.Write(of[:])
	mac.Write(payload)
	return mac.Sum(nil)
}
