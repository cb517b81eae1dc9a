// Package tokens is the API tokens of whoever asks.
package tokens

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/wire"
	"helpdesk/projections"
)

// Keeper keeps API tokens; see [auth.Tokens].
type Keeper interface {
	Create(ctx context.Context, owner user.ID, t auth.Token) (secret string, made auth.Token, err error)
	List(ctx context.Context, owner user.ID) ([]auth.Token, error)
	Revoke(ctx context.Context, owner user.ID, id uuid.UUID) error
}

// Resource is the calls on API tokens.
type Resource struct {
	Keeper Keeper
	// SignedOut is called whenever a credential may have ended.
	SignedOut func()
}

// Routes lists the calls.
func (r Resource) Routes() []httpapi.Route {
	return httpapi.Tagged("Tokens", "Tokens.",
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/tokens/", ID: "listTokens",
			Summary: "List one's own API tokens",
			About:   "The caller's, without their secrets.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.list),
		},
		httpapi.Route{
			Method: http.MethodPost, Path: "/api/tokens/", ID: "createToken",
			Summary: "Make an API token",
			About:   "The secret is in this answer and nowhere else. A token acts with its owner's role of the moment; it makes no tokens.",
			Who:     httpapi.InPerson, Status: http.StatusCreated, Handler: httpapi.Handle(r.create), Secret: true,
			Never: []int{http.StatusPreconditionFailed},
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/tokens/{id}/", ID: "getToken",
			Summary: "Read one of one's own API tokens",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.one),
		},
		httpapi.Route{
			Method: http.MethodDelete, Path: "/api/tokens/{id}/", ID: "revokeToken",
			Summary: "Revoke an API token",
			About:   "At once. A token revokes none but itself.",
			Who:     httpapi.SignedIn, Status: http.StatusNoContent, Handler: httpapi.Handle(r.revoke),
			Never: []int{http.StatusPreconditionFailed},
		},
	)
}

// APIToken is an API token without its secret.
type APIToken struct {
	ID         uuid.UUID  `json:"id" required:"true"`
	Name       string     `json:"name" required:"true"`
	ReadOnly   bool       `json:"read_only" required:"true" description:"Whether it may only read."`
	CreatedAt  wire.Time  `json:"created_at" required:"true"`
	ExpiresAt  *wire.Time `json:"expires_at" required:"true" description:"null: never."`
	LastUsedAt *wire.Time `json:"last_used_at" required:"true" description:"To the minute; null: never."`
}

// APITokenWithSecret is an API token just made.
type APITokenWithSecret struct {
	APIToken
	Token string `json:"token" required:"true" description:"The secret, shown this once. Send it as Authorization: Bearer."`
}

func tokenView(t auth.Token) APIToken {
	return APIToken{
		ID: t.ID, Name: t.Name, ReadOnly: t.ReadOnly, CreatedAt: wire.At(t.CreatedAt),
		ExpiresAt: wire.TimeOf(t.ExpiresAt), LastUsedAt: wire.TimeOf(t.LastUsedAt),
	}
}

// TokenPath is the path of calls on one API token.
type TokenPath struct {
	Token string `path:"id" json:"-" description:"The token's id."`
}

// TokenQuery is the parameters of the list of API tokens.
type TokenQuery struct{ httpapi.Listing }

func (r Resource) list(ctx context.Context, c *httpapi.Call, in TokenQuery) (httpapi.List[APIToken], error) {
	page, err := c.Page(in.Listing)
	if err != nil {
		return httpapi.List[APIToken]{}, err
	}
	all, err := r.Keeper.List(ctx, c.Actor.ID)
	if err != nil {
		return httpapi.List[APIToken]{}, err
	}
	return httpapi.ListOf(c, tokenSlice(all, page), tokenView)
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
	Name      string                   `json:"name" required:"true" minLength:"1" maxLength:"100" trim:"true" description:"What it is for." example:"nightly export"`
	ReadOnly  bind.Optional[bool]      `json:"read_only" description:"Whether it may only read; false when left out."`
	ExpiresAt bind.Optional[time.Time] `json:"expires_at" nullable:"true" description:"When it ends; null or left out: never."`
}

func (r Resource) create(ctx context.Context, c *httpapi.Call, in TokenCreation) (APITokenWithSecret, error) {
	if in.ExpiresAt.Ptr() != nil && !in.ExpiresAt.Value.After(c.Now()) {
		return APITokenWithSecret{}, problem.Member("expires_at", "past", "must be in the future")
	}
	name, err := domain.Line("name", in.Name, 100)
	if err != nil {
		return APITokenWithSecret{}, err
	}
	secret, made, err := r.Keeper.Create(ctx, c.Actor.ID, auth.Token{
		ID: c.NewID(), Name: name, ReadOnly: in.ReadOnly.Value, ExpiresAt: in.ExpiresAt.Ptr(),
	})
	if err != nil {
		return APITokenWithSecret{}, err
	}
	c.Header.Set("Location", "/api/tokens/"+made.ID.String()+"/")
	return APITokenWithSecret{APIToken: tokenView(made), Token: secret}, nil
}

func (r Resource) one(ctx context.Context, c *httpapi.Call, in TokenPath) (APIToken, error) {
	id, err := bind.ParseUUID(in.Token)
	if err != nil {
		return APIToken{}, err
	}
	all, err := r.Keeper.List(ctx, c.Actor.ID)
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
func (r Resource) revoke(ctx context.Context, c *httpapi.Call, in TokenPath) (httpapi.Empty, error) {
	id, err := bind.ParseUUID(in.Token)
	if err != nil {
		return httpapi.Empty{}, err
	}
	if c.Token != nil && c.Token.ID != id {
		return httpapi.Empty{}, httpapi.ErrSessionRequired
	}
	if err := r.Keeper.Revoke(ctx, c.Actor.ID, id); err != nil {
		return httpapi.Empty{}, err
	}
	r.SignedOut()
	return httpapi.Empty{}, nil
}
