package people

import (
	"errors"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain/user"
	"helpdesk/web"
)

// makePasswordLink returns with the page itself and not with a redirect: the link is in
// this answer and nowhere else. Sent again, the form leads back to the page.
func (s *Section) makePasswordLink(v *web.Visit) (web.Reply, error) {
	account, err := s.person(v)
	if err != nil {
		return web.Reply{}, err
	}
	var link string
	command := user.MakePasswordLink{By: user.By{Actor: v.Actor}, ID: account.ID, At: v.Now()}
	_, err = v.CarryOut(func(r commands.Request) (commands.Outcome, error) {
		token, hash := auth.NewLink()
		out, err := s.App.People.MakePasswordLink(v.Context(), r, command, hash)
		if err == nil {
			link = s.Front.PasswordLink(token)
		}
		return out, err
	})
	f := web.FaultOf(err)
	switch {
	case err != nil && f == nil:
		return web.Reply{}, err
	case err == nil && link == "", errors.Is(err, commands.ErrRepeated):
		v.Tell("That link was shown already. Make another one if it is lost.")
		return web.Redirect(web.PersonAddress(account.Username)), nil
	}
	return s.personPage(v, account.ID, personView{Link: link, Fault: f, Host: s.Front.Public() != ""})
}
