package web

import (
	"time"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/domain"
)

// tokensView is one's own API tokens with the form that makes one.
type tokensView struct {
	Tokens  []auth.Token
	Command string
	Name    string
	Until   string // a day, as the form holds it
	Made    *auth.Token
	Secret  string // of the one just made: shown this once
	Fault   *fault
}

// tokenNameMax is how long a token's name may be, in characters.
const tokenNameMax = 100

func (s *Site) showTokens(v *Visit) (reply, error) { return s.tokens(v, tokensView{}) }

func (s *Site) tokens(v *Visit, view tokensView) (reply, error) {
	var err error
	view.Command = newCommand()
	view.Tokens, err = s.Tokens.List(v.ctx(), v.Actor.ID)
	return show("API tokens", tokensPage(view)).with(view.Fault), err
}

// createToken returns with the page itself and not with a redirect: the secret
// is in this answer and nowhere else. Sent again, the form replaces the secret
// of the token it made.
func (s *Site) createToken(v *Visit) (reply, error) {
	view := tokensView{Name: v.field("name"), Until: v.field("until")}
	token, err := s.wantedToken(v, view)
	if err == nil {
		var made auth.Token
		if view.Secret, made, err = s.Tokens.Create(v.ctx(), v.Actor.ID, token); err == nil {
			view.Made, view.Name, view.Until = &made, "", ""
		}
	}
	if view.Fault = faultOf(err); err != nil && view.Fault == nil {
		return reply{}, err
	}
	return s.tokens(v, view)
}

func (s *Site) wantedToken(v *Visit, view tokensView) (t auth.Token, err error) {
	if t.ID, err = v.commandID("token"); err != nil {
		return t, err
	}
	if t.Name, err = domain.Line("name", view.Name, tokenNameMax); err != nil {
		return t, err
	}
	t.ReadOnly = v.checked("read_only")
	if view.Until == "" {
		return t, nil
	}
	day, err := time.Parse(time.DateOnly, view.Until)
	if err != nil || !day.AddDate(0, 0, 1).After(s.now()) {
		return t, errDay
	}
	end := day.AddDate(0, 0, 1) // that day is included
	t.ExpiresAt = &end
	return t, nil
}

var errDay = &domain.Error{Kind: domain.KindInvalid, Code: "past", Message: "a day from today on is wanted", Field: "until"}

func (s *Site) revokeToken(v *Visit) (reply, error) {
	id, err := uuid.Parse(v.param("id"))
	if err != nil {
		return reply{}, domain.ErrNotFound
	}
	if err := s.Tokens.Revoke(v.ctx(), v.Actor.ID, id); err != nil {
		return reply{}, err
	}
	v.tell("token-revoked")
	return redirect(Root + "tokens/"), nil
}
