package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"helpdesk/edge"
)

// tooMany refuses a call until retry has passed.
func tooMany(code, detail string, retry time.Duration) error {
	return &refusal{status: http.StatusTooManyRequests, code: code, detail: detail, retryAfter: max(edge.Seconds(retry), 1)}
}

// limit counts the call against the caller's limit, by person where the request
// proves one and by address otherwise, and says in the answer what is left.
func (a *API) limit(g *gin.Context) {
	if a.front.Calls == nil || !strings.HasPrefix(g.Request.URL.Path, "/api/") {
		return
	}
	c := callOf(g)
	key := "address " + a.front.Address(g.Request)
	if who, err := c.caller(g.Request.Context()); err == nil && who != nil {
		key = "user " + who.account.ID.String()
	}
	left := a.front.Calls.Take(key)
	c.header.Set("RateLimit-Limit", strconv.Itoa(a.front.Calls.Size()))
	c.header.Set("RateLimit-Remaining", strconv.Itoa(left.Remaining))
	c.header.Set("RateLimit-Reset", strconv.Itoa(edge.Seconds(left.Full)))
	if !left.Allowed {
		g.Abort()
		a.refuse(g, edge.TooManyCalls(left))
	}
}

// guess is [edge.Limits.Guess] for the call's address.
func (c *Call) guess(name string) (succeeded func(), err error) {
	return c.api.front.Guess(name, c.api.front.Address(c.Request))
}

// checkPassword is [Accounts.CheckPassword] within the limits of guesses.
func (c *Call) checkPassword(ctx context.Context, password string) error {
	right, err := c.guess(c.Session.Account.Username)
	if err != nil {
		return err
	}
	if err := c.api.Accounts.CheckPassword(ctx, c.Actor.ID, password); err != nil {
		return err
	}
	right()
	return nil
}
