package signin

import (
	"errors"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain/access"
	"helpdesk/domain/user"
	"helpdesk/web"
)

// nextAfter returns where to go after signing in: a page of this site, else its
// root.
func nextAfter(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, web.Root) || strings.Contains(next, `\`) {
		return web.Root
	}
	return u.RequestURI()
}

type signInForm struct {
	Username string
	Next     string
	Fault    *web.Fault
}

func (s *Section) showSignIn(v *web.Visit) (web.Reply, error) {
	next := nextAfter(v.Request.URL.Query().Get("next"))
	if v.Session != nil {
		return web.Redirect(next), nil
	}
	return web.Show("Sign in", signInPage(signInForm{Next: next})), nil
}

// signIn begins a session and ends the one the visitor came with.
func (s *Section) signIn(v *web.Visit) (web.Reply, error) {
	form := signInForm{Username: strings.TrimSpace(v.Form.Text("username")), Next: nextAfter(v.Form.Text("next"))}
	token, session, err := s.letIn(v, form.Username, v.Form.Get("password"))
	if form.Fault = web.FaultOf(err); form.Fault != nil {
		return web.Show("Sign in", signInPage(form)).With(form.Fault), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	before := v.Session
	v.Enter(session)
	if err := s.Access.Record(v.Context(), v.Cause(), v.Actor, v.Actor.ID, access.SignIn(v.From())); err != nil {
		// Nobody gets to know the token: end what it opens, as far as possible.
		return web.Reply{}, errors.Join(err, s.Sessions.End(v.Context(), session.TokenHash))
	}
	if before != nil {
		if err := s.Sessions.End(v.Context(), before.TokenHash); err != nil {
			return web.Reply{}, err
		}
	}
	s.Front.SetSession(v.Header(), v.Request, token, session.ExpiresAt)
	return web.Redirect(form.Next), nil
}

// letIn looks at a name and a password within the limits of guesses.
func (s *Section) letIn(v *web.Visit, name, password string) (token string, session auth.Session, err error) {
	of, err := commands.GuessedOf(v.Context(), s.Accounts, name)
	if err != nil {
		return "", session, err
	}
	right, err := s.Front.Guess(of, s.Front.Address(v.Request))
	if err != nil {
		return "", session, err
	}
	token, session, err = s.Sessions.SignIn(v.Context(), name, password)
	if errors.Is(err, auth.ErrCredentials) {
		return "", session, s.recordFailedSignIn(v, name, err)
	}
	right()
	return token, session, err
}

func (s *Section) signOut(v *web.Visit) (web.Reply, error) {
	if v.Session != nil {
		if err := s.Sessions.End(v.Context(), v.Session.TokenHash); err != nil {
			return web.Reply{}, err
		}
	}
	s.Front.ClearSession(v.Header(), v.Request)
	v.Tell("You have signed out.")
	return web.Redirect(web.SignInPath), nil
}

type registrationForm struct {
	Command                              string
	Username, Email, FirstName, LastName string
	Fault                                *web.Fault
}

func (s *Section) showRegistration(v *web.Visit) (web.Reply, error) {
	if v.Session != nil {
		return web.Redirect(web.Root), nil
	}
	return web.Show("Register", registrationPage(registrationForm{Command: web.NewCommand()})), nil
}

func (s *Section) register(v *web.Visit) (web.Reply, error) {
	form := registrationForm{
		Command: v.Form.Text("command"), Username: v.Form.Text("username"), Email: strings.TrimSpace(v.Form.Text("email")),
		FirstName: v.Form.Text("first_name"), LastName: v.Form.Text("last_name"),
	}
	err := s.join(v, form)
	if form.Fault = web.FaultOf(err); form.Fault != nil {
		return web.Show("Register", registrationPage(form)).With(form.Fault), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	v.Tell("Your account is ready. Sign in.")
	return web.Redirect(web.SignInPath), nil
}

// join makes a user. The rules come first, for a hash is dear.
func (s *Section) join(v *web.Visit, form registrationForm) error {
	if err := s.Front.Register(s.Front.Address(v.Request)); err != nil {
		return err
	}
	command := user.Register{
		By: user.By{Actor: v.Actor}, Username: form.Username, Email: form.Email, FirstName: form.FirstName, LastName: form.LastName,
	}
	if _, err := user.Decide(user.State{}, command); err != nil {
		return err
	}
	hash, err := v.NewPassword(s.Passwords, "password", form.Username, form.Email, form.FirstName, form.LastName)
	if err != nil {
		return err
	}
	id := user.ID{UUID: uuid.Must(uuid.NewV7())}
	_, err = v.CarryOut(func(r commands.Request) (commands.Outcome, error) {
		return s.App.People.Register(v.Context(), r, id, command, hash)
	})
	return err
}

// recordFailedSignIn records that somebody tried to be whoever has the name, and
// returns refusal.
func (s *Section) recordFailedSignIn(v *web.Visit, name string, refusal error) error {
	if err := commands.RecordFailedSignIn(v.Context(), s.Access, s.Accounts, v.Cause(), v.Actor, name, v.From()); err != nil {
		return err
	}
	return refusal
}
