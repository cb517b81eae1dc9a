package httpapi

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"helpdesk/domain"
	"helpdesk/edge"
)

// API serves the REST API and the operational answers. It is safe for
// concurrent use.
type API struct {
	Deps
	visibility domain.AgentVisibility
	front      *edge.Front
	exports    *edge.AtOnce
	cursors    edge.Cursors
	now        func() time.Time
	table      []Route
	engine     *gin.Engine
	spec       func() (servedDocument, error)
	bodies     sync.Pool // of *[]byte: what answers were made in that have been sent
}

// New makes the API that serves the routes. It refuses a configuration that
// cannot work.
func New(deps Deps, config Config, routes []Route) (*API, error) {
	a := newBare(deps, config)
	var err error
	if a.cursors, err = edge.NewCursors(config.CursorKey); err != nil {
		return nil, err
	}
	if a.front == nil {
		if a.front, err = config.newFront(); err != nil {
			return nil, fmt.Errorf("public URL: %w", err)
		}
	}
	a.spec = sync.OnceValues(a.makeDocument)
	a.newEngine()
	a.explain(a.engine)
	a.table = withExports(routes)
	return a, a.register(a.engine)
}

// newBare makes an API that serves nothing yet.
func newBare(deps Deps, config Config) *API {
	a := &API{
		Deps:       deps,
		visibility: cmp.Or(config.AgentVisibility, domain.VisibleQueue),
		front:      config.Front,
		exports:    edge.NewAtOnce(exportsMost),
		now:        config.Now,
	}
	if a.now == nil {
		a.now = time.Now
	}
	return a
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
