package account

import (
	"time"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/domain"
	"helpdesk/edge"
	"helpdesk/web"
)

// tokensView is one's own API tokens with the form that makes one.
type tokensView struct {
	Tokens  []auth.Token
	Command string
	Name    string
	Until   string // a day, as the form holds it
	Made    *auth.Token
	Secret  string // of the one just made: shown this once
	Fault   *web.Fault
}

// tokenNameMax is how long a token's name may be, in characters.
const tokenNameMax = 100

func (s *Section) showTokens(v *web.Visit) (web.Reply, error) { return s.tokens(v, tokensView{}) }

func (s *Section) tokens(v *web.Visit, view tokensView) (web.Reply, error) {
	var err error
	view.Command = web.NewCommand()
	view.Tokens, err = s.Tokens.List(v.Context(), v.Actor.ID)
	return web.Show("API tokens", tokensPage(view)).With(view.Fault), err
}

// createToken returns with the page itself and not with a redirect: the secret
// is in this answer and nowhere else. Sent again, the form replaces the secret
// of the token it made.
func (s *Section) createToken(v *web.Visit) (web.Reply, error) {
	view := tokensView{Name: v.Form.Text("name"), Until: v.Form.Text("until")}
	token, err := s.wantedToken(v, view)
	if err == nil {
		var made auth.Token
		if view.Secret, made, err = s.Tokens.Create(v.Context(), v.Actor.ID, token); err == nil {
			view.Made, view.Name, view.Until = &made, "", ""
		}
	}
	if view.Fault = web.FaultOf(err); err != nil && view.Fault == nil {
		return web.Reply{}, err
	}
	return s.tokens(v, view)
}

func (s *Section) wantedToken(v *web.Visit, view tokensView) (t auth.Token, err error) {
	if t.ID, err = v.CommandID("token"); err != nil {
		return t, err
	}
	if t.Name, err = domain.Line("name", view.Name, tokenNameMax); err != nil {
		return t, err
	}
	t.ReadOnly = v.Form.Checked("read_only")
	if view.Until == "" {
		return t, nil
	}
	day, err := time.Parse(time.DateOnly, view.Until)
	switch {
	case err != nil, !day.AddDate(0, 0, 1).After(v.Now()):
		return t, errDay
	case edge.CheckDay(day) != nil:
		return t, errDay.With("choose a day that is not after the year 9998")
	}
	end := day.AddDate(0, 0, 1) // that day is included
	t.ExpiresAt = &end
	return t, nil
}

var errDay = &domain.Error{Kind: domain.KindInvalid, Code: "past", Message: "choose today or a later day", Field: "until"}

func (s *Section) revokeToken(v *web.Visit) (web.Reply, error) {
	id, err := uuid.Parse(v.Param("id"))
	if err != nil {
		return web.Reply{}, domain.ErrNotFound
	}
	if err := s.Tokens.Revoke(v.Context(), v.Actor.ID, id); err != nil {
		return web.Reply{}, err
	}
	v.Tell("Token revoked.")
	return web.Redirect(web.TokensPath), nil
}
