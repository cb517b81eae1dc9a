package web

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/edge"
	"helpdesk/projections"
)

// Sessions finds who is signed in; see [auth.Sessions].
type Sessions interface {
	Lookup(ctx context.Context, token string) (auth.Session, error)
}

// Memory finds commands that were carried out; see [eventstore.Store.CarriedBetween].
type Memory interface {
	CarriedBetween(ctx context.Context, from, to uuid.UUID) (uuid.UUID, error)
}

// Deps is what the kernel of the site is made of. All are needed.
type Deps struct {
	Sessions Sessions
	Access   commands.Records
	App      *commands.App
	Memory   Memory
	// Freshness waits for the projections that pages are read from.
	Freshness projections.Freshness
	Front     *edge.Front
	Log       *slog.Logger
}

// Config is what an operator may set.
type Config struct {
	// AgentVisibility is which tickets agents see, HELPDESK_AGENT_VISIBILITY.
	// Empty: [domain.VisibleQueue].
	AgentVisibility domain.AgentVisibility
	// CursorKey signs the places in lists that links lead to, and notices:
	// [edge.CursorKeySize] random bytes that all processes share.
	CursorKey []byte
	// Now is the clock; nil: [time.Now].
	Now func() time.Time
}

// Site serves the pages under [Root]. It is safe for concurrent use.
type Site struct {
	Deps
	visibility domain.AgentVisibility
	cursors    edge.Cursors
	now        func() time.Time
	static     map[string]asset // by name
	menu       []Page           // pages that the navigation links to, in order
	engine     *gin.Engine
}

// New makes a site of pages. It refuses a configuration that cannot work.
func New(deps Deps, config Config, pages ...Page) (*Site, error) {
	s := &Site{Deps: deps, visibility: cmp.Or(config.AgentVisibility, domain.VisibleQueue), now: config.Now}
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
	s.route(pages)
	return s, nil
}

func (s *Site) route(pages []Page) {
	gin.SetMode(gin.ReleaseMode) // silent: gin would print to standard output
	s.engine = gin.New()
	s.engine.RedirectTrailingSlash = false
	s.engine.HandleMethodNotAllowed = true
	s.engine.Use(s.begin, s.log, s.recover, s.limit, s.sameOrigin)
	s.engine.NoRoute(func(g *gin.Context) { s.refuse(visitOf(g), domain.ErrNotFound) })
	s.engine.NoMethod(func(g *gin.Context) { s.refuse(visitOf(g), errMethod) })
	s.engine.GET(staticPath+":hash/:name", s.serveStatic)
	shown := map[string]bool{}
	for _, p := range pages {
		shown[p.Path] = shown[p.Path] || p.Method == http.MethodGet
	}
	for _, p := range pages {
		if p.Menu != "" {
			s.menu = append(s.menu, p)
		}
		serve := func(g *gin.Context) { s.serve(visitOf(g), p) }
		path := strings.TrimSuffix(Root+p.Path, "/")
		s.engine.Handle(p.Method, path, serve)
		if p.Method == http.MethodGet {
			s.engine.HEAD(path, serve)
		} else if home, ok := homeOf(p.Path, shown); ok && !shown[p.Path] {
			s.engine.GET(path, func(g *gin.Context) { s.send(visitOf(g), leadHome(visitOf(g), home)) })
		}
	}
	slices.SortStableFunc(s.menu, func(a, b Page) int { return cmp.Compare(a.Place, b.Place) })
}

// homeOf returns the page that a form is on: the nearest above its address.
func homeOf(form string, shown map[string]bool) (home string, ok bool) {
	for home = form; home != ""; {
		home = strings.TrimSuffix(home[:strings.LastIndex("/"+home, "/")], "/")
		if shown[home] {
			return home, true
		}
	}
	return "", false
}

// leadHome leads to the page of a form whose address a refused form has left in the
// browser: loaded anew, that is no form any more.
func leadHome(v *Visit, home string) Reply {
	path := Root
	if home != "" {
		parts := strings.Split(strings.TrimPrefix(v.Request.URL.EscapedPath(), Root), "/")
		path += strings.Join(parts[:strings.Count(home, "/")+1], "/") + "/"
	}
	if query := v.Request.URL.RawQuery; query != "" {
		path += "?" + query
	}
	return Redirect(path)
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

func (s *Site) serve(v *Visit, p Page) {
	defer v.turn.End()
	r, err := s.handle(v, p)
	if err != nil {
		s.refuse(v, err)
		return
	}
	s.send(v, r)
}

// handle is the order of work of the package comment, from the session on.
func (s *Site) handle(v *Visit, p Page) (Reply, error) {
	if err := v.identify(); err != nil {
		return Reply{}, err
	}
	if p.For != Anyone && v.Session == nil {
		return s.askToSignIn(v)
	}
	if strings.Count(v.Request.URL.RawQuery, "&") >= queryMost || !isText(v.Request.URL.Query()) {
		return Reply{}, ErrNoSuchFilter
	}
	if p.Method == http.MethodGet && p.For != Anyone {
		if err := v.RecordReading(); err != nil {
			return Reply{}, err
		}
	}
	if p.Method == http.MethodPost {
		most := signedInForm
		if p.For == Anyone {
			most = anyonesForm
		}
		v.Files.taken = p.files
		if err := v.readForm(most); err != nil {
			return Reply{}, err
		}
	}
	if !p.For.includes(v) {
		return Reply{}, domain.ErrForbidden
	}
	v.turn = s.Front.TurnOf(v.caller(), v.Request, p.dear)
	if v.turn.Dear() {
		if err := v.turn.Take(v.Context()); err != nil {
			return Reply{}, err
		}
	}
	return p.Handle(v)
}
