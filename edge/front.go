package edge

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config is what an operator may set.
type Config struct {
	// PublicURL is how clients reach the service. Empty: as each request says.
	PublicURL string
	// TrustedProxies may say in X-Forwarded-For where a request comes from.
	TrustedProxies []netip.Prefix
	// RateLimit is how many calls a minute one caller may make. 0: every limit is
	// off, those of sign-ins too.
	RateLimit int
	// RequestTime is how long a request may take; see [Front.Within]. 0: as long as
	// it takes.
	RequestTime time.Duration
	// Explain returns an error with the reason for it, where it is for want of the
	// database and the reason is known. nil: it never is.
	Explain func(error) error
	// Now is the clock; nil: [time.Now].
	Now func() time.Time
}

// Front knows how clients reach the service and how much each may ask of it. It
// is safe for concurrent use.
type Front struct {
	Limits
	*Turns

	public  string // scheme, host and path, no slash at the end; "" when not configured
	proxies []netip.Prefix
	origins *http.CrossOriginProtection
	time    time.Duration // of a request
	explain func(error) error
	now     func() time.Time
}

// NewFront makes it. It refuses a public URL that is not absolute.
func NewFront(config Config) (*Front, error) {
	f := &Front{proxies: slices.Clone(config.TrustedProxies), origins: http.NewCrossOriginProtection(), time: config.RequestTime, explain: config.Explain, now: config.Now}
	if f.now == nil {
		f.now = time.Now
	}
	f.Limits, f.Turns = newLimits(config.RateLimit, f.now), newTurns(f.now)
	return f, f.publish(config.PublicURL)
}

// Within returns the context of a request, which ends once the request took too long:
// whatever it waits for, most of all the database, it gets an answer. The caller MUST
// call done when the request has ended. What is sent piece by piece is not to be within
// it.
func (f *Front) Within(ctx context.Context) (within context.Context, done context.CancelFunc) {
	if f.time == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, f.time)
}

// Explain returns err as [Config.Explain] does, for whoever is refused because of it.
func (f *Front) Explain(err error) error {
	if f.explain == nil || err == nil {
		return err
	}
	return f.explain(err)
}

// publish takes note of how clients reach the service. Pages from there are of
// the same origin, also when a proxy changes the Host header.
func (f *Front) publish(public string) error {
	if public == "" {
		return nil
	}
	u, err := url.Parse(public)
	if err != nil {
		return err
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return errors.New("an absolute http or https URL is needed")
	}
	f.public = strings.TrimSuffix((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), "/")
	return f.origins.AddTrustedOrigin(u.Scheme + "://" + u.Host)
}

// Public returns scheme, host and path that clients reach the service by, without a
// slash at the end, as configured; "" where nothing is. What a request calls us is
// never taken for it: who asks could have others led elsewhere.
func (f *Front) Public() string { return f.public }

// Secure reports whether the client speaks TLS, to us or to what stands
// before us.
func (f *Front) Secure(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") ||
		strings.HasPrefix(f.public, "https:")
}

// SameOrigin reports whether a request is what a browser sends from a page of
// ours, or no browser sends at all.
func (f *Front) SameOrigin(r *http.Request) bool { return f.origins.Check(r) == nil }

// MayBeRewritten reports whether a request that [Front.SameOrigin] refuses may be of
// the same origin after all, by a browser that compared no origins itself, as over
// plain http: a proxy has put another Host in its place then.
func MayBeRewritten(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Site") == "" }

// Address returns where the request comes from: the peer, or what stands
// before the trusted proxies in X-Forwarded-For. Of an IPv6 address it is the
// network of 64 bits, which is what one customer has.
func (f *Front) Address(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	addr := peer.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && f.trusts(addr); i-- {
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

func (f *Front) trusts(addr netip.Addr) bool {
	for _, p := range f.proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
