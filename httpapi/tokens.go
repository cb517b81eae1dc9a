package httpapi

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/projections"
)

// Tokens keeps API tokens; see [auth.Tokens].
type Tokens interface {
	Create(ctx context.Context, owner user.ID, t auth.Token) (secret string, made auth.Token, err error)
	List(ctx context.Context, owner user.ID) ([]auth.Token, error)
	Revoke(ctx context.Context, owner user.ID, id uuid.UUID) error
	Lookup(ctx context.Context, secret string) (auth.Token, user.Account, error)
}

// Refusals of what comes with an API token.
var (
	errReadOnlyToken = &domain.Error{
		Kind: domain.KindForbidden, Code: "token_read_only", Message: "this token may only read",
	}
	errSessionRequired = &domain.Error{
		Kind: domain.KindForbidden, Code: "session_required", Message: "this takes a session; an API token is not enough",
	}
)

// APIToken is an API token without its secret.
type APIToken struct {
	ID         uuid.UUID `json:"id" required:"true"`
	Name       string    `json:"name" required:"true"`
	ReadOnly   bool      `json:"read_only" required:"true" description:"Whether it may only read."`
	CreatedAt  Time      `json:"created_at" required:"true"`
	ExpiresAt  *Time     `json:"expires_at" required:"true" description:"null: never."`
	LastUsedAt *Time     `json:"last_used_at" required:"true" description:"To the minute; null: never."`
}

// APITokenWithSecret is an API token just made.
type APITokenWithSecret struct {
	APIToken
	Token string `json:"token" required:"true" description:"The secret, shown this once. Send it as Authorization: Bearer."`
}

func tokenView(t auth.Token) APIToken {
	return APIToken{
		ID: t.ID, Name: t.Name, ReadOnly: t.ReadOnly, CreatedAt: Time{t.CreatedAt},
		ExpiresAt: timeOf(t.ExpiresAt), LastUsedAt: timeOf(t.LastUsedAt),
	}
}

// TokenPath is the path of calls on one API token.
type TokenPath struct {
	Token string `path:"id" json:"-" description:"The token's id."`
}

// TokenQuery is the parameters of the list of API tokens.
type TokenQuery struct{ Listing }

func (a *API) listTokens(ctx context.Context, c *Call, in TokenQuery) (List[APIToken], error) {
	page, err := a.page(c, in.Listing)
	if err != nil {
		return List[APIToken]{}, err
	}
	all, err := a.Tokens.List(ctx, c.Actor.ID)
	if err != nil {
		return List[APIToken]{}, err
	}
	return listOf(a, c, tokenSlice(all, page), tokenView)
}

// tokenSlice cuts a page out of all tokens of a person, newest first: they are
// few.
func tokenSlice(all []auth.Token, p projections.Page) projections.Slice[auth.Token] {
	from, upto := 0, min(p.Size, len(all))
	if p.Cursor != nil {
		from, _ = slices.BinarySearchFunc(all, *p.Cursor, olderThan)
		if p.Cursor.Back {
			from, upto = max(from-p.Size, 0), from
		} else {
			if from < len(all) && all[from].ID == p.Cursor.ID {
				from++
			}
			upto = min(from+p.Size, len(all))
		}
	}
	s := projections.Slice[auth.Token]{Items: all[from:upto]}
	place := func(t auth.Token, back bool) *projections.Cursor {
		return &projections.Cursor{Key: t.CreatedAt.UTC().Format(time.RFC3339Nano), ID: t.ID, Back: back}
	}
	if upto < len(all) && upto > from {
		s.Next = place(all[upto-1], false)
	}
	if from > 0 && upto > from {
		s.Previous = place(all[from], true)
	}
	if p.Count {
		n := int64(len(all))
		s.Count = &n
	}
	return s
}

// olderThan orders a token and a place in the list, newest first.
func olderThan(t auth.Token, place projections.Cursor) int {
	at, _ := time.Parse(time.RFC3339Nano, place.Key) // a cursor of our own making
	return cmp.Or(at.Compare(t.CreatedAt), strings.Compare(place.ID.String(), t.ID.String()))
}

// TokenCreation is the body that makes an API token.
type TokenCreation struct {
	Name      string              `json:"name" required:"true" minLength:"1" maxLength:"100" trim:"true" description:"What it is for." example:"nightly export"`
	ReadOnly  Optional[bool]      `json:"read_only" description:"Whether it may only read; false when left out."`
	ExpiresAt Optional[time.Time] `json:"expires_at" nullable:"true" description:"When it ends; null or left out: never."`
}

func (a *API) createToken(ctx context.Context, c *Call, in TokenCreation) (APITokenWithSecret, error) {
	if in.ExpiresAt.Ptr() != nil && !in.ExpiresAt.Value.After(a.now()) {
		return APITokenWithSecret{}, invalid(Violation{Pointer: "/expires_at", Code: "past", Detail: "an instant in the future is wanted"})
	}
	name, err := domain.Line("name", in.Name, 100)
	if err != nil {
		return APITokenWithSecret{}, err
	}
	secret, made, err := a.Tokens.Create(ctx, c.Actor.ID, auth.Token{
		ID: c.newID(), Name: name, ReadOnly: in.ReadOnly.Value, ExpiresAt: in.ExpiresAt.Ptr(),
	})
	if err != nil {
		return APITokenWithSecret{}, err
	}
	c.header.Set("Location", "/api/tokens/"+made.ID.String()+"/")
	return APITokenWithSecret{APIToken: tokenView(made), Token: secret}, nil
}

func (a *API) getToken(ctx context.Context, c *Call, in TokenPath) (APIToken, error) {
	id, err := parseUUID(in.Token)
	if err != nil {
		return APIToken{}, err
	}
	all, err := a.Tokens.List(ctx, c.Actor.ID)
	if err != nil {
		return APIToken{}, err
	}
	at := slices.IndexFunc(all, func(t auth.Token) bool { return t.ID == id })
	if at < 0 {
		return APIToken{}, domain.ErrNotFound
	}
	return tokenView(all[at]), nil
}

// revokeToken ends a token. With a token one can end that one and no other, so
// that a script can clean up and a thief cannot lock out anybody but themselves.
func (a *API) revokeToken(ctx context.Context, c *Call, in TokenPath) (Empty, error) {
	id, err := parseUUID(in.Token)
	if err != nil {
		return Empty{}, err
	}
	if c.Token != nil && c.Token.ID != id {
		return Empty{}, errSessionRequired
	}
	if err := a.Tokens.Revoke(ctx, c.Actor.ID, id); err != nil {
		return Empty{}, err
	}
	a.streams.wake()
	return Empty{}, nil
}
