package web

import (
	"context"
	"errors"
	"time"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/projections/view"
)

// inField names the field at fault in a refusal by a rule.
func inField(err error, field string) error {
	var rule *domain.Error
	if errors.As(err, &rule) {
		return rule.On(field)
	}
	return err
}

// accountView is one's own account with its forms, of which one may have a
// fault.
type accountView struct {
	User    view.User
	Command string
	Form    string // the one that was sent
	Fault   *fault
}

// of returns what is wrong with a form of the page, nil for nothing.
func (a accountView) of(form string) *fault {
	if a.Form != form {
		return nil
	}
	return a.Fault
}

func (s *Site) showAccount(v *Visit) (reply, error) {
	me, err := s.ownProfile(v)
	if err != nil {
		return reply{}, err
	}
	return show("Account", accountPage(accountView{User: me, Command: newCommand()})), nil
}

// profilePoll is how often ownProfile looks again.
const profilePoll = 10 * time.Millisecond

// ownProfile reads the visitor's profile. They exist; a read side that does not
// know them yet is behind, and is waited for.
func (s *Site) ownProfile(v *Visit) (view.User, error) {
	ctx, cancel := context.WithTimeout(v.ctx(), freshnessWait)
	defer cancel()
	look := time.NewTicker(profilePoll)
	defer look.Stop()
	for {
		u, err := s.Read.User(ctx, v.Actor.ID)
		if !errors.Is(err, domain.ErrNotFound) {
			return u, err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return u, unavailable
		}
	}
}

func (s *Site) changeProfile(v *Visit) (reply, error) {
	email, first, last := v.field("email"), v.field("first_name"), v.field("last_name")
	return s.changeAccount(v, "profile", func() error {
		return s.editSelf(v, user.EditUser{Email: &email, FirstName: &first, LastName: &last})
	})
}

func (s *Site) changeEmails(v *Visit) (reply, error) {
	escalated, assigned := v.checked("escalated"), v.checked("assigned")
	commented, resolved := v.checked("commented"), v.checked("resolved")
	return s.changeAccount(v, "emails", func() error {
		return s.editSelf(v, user.EditUser{Notifications: user.NotificationSwitches{
			Escalated: &escalated, Assigned: &assigned, Commented: &commented, Resolved: &resolved,
		}})
	})
}

func (s *Site) editSelf(v *Visit, c user.EditUser) error {
	c.By, c.ID = user.By{Actor: v.Actor}, v.Actor.ID
	_, err := v.carryOut(func(r commands.Request) (commands.Outcome, error) { return s.People.Edit(v.ctx(), r, c) })
	return err
}

// changePassword ends every session of the visitor but this one.
func (s *Site) changePassword(v *Visit) (reply, error) {
	return s.changeAccount(v, "password", func() error {
		if err := s.checkPassword(v, v.form.Get("current_password")); err != nil {
			return err
		}
		account := v.Session.Account
		hash, err := s.newPassword(v, "new_password", account.Username, account.Email)
		if err != nil {
			return err
		}
		command := user.ChangePassword{By: user.By{Actor: v.Actor}, ID: v.Actor.ID}
		_, err = v.carryOut(func(r commands.Request) (commands.Outcome, error) {
			return s.People.ChangePassword(v.ctx(), r, command, hash, v.Session.TokenHash)
		})
		return err
	})
}

// checkPassword looks at the present password within the limits of guesses.
func (s *Site) checkPassword(v *Visit, password string) error {
	right, err := s.Front.Guess(v.Session.Account.Username, s.Front.Address(v.Request))
	if err != nil {
		return err
	}
	if err := s.Accounts.CheckPassword(v.ctx(), v.Actor.ID, password); err != nil {
		return err
	}
	right()
	return nil
}

// changeAccount does what a form of the account page asks for, and answers the
// page again when there is something wrong with it.
func (s *Site) changeAccount(v *Visit, form string, do func() error) (reply, error) {
	err := do()
	if err == nil {
		v.tell(form)
		return redirect(Root + "account/#" + form), nil
	}
	f := faultOf(err)
	if f == nil {
		return reply{}, err
	}
	me, err := s.ownProfile(v)
	if err != nil {
		return reply{}, err
	}
	if form == "profile" { // what they typed, not what stands
		me.Email, me.FirstName, me.LastName = v.field("email"), v.field("first_name"), v.field("last_name")
	}
	return show("Account", accountPage(accountView{User: me, Command: newCommand(), Form: form, Fault: f})).with(f), nil
}

// deactivate keeps the visitor from signing in again; it ends their sessions.
func (s *Site) deactivate(v *Visit) (reply, error) {
	inactive := false
	r, err := s.changeAccount(v, "deactivate", func() error {
		if err := s.checkPassword(v, v.form.Get("current_password")); err != nil {
			return err
		}
		return s.editSelf(v, user.EditUser{Active: &inactive})
	})
	if err != nil || r.body != nil {
		return r, err
	}
	s.Front.ClearSession(v.header, v.Request)
	v.tell("deactivated")
	return redirect(Root + "sign-in/"), nil
}
