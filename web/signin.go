package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain/access"
	"helpdesk/domain/user"
)

// askToSignIn returns somebody who is not signed in, or not any more. What a form
// held is shown to them, so that it is not lost, and can be sent again.
func (s *Site) askToSignIn(v *Visit) (reply, error) {
	if v.Request.Method != http.MethodPost {
		return redirect(Root + "sign-in/?next=" + url.QueryEscape(v.Request.URL.RequestURI())), nil
	}
	if err := v.readForm(); err != nil {
		return reply{}, err
	}
	r := show("Your session has ended", expiredPage(v.Request.URL.Path+"/", kept(v.form)))
	r.status = http.StatusUnauthorized
	return r, nil
}

// keptField is a field of a form that came too late.
type keptField struct{ Name, Value string }

// kept returns the fields to send again: all but the secrets.
func kept(form url.Values) (fields []keptField) {
	for name, values := range form {
		if strings.Contains(name, "password") {
			continue
		}
		for _, value := range values {
			fields = append(fields, keptField{name, value})
		}
	}
	slices.SortFunc(fields, func(a, b keptField) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

// nextAfter returns where to go after signing in: a page of this site, else its
// root.
func nextAfter(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, Root) || strings.Contains(next, `\`) {
		return Root
	}
	return u.RequestURI()
}

type signInForm struct {
	Username string
	Next     string
	Fault    *fault
}

func (s *Site) showSignIn(v *Visit) (reply, error) {
	next := nextAfter(v.Request.URL.Query().Get("next"))
	if v.Session != nil {
		return redirect(next), nil
	}
	return show("Sign in", signInPage(signInForm{Next: next})), nil
}

// signIn begins a session and ends the one the visitor came with.
func (s *Site) signIn(v *Visit) (reply, error) {
	form := signInForm{Username: strings.TrimSpace(v.field("username")), Next: nextAfter(v.field("next"))}
	token, session, err := s.letIn(v, form.Username, v.form.Get("password"))
	if form.Fault = faultOf(err); form.Fault != nil {
		return show("Sign in", signInPage(form)).with(form.Fault), nil
	}
	if err != nil {
		return reply{}, err
	}
	before := v.Session
	v.enter(session)
	if err := v.site.Access.Record(v.ctx(), v.cause(), v.Actor, v.Actor.ID, access.SignIn(v.from())); err != nil {
		// Nobody gets to know the token: end what it opens, as far as possible.
		return reply{}, errors.Join(err, s.Sessions.End(v.ctx(), session.TokenHash))
	}
	if before != nil {
		if err := s.Sessions.End(v.ctx(), before.TokenHash); err != nil {
			return reply{}, err
		}
	}
	s.Front.SetSession(v.header, v.Request, token, session.ExpiresAt)
	return redirect(form.Next), nil
}

// letIn looks at a name and a password within the limits of guesses.
func (s *Site) letIn(v *Visit, name, password string) (token string, session auth.Session, err error) {
	right, err := s.Front.Guess(name, s.Front.Address(v.Request))
	if err != nil {
		return "", session, err
	}
	token, session, err = s.Sessions.SignIn(v.ctx(), name, password)
	if errors.Is(err, auth.ErrCredentials) {
		return "", session, v.recordFailedSignIn(name, err)
	}
	right()
	return token, session, err
}

func (s *Site) signOut(v *Visit) (reply, error) {
	if v.Session != nil {
		if err := s.Sessions.End(v.ctx(), v.Session.TokenHash); err != nil {
			return reply{}, err
		}
	}
	s.Front.ClearSession(v.header, v.Request)
	v.tell("signed-out")
	return redirect(Root + "sign-in/"), nil
}

type registrationForm struct {
	Command                              string
	Username, Email, FirstName, LastName string
	Fault                                *fault
}

func (s *Site) showRegistration(v *Visit) (reply, error) {
	if v.Session != nil {
		return redirect(Root), nil
	}
	return show("Register", registrationPage(registrationForm{Command: newCommand()})), nil
}

func (s *Site) register(v *Visit) (reply, error) {
	form := registrationForm{
		Command: v.field("command"), Username: v.field("username"), Email: strings.TrimSpace(v.field("email")),
		FirstName: v.field("first_name"), LastName: v.field("last_name"),
	}
	err := s.join(v, form)
	if form.Fault = faultOf(err); form.Fault != nil {
		return show("Register", registrationPage(form)).with(form.Fault), nil
	}
	if err != nil {
		return reply{}, err
	}
	v.tell("registered")
	return redirect(Root + "sign-in/"), nil
}

// join makes a user. The rules come first, for a hash is dear.
func (s *Site) join(v *Visit, form registrationForm) error {
	if err := s.Front.Register(s.Front.Address(v.Request)); err != nil {
		return err
	}
	command := user.Register{
		By: user.By{Actor: v.Actor}, Username: form.Username, Email: form.Email, FirstName: form.FirstName, LastName: form.LastName,
	}
	if _, err := user.Decide(user.State{}, command); err != nil {
		return err
	}
	hash, err := s.newPassword(v, "password", form.Username, form.Email, form.FirstName, form.LastName)
	if err != nil {
		return err
	}
	id := user.ID{UUID: uuid.Must(uuid.NewV7())}
	_, err = v.carryOut(func(r commands.Request) (commands.Outcome, error) {
		return s.People.Register(v.ctx(), r, id, command, hash)
	})
	return err
}

// newPassword checks a new password of the form and answers what to store of it.
func (s *Site) newPassword(v *Visit, field string, personal ...string) (hash string, err error) {
	password := v.form.Get(field)
	if err := auth.CheckStrength(password, personal...); err != nil {
		return "", inField(err, field)
	}
	return s.Passwords.Hash(v.ctx(), password)
}
