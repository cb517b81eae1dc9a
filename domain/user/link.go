package user

import (
	"time"

	"helpdesk/domain"
)

// MakePasswordLink lets whoever is given a link set the password of somebody who cannot
// sign in. It is an admin's to give, for others.
type MakePasswordLink struct {
	By
	ID ID
	At time.Time
}

// PasswordLinkLifetime is how long a link holds by which somebody sets their password.
const PasswordLinkLifetime = 24 * time.Hour

func makePasswordLink(s State, c MakePasswordLink) ([]domain.Event, error) {
	switch self := c.Actor.ID == c.ID; {
	case !s.Exists || c.Actor.Role == domain.RoleUser && !self && !c.Actor.Trusted():
		return nil, domain.ErrNotFound
	case !c.Actor.Admin() && !c.Actor.Trusted():
		return nil, domain.ErrForbidden
	case self:
		return nil, domain.ErrForbidden.With("change your own password with the current one")
	case s.Erased:
		return nil, ErrErased
	case !s.Active:
		return nil, ErrInactive
	}
	return []domain.Event{PasswordLinkMade{ExpiresAt: c.At.Add(PasswordLinkLifetime)}}, nil
}
