package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"helpdesk/domain"
	"helpdesk/edge"
)

// Root is the path that the whole site is below.
const Root = "/admin/"

// Site serves the pages under [Root]. It is safe for concurrent use.
type Site struct {
	Deps
	visibility domain.AgentVisibility
	cursors    edge.Cursors
	now        func() time.Time
	static     map[string]asset // by name
	engine     *gin.Engine
	proving    sync.Mutex // held while the whole log is read: one at a time
}

// New makes the site. It refuses a configuration that cannot work.
func New(deps Deps, config Config) (*Site, error) {
	s := &Site{Deps: deps, visibility: cmp.Or(config.AgentVisibility, domain.VisibleAssigned), now: config.Now}
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if s.cursors, err = edge.NewCursors(config.CursorKey); err != nil {
		return nil, err
	}
	if s.static, err = loadAssets(); err != nil {
		return nil, err
	}
	s.route()
	return s, nil
}

// audience says who a page is for at all. What each role may do on it is the
// rules' to say.
type audience int

const (
	anyone audience = iota
	signedIn
)

// page is one row of the table of pages and forms.
type page struct {
	method string
	path   string // as gin writes it, below [Root], without a slash at the end
	who    audience
	handle func(*Visit) (reply, error)
}

func (s *Site) route() {
	gin.SetMode(gin.ReleaseMode) // silent: gin would print to standard output
	s.engine = gin.New()
	s.engine.RedirectTrailingSlash = false
	s.engine.HandleMethodNotAllowed = true
	s.engine.Use(s.begin, s.log, s.recover, s.sameOrigin)
	s.engine.NoRoute(func(g *gin.Context) { s.refuse(visitOf(g), domain.ErrNotFound) })
	s.engine.NoMethod(func(g *gin.Context) { s.refuse(visitOf(g), errMethod) })
	s.engine.GET(Root+"static/:hash/:name", s.serveStatic)
	for _, p := range slices.Concat(s.pages(), s.oversight()) {
		serve := func(g *gin.Context) { s.serve(visitOf(g), p) }
		path := strings.TrimSuffix(Root+p.path, "/")
		s.engine.Handle(p.method, path, serve)
		if p.method == http.MethodGet {
			s.engine.HEAD(path, serve)
		}
	}
}

// ServeHTTP implements [http.Handler]. A path means the same with and without
// a slash at its end.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path := r.URL.Path; len(path) > 1 && strings.HasSuffix(path, "/") {
		u := *r.URL
		u.Path, u.RawPath = strings.TrimSuffix(path, "/"), ""
		copied := *r
		copied.URL = &u
		r = &copied
	}
	s.engine.ServeHTTP(w, r)
}

func (s *Site) serve(v *Visit, p page) {
	r, err := s.answer(v, p)
	if err != nil {
		s.refuse(v, err)
		return
	}
	s.send(v, r)
}

// answer is the order of work of the package comment, from the session on.
func (s *Site) answer(v *Visit, p page) (reply, error) {
	if err := v.identify(); err != nil {
		return reply{}, err
	}
	if p.who == signedIn && v.Session == nil {
		return s.askToSignIn(v)
	}
	if !isText(v.Request.URL.Query()) {
		return reply{}, errNoSuchFilter
	}
	if p.method == http.MethodGet && p.who == signedIn {
		if err := v.recordReading(); err != nil {
			return reply{}, err
		}
	}
	if p.method == http.MethodPost {
		if err := v.readForm(); err != nil {
			return reply{}, err
		}
	}
	return p.handle(v)
}
