package signin

import (
	"errors"
	"net/http"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/web"
)

var errNoLink = web.NewFailure(http.StatusNotFound, "This link does not work", web.Sentence(auth.ErrNoLink.Message))

// passwordForm is the form by which somebody sets their password who has a link.
type passwordForm struct {
	Address  string // of the form: it has the token
	Command  string
	Username string
	Fault    *web.Fault
}

func (s *Section) showPassword(v *web.Visit) (web.Reply, error) {
	account, _, err := s.linked(v)
	if err != nil {
		return web.Reply{}, err
	}
	return s.password(v, account, nil), nil
}

func (s *Section) password(v *web.Visit, account user.Account, wrong *web.Fault) web.Reply {
	form := passwordForm{Address: edge.PasswordLink("", v.Param("token")), Command: web.NewCommand(), Username: account.Username, Fault: wrong}
	return web.Show("Set your password", passwordPage(form)).With(wrong)
}

// setPassword sets the password of whom the link is for, which ends all their sessions.
func (s *Section) setPassword(v *web.Visit) (web.Reply, error) {
	account, token, err := s.linked(v)
	if err != nil {
		return web.Reply{}, err
	}
	hash, err := v.NewPassword(s.Passwords, "new_password", account.Username, account.Email)
	if err == nil {
		themselves := domain.Actor{Kind: domain.ActorUser, ID: account.ID, Role: account.Role}
		_, err = v.CarryOut(func(r commands.Request) (commands.Outcome, error) {
			return s.App.People.UsePasswordLink(v.Context(), r, user.ChangePassword{By: user.By{Actor: themselves}, ID: account.ID}, hash, token)
		})
	}
	if errors.Is(err, auth.ErrNoLink) { // meanwhile
		return web.Reply{}, errNoLink
	}
	if f := web.FaultOf(err); f != nil {
		return s.password(v, account, f), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	v.Tell("Password set. Sign in.")
	return web.Redirect(web.SignInPath), nil
}

// linked returns whose password the link of the path sets, and the hash of its token,
// within the limits of guesses: an address has as many as a name has passwords.
func (s *Section) linked(v *web.Visit) (user.Account, []byte, error) {
	from := s.Front.Address(v.Request)
	right, err := s.Front.Guess("links from "+from, from)
	if err != nil {
		return user.Account{}, nil, err
	}
	account, token, err := s.Links.Linked(v.Context(), v.Param("token"))
	if errors.Is(err, auth.ErrNoLink) {
		return account, nil, errNoLink
	}
	right()
	return account, token, err
}
