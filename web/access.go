package web

import (
	"errors"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/user"
)

// What is recorded of access (package access) is recorded before the page is
// answered, as the API does. Where it cannot be, the page is refused: 503.

// from is where the visitor comes from.
func (v *Visit) from() access.From {
	return access.From{Address: v.site.Front.Address(v.Request), UserAgent: v.Request.UserAgent()}
}

// record appends to the records of a person; the zero person is nobody known.
func (v *Visit) record(of user.ID, e domain.Event) error {
	return v.site.Access.Record(v.ctx(), commands.Request{CorrelationID: v.ID}, v.Actor, of, e)
}

// recordReading records what an auditor is about to read.
func (v *Visit) recordReading() error {
	if v.Actor.Role != domain.RoleAuditor {
		return nil
	}
	u := v.Request.URL
	return v.record(v.Actor.ID, access.Read(v.Request.Method, u.Path, u.RawQuery, v.from()))
}

// recordFailedSignIn records that somebody tried to be whoever has the name, and
// answers refusal. As much is done where nobody has it: how long the answer takes
// tells nothing.
func (v *Visit) recordFailedSignIn(name string, refusal error) error {
	account, err := v.site.Accounts.Find(v.ctx(), name)
	if err != nil && !errors.Is(err, domain.ErrNotFound) {
		return err
	}
	if err := v.record(account.ID, access.FailedSignIn(account.ID, v.from())); err != nil {
		return err
	}
	return refusal
}
