package httpapi

import (
	"context"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"helpdesk/edge"
)

// limit counts the call against the caller's limit, by person where the request
// proves one and by address otherwise, and says in the answer what is left.
func (a *API) limit(g *gin.Context) {
	if a.front.Calls == nil || !strings.HasPrefix(g.Request.URL.Path, "/api/") {
		return
	}
	c := callOf(g)
	caller := edge.Caller{Address: a.front.Address(g.Request)}
	if who, err := c.visitor.find(g.Request.Context()); err == nil && who != nil {
		caller.Person = who.account.ID
	}
	left := a.front.Call(caller)
	c.Header.Set("RateLimit-Limit", strconv.Itoa(a.front.Calls.Size()))
	c.Header.Set("RateLimit-Remaining", strconv.Itoa(left.Remaining))
	c.Header.Set("RateLimit-Reset", strconv.Itoa(edge.Seconds(left.Full)))
	if !left.Allowed {
		g.Abort()
		a.refuse(g, edge.TooManyCalls(left))
	}
}

// takeTurn waits for the caller's turn where the call is dear; see [edge.Turns]. A file is
// kept as it comes, which takes as long as it does.
func takeTurn(ctx context.Context, c *Call) error {
	if c.route.Handler.uploads {
		return nil
	}
	caller := edge.Caller{Person: c.Actor.ID, Address: c.api.front.Address(c.Request)}
	c.Turn = c.api.front.TurnOf(caller, c.Request, c.route.Dear || c.handler.export)
	if !c.Turn.Dear() {
		return nil
	}
	return c.Turn.Take(ctx)
}

// Guess is a guess at a password that a call makes.
type Guess struct {
	call  *Call
	right func() // takes back what was counted; nil: nothing was
}

// Count is [edge.Limits.Guess] for the call's address, for a check
// ([HandleChecked]): it comes before whatever hashes a password.
func (g *Guess) Count(of string) (err error) {
	front := g.call.api.front
	g.right, err = front.Guess(of, front.Address(g.call.Request))
	return err
}

// Right takes the guess back: the password was right.
func (g *Guess) Right() {
	if g.right != nil {
		g.right()
	}
}

// PasswordLink is [edge.Front.PasswordLink] for a call.
func PasswordLink(c *Call, token string) string { return c.api.front.PasswordLink(token) }

// Registering counts a registration against the limit of the call's address.
func (c *Call) Registering() error { return c.api.front.Register(c.api.front.Address(c.Request)) }
