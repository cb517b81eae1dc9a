package web

import (
	"context"
	"errors"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	record "helpdesk/domain/access"
	"helpdesk/domain/user"
)

// Access records how people come in and what auditors look at, before they are
// answered, as the API does; see [commands.Access].
type Access interface {
	Record(ctx context.Context, r commands.Request, actor domain.Actor, of user.ID, e domain.Event) error
}

// from is where the visitor comes from.
func (v *Visit) from() record.From {
	return record.From{Address: v.site.Front.Address(v.Request), UserAgent: v.Request.UserAgent()}
}

func (v *Visit) record(actor domain.Actor, of user.ID, e domain.Event) error {
	return v.site.Access.Record(v.ctx(), commands.Request{CorrelationID: v.ID}, actor, of, e)
}

// recordReading records which page an auditor is about to look at.
func (v *Visit) recordReading() error {
	if v.Actor.Role != domain.RoleAuditor {
		return nil
	}
	u := v.Request.URL
	return v.record(v.Actor, v.Actor.ID, record.Read(v.Request.Method, u.Path, u.RawQuery, v.from()))
}

// recordSignIn records a session that began, and ends it where it cannot.
func (v *Visit) recordSignIn(session auth.Session) error {
	err := v.record(auth.Actor(session.Account, v.site.visibility), session.Account.ID, record.SignIn(v.from()))
	if err != nil {
		err = errors.Join(err, v.site.Sessions.End(v.ctx(), session.TokenHash))
	}
	return err
}

// recordFailedSignIn records that somebody tried to be whoever has the name, and
// answers refusal.
func (v *Visit) recordFailedSignIn(name string, refusal error) error {
	account, err := v.site.Accounts.Find(v.ctx(), name)
	if err != nil && !errors.Is(err, domain.ErrNotFound) {
		return err
	}
	if err := v.record(domain.Actor{Kind: domain.ActorUser}, account.ID, record.FailedSignIn(account.ID, v.from())); err != nil {
		return err
	}
	return refusal
}
