package web

import (
	"context"
	"errors"

	"helpdesk/auth"
	"helpdesk/domain"
)

// Hasher turns a password into what may be stored; see [auth.Hasher].
type Hasher interface {
	Hash(ctx context.Context, password string) (string, error)
}

// NewPassword checks a new password of the form and returns what to store of it.
// personal is what it must not resemble.
func (v *Visit) NewPassword(h Hasher, field string, personal ...string) (hash string, err error) {
	password := v.Form.Get(field)
	if err := auth.CheckStrength(password, personal...); err != nil {
		var rule *domain.Error
		if errors.As(err, &rule) {
			return "", rule.On(field)
		}
		return "", err
	}
	return h.Hash(v.Context(), password)
}
