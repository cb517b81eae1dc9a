package account

import (
	"helpdesk/commands"
	"helpdesk/domain/user"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// accountView is one's own account with its forms, of which one may have a
// fault.
type accountView struct {
	User    view.User
	Command string
	Form    string // the one that was sent
	Fault   *web.Fault
}

// of returns what is wrong with a form of the page, nil for nothing.
func (a accountView) of(form string) *web.Fault {
	if a.Form != form {
		return nil
	}
	return a.Fault
}

func (s *Section) showAccount(v *web.Visit) (web.Reply, error) {
	me, err := s.Read.User(v.Context(), v.Actor.ID)
	if err != nil {
		return web.Reply{}, err
	}
	return web.Show("Account", accountPage(accountView{User: me, Command: web.NewCommand()})), nil
}

func (s *Section) changeProfile(v *web.Visit) (web.Reply, error) {
	email, first, last := v.Form.Text("email"), v.Form.Text("first_name"), v.Form.Text("last_name")
	return s.changeAccount(v, "profile", "Profile saved.", func() error {
		return s.editSelf(v, user.EditUser{Email: &email, FirstName: &first, LastName: &last})
	})
}

func (s *Section) changeEmails(v *web.Visit) (web.Reply, error) {
	escalated, assigned := v.Form.Checked("escalated"), v.Form.Checked("assigned")
	commented, resolved := v.Form.Checked("commented"), v.Form.Checked("resolved")
	return s.changeAccount(v, "emails", "Email notifications saved.", func() error {
		return s.editSelf(v, user.EditUser{Notifications: user.NotificationSwitches{
			Escalated: &escalated, Assigned: &assigned, Commented: &commented, Resolved: &resolved,
		}})
	})
}

func (s *Section) editSelf(v *web.Visit, c user.EditUser) error {
	c.By, c.ID = user.By{Actor: v.Actor}, v.Actor.ID
	_, err := v.CarryOut(func(r commands.Request) (commands.Outcome, error) { return s.App.People.Edit(v.Context(), r, c) })
	return err
}

// changePassword ends every session of the visitor but this one.
func (s *Section) changePassword(v *web.Visit) (web.Reply, error) {
	return s.changeAccount(v, "password", "Password changed. You are signed out everywhere else.", func() error {
		if err := s.checkPassword(v, v.Form.Get("current_password")); err != nil {
			return err
		}
		account := v.Session.Account
		hash, err := v.NewPassword(s.Passwords, "new_password", account.Username, account.Email)
		if err != nil {
			return err
		}
		command := user.ChangePassword{By: user.By{Actor: v.Actor}, ID: v.Actor.ID}
		_, err = v.CarryOut(func(r commands.Request) (commands.Outcome, error) {
			return s.App.People.ChangePassword(v.Context(), r, command, hash, v.Session.TokenHash)
		})
		return err
	})
}

// checkPassword looks at the present password within the limits of guesses.
func (s *Section) checkPassword(v *web.Visit, password string) error {
	right, err := s.Front.Guess(v.Actor.ID.String(), s.Front.Address(v.Request))
	if err != nil {
		return err
	}
	if err := s.Accounts.CheckPassword(v.Context(), v.Actor.ID, password); err != nil {
		return err
	}
	right()
	return nil
}

// changeAccount does what a form of the account page asks for, and has the next page say
// that it is saved. It shows the page again when there is something wrong with the form.
func (s *Section) changeAccount(v *web.Visit, form, saved string, do func() error) (web.Reply, error) {
	err := do()
	if err == nil {
		v.Tell(saved)
		return web.Redirect(web.Root + "account/#" + form), nil
	}
	f := web.FaultOf(err)
	if f == nil {
		return web.Reply{}, err
	}
	me, err := s.Read.User(v.Context(), v.Actor.ID)
	if err != nil {
		return web.Reply{}, err
	}
	if form == "profile" { // what they typed, not what stands
		me.Email, me.FirstName, me.LastName = v.Form.Text("email"), v.Form.Text("first_name"), v.Form.Text("last_name")
	}
	return web.Show("Account", accountPage(accountView{User: me, Command: web.NewCommand(), Form: form, Fault: f})).With(f), nil
}

// deactivate keeps the visitor from signing in again; it ends their sessions.
func (s *Section) deactivate(v *web.Visit) (web.Reply, error) {
	inactive := false
	r, err := s.changeAccount(v, "deactivate", "Your account is deactivated. An admin can reactivate it.", func() error {
		if err := s.checkPassword(v, v.Form.Get("current_password")); err != nil {
			return err
		}
		return s.editSelf(v, user.EditUser{Active: &inactive})
	})
	if err != nil || r.IsPage() {
		return r, err
	}
	s.Front.ClearSession(v.Header(), v.Request)
	return web.Redirect(web.SignInPath), nil
}
