package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// Limits beside the general one (API.md "Limits").
const (
	failuresPerName      = 10  // a minute
	failuresPerAddress   = 100 // a minute
	registrationsPerHour = 100 // an address
)

// limits are the limits of one process; nil ones are off.
type limits struct {
	calls         *limiter // by caller
	names         *limiter // failed sign-ins, by name
	addresses     *limiter // failed sign-ins, by address
	registrations *limiter // by address
}

// newLimits makes the limits: all of them, or none when perMinute is zero.
func newLimits(perMinute int, now func() time.Time) limits {
	if perMinute == 0 {
		return limits{}
	}
	return limits{
		calls:         newLimiter(perMinute, time.Minute, now),
		names:         newLimiter(failuresPerName, time.Minute, now),
		addresses:     newLimiter(failuresPerAddress, time.Minute, now),
		registrations: newLimiter(registrationsPerHour, time.Hour, now),
	}
}

// tooMany refuses a call until retry has passed.
func tooMany(code, detail string, retry time.Duration) error {
	return &refusal{status: http.StatusTooManyRequests, code: code, detail: detail, retryAfter: max(seconds(retry), 1)}
}

// limit counts the call against the caller's limit, by person where the request
// proves one and by address otherwise, and says in the answer what is left.
func (a *API) limit(g *gin.Context) {
	if a.limits.calls == nil || !strings.HasPrefix(g.Request.URL.Path, "/api/") {
		return
	}
	c := callOf(g)
	key := "address " + a.address(g.Request)
	if who, err := c.caller(g.Request.Context()); err == nil && who != nil {
		key = "user " + who.account.ID.String()
	}
	left := a.limits.calls.take(key)
	c.header.Set("RateLimit-Limit", strconv.Itoa(a.limits.calls.size))
	c.header.Set("RateLimit-Remaining", strconv.Itoa(left.remaining))
	c.header.Set("RateLimit-Reset", strconv.Itoa(seconds(left.full)))
	if !left.allowed {
		g.Abort()
		a.refuse(g, tooMany("rate_limited", "too many calls; the headers RateLimit-* say what is allowed", left.retry))
	}
}

// guess counts an attempt at the password of name until it is known to have
// been right: then succeeded takes it back. Attempts beyond the limits are
// refused without a look at the password.
func (c *Call) guess(name string) (succeeded func(), err error) {
	l := c.api.limits
	byName := l.names.take(strings.ToLower(strings.TrimSpace(name)))
	byAddress := l.addresses.take(c.api.address(c.Request))
	giveBack := func() { byName.giveBack(); byAddress.giveBack() }
	if byName.allowed && byAddress.allowed {
		return giveBack, nil
	}
	switch { // what was refused took nothing
	case byName.allowed:
		byName.giveBack()
	case byAddress.allowed:
		byAddress.giveBack()
	}
	return nil, tooMany("too_many_failures", "too many wrong passwords; wait before the next try", max(byName.retry, byAddress.retry))
}

// mayRegister counts a registration from the call's address.
func (c *Call) mayRegister() error {
	left := c.api.limits.registrations.take(c.api.address(c.Request))
	if !left.allowed {
		return tooMany("too_many_registrations", "too many registrations from this address", left.retry)
	}
	return nil
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

// address answers where the request comes from: the peer, or what stands
// before the trusted proxies in X-Forwarded-For. Of an IPv6 address it is the
// network of 64 bits, which is what one customer has.
func (a *API) address(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	addr := peer.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && a.trusts(addr); i-- {
		before, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break // what stands before it is hearsay
		}
		addr = before.Unmap().WithZone("")
	}
	if addr.Is6() {
		return netip.PrefixFrom(addr, 64).Masked().String()
	}
	return addr.String()
}

func (a *API) trusts(addr netip.Addr) bool {
	for _, p := range a.proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
