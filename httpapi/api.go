package httpapi

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"helpdesk/domain"
)

// API serves the REST API and the operational answers. It is safe for
// concurrent use.
type API struct {
	Deps
	visibility domain.AgentVisibility
	public     string // scheme and host, no slash at the end; "" when not configured
	cursors    cursors
	now        func() time.Time
	origins    *http.CrossOriginProtection
	limits     limits
	proxies    []netip.Prefix
	streams    *streams
	heartbeat  time.Duration
	table      []Route
	engine     *gin.Engine
	spec       func() (servedDocument, error)
}

// cursorKeySize is the size of Config.CursorKey in bytes, that of the HMAC's hash.
const cursorKeySize = 32

// New makes the API. It refuses a configuration that cannot work.
func New(deps Deps, config Config) (*API, error) {
	if len(config.CursorKey) != cursorKeySize {
		return nil, fmt.Errorf("cursor key of %d bytes, %d are needed", len(config.CursorKey), cursorKeySize)
	}
	a := newBare(deps, config)
	a.cursors = cursors{key: slices.Clone(config.CursorKey)}
	a.spec = sync.OnceValues(a.makeDocument)
	if err := a.publish(config.PublicURL); err != nil {
		return nil, fmt.Errorf("public URL: %w", err)
	}
	return a, a.route()
}

// newBare makes an API that serves nothing yet.
func newBare(deps Deps, config Config) *API {
	a := &API{
		Deps:       deps,
		visibility: cmp.Or(config.AgentVisibility, domain.VisibleAssigned),
		now:        config.Now,
		origins:    http.NewCrossOriginProtection(),
		streams:    newStreams(),
		heartbeat:  heartbeat,
	}
	if a.now == nil {
		a.now = time.Now
	}
	a.limits, a.proxies = newLimits(config.RateLimit, a.now), slices.Clone(config.TrustedProxies)
	return a
}

// publish takes note of how clients reach the service. Pages from there are of
// the same origin, also when a proxy changes the Host header.
func (a *API) publish(public string) error {
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
	a.public = strings.TrimSuffix((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), "/")
	return a.origins.AddTrustedOrigin(u.Scheme + "://" + u.Host)
}

func (a *API) route() error {
	a.newEngine()
	a.explain(a.engine)
	a.table = a.routes()
	return a.register(a.engine)
}

// newEngine makes an engine that knows what operators ask.
func (a *API) newEngine() {
	gin.SetMode(gin.ReleaseMode) // silent: gin would print to standard output
	a.engine = gin.New()
	a.engine.RedirectTrailingSlash = false
	a.engine.HandleMethodNotAllowed = true
	a.engine.Use(a.begin, a.log, a.recover, a.limit, a.sameOrigin)
	a.engine.NoRoute(a.noRoute)
	a.engine.NoMethod(a.noMethod)
	a.operate(a.engine)
}

// Routes lists every call of the API.
func (a *API) Routes() []Route { return slices.Clone(a.table) }

// ServeHTTP implements [http.Handler]. A path means the same with and without
// a slash at its end.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path := r.URL.Path; len(path) > 1 && strings.HasSuffix(path, "/") {
		u := *r.URL
		u.Path, u.RawPath = strings.TrimSuffix(path, "/"), ""
		copied := *r
		copied.URL = &u
		r = &copied
	}
	a.engine.ServeHTTP(w, r)
}
