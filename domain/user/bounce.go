package user

import (
	"strings"

	"helpdesk/domain"
)

type (
	// ReportBounce records that an email to an address of the person came back for good. It
	// is the service's own.
	ReportBounce struct {
		By
		ID      ID
		Address string // that it went to: another by now is left alone
		AddressBounced
	}
	// ClearAddress has emails sent to the person again. It is an admin's to ask.
	ClearAddress struct {
		By
		ID ID
	}
)

func reportBounce(s State, c ReportBounce) ([]domain.Event, error) {
	switch {
	case !s.Exists:
		return nil, domain.ErrNotFound
	case !c.Actor.Trusted():
		return nil, domain.ErrForbidden
	case s.Erased || s.Bounces || !strings.EqualFold(c.Address, s.Email):
		return nil, nil
	}
	return []domain.Event{c.AddressBounced}, nil
}

func clearAddress(s State, c ClearAddress) ([]domain.Event, error) {
	switch {
	case !s.Exists || c.Actor.Role == domain.RoleUser && c.Actor.ID != c.ID:
		return nil, domain.ErrNotFound
	case !c.Actor.Admin():
		return nil, domain.ErrForbidden
	case !s.Bounces:
		return nil, nil
	}
	return []domain.Event{AddressCleared{}}, nil
}
