package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"helpdesk/commands"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/encoder"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/spec"
)

// Who is who may make a call at all.
type Who int

// The callers. What each role may do beyond that is the handlers' and the
// rules' to say.
const (
	Anyone   Who = iota
	SignedIn     // with a session or an API token
	InPerson     // with a session; an API token is refused
)

// Route is one call of the API, and what the document says of it.
type Route struct {
	Method  string
	Path    string // {id} is a parameter; a slash at the end
	ID      string // operation id
	Tag     spec.Tag
	Summary string
	About   string // what is worth saying beside the summary
	Who     Who
	Status  int // of success
	Handler Handler
	// Dear: the call may take long, so that of one caller a few are worked on at a time; see
	// [edge.Turns]. Exports are without it.
	Dear bool
	// Secret: the answer holds a secret. Under an Idempotency-Key it is stored
	// encrypted for the caller's credential, and not at all without one.
	Secret bool
	// Again makes the answer of the call once more, for a repeat under an
	// Idempotency-Key: the stream that it wrote to as it left it, with texts as the caller
	// may read them by now. nil: the answer is stored as it was.
	Again func(context.Context, *Call, commands.Outcome) (any, error)
	// Also are the statuses of refusal beside those that follow from the order of
	// work, Never those of these that this call does not give, and Headers those of
	// success beside the usual ones.
	Also, Never []int
	Headers     []string
	// Export is the operation id of the call at export/ beneath Path, which answers
	// the handler's second media type whatever Accept asks for; "" where there is none.
	Export string
	// Choices are the structures of the document whose shape a member decides.
	Choices []spec.Choice

	binder bind.Binder
}

// Tagged puts the routes of a resource into the group that the document lists
// them in.
func Tagged(name, about string, routes ...Route) []Route {
	for i := range routes {
		routes[i].Tag = spec.Tag{Name: name, About: about}
	}
	return routes
}

// Remade has repeats of the routes that write and answer an Out get it made anew; see
// [Route].Again.
func Remade[Out any](routes []Route, again func(context.Context, *Call, commands.Outcome) (Out, error)) []Route {
	for i, r := range routes {
		if r.Method == http.MethodGet || reflect.TypeOf(r.Handler.Out) != reflect.TypeFor[Out]() {
			continue
		}
		routes[i].Again = func(ctx context.Context, c *Call, out commands.Outcome) (any, error) { return again(ctx, c, out) }
	}
	return routes
}

// withExports returns the routes, each with its export behind it. In the document a
// call has one media type, for clients made of it take the answer for that type.
func withExports(routes []Route) []Route {
	var all []Route
	for _, r := range routes {
		if r.Export == "" {
			all = append(all, r)
			continue
		}
		export := r
		export.Path, export.ID, export.Export, export.Choices = r.Path+"export/", r.Export, "", nil
		export.Handler = r.Handler.others[0]
		mediaType, _, _ := strings.Cut(export.Handler.Media[0], ";")
		_, name, _ := strings.Cut(strings.Replace(mediaType, "/x-", "/", 1), "/")
		export.Summary += " as " + strings.ToUpper(name)
		export.About = fmt.Sprintf("What %s answers with `Accept: %s`. %s", r.Path, mediaType, r.About)
		r.About = fmt.Sprintf("%s With `Accept: %s` the answer is that of %s.", r.About, mediaType, export.Path)
		all = append(all, r, export)
	}
	return all
}

// Handler is a typed handler made fit for the table by [Handle], [BytesOf] or [StreamOf].
type Handler struct {
	In  any // zero value, to reflect the schema of parameters and body from
	Out any // zero value, to reflect the schema of a JSON answer from; nil for a stream
	// Media is the media types it answers, the first where the client does not
	// choose by Accept.
	Media  []string
	others []Handler // those of the further media types
	serve  func(ctx context.Context, c *Call, fill func(in any, check func() error) error) (any, error)
	// checked: something is looked at before an idempotency key is.
	checked bool
	// uploads: the body is no JSON, and f reads it.
	uploads bool
	// export: the answer is sent page by page, each of which takes a turn.
	export bool
	// again makes the answer of an upload once more, of the stored one.
	again func(ctx context.Context, c *Call, stored []byte) (any, error)
	// takes is the one media type of a body that uploads; "": a file, of any.
	takes string
	// ranges: a client may ask for a part of the answer.
	ranges bool
}

// jsonType is the media type of what is no stream and no problem.
const jsonType = "application/json"

// Empty is what a call takes or answers that has nothing to say.
type Empty struct{}

// Handle makes a [Handler] of a function. In MUST be a struct: its members
// tagged path, query and json are filled from the request, and checked against
// the schema that their tags make, before f is called.
func Handle[In, Out any](f func(context.Context, *Call, In) (Out, error)) Handler {
	return handle(nil, f)
}

// HandleChecked is [Handle] with a check before an idempotency key is looked at: of
// limits, and of rules that go by the request alone. A repeat is checked too. Who
// takes a password MUST have one, for with a key it is hashed once more.
func HandleChecked[In, Out any](check func(*Call, In) error, f func(context.Context, *Call, In) (Out, error)) Handler {
	return handle(check, f)
}

func handle[In, Out any](check func(*Call, In) error, f func(context.Context, *Call, In) (Out, error)) Handler {
	var in In
	var out Out
	serve := func(ctx context.Context, c *Call, fill func(any, func() error) error) (any, error) {
		var in In
		err := fill(&in, func() error {
			if check == nil {
				return nil
			}
			return check(c, in)
		})
		if err != nil {
			return nil, err
		}
		return f(ctx, c, in)
	}
	return Handler{In: in, Out: out, Media: []string{jsonType}, serve: serve, checked: check != nil}
}

// UploadOf is [Handle] for a call whose body is a file, which f reads from
// [Call.Upload]. Of a repeat under an Idempotency-Key no more is known before it is read
// than its length and its name in the header: again is given what f answered, reads the
// file too, and returns the answer, or [ErrKeyReused] where the file is another.
func UploadOf[In, Out any](f func(context.Context, *Call, In) (Out, error), again func(context.Context, *Call, Out) (Out, error)) Handler {
	h := Handle(f)
	h.uploads = true
	h.again = func(ctx context.Context, c *Call, stored []byte) (any, error) {
		var first Out
		if err := json.Unmarshal(stored, &first); err != nil {
			return nil, fmt.Errorf("read the stored answer to an upload: %w", err)
		}
		return again(ctx, c, first)
	}
	return h
}

// BodyOf is [UploadOf] for a body of one media type.
func BodyOf[In, Out any](mediaType string, f func(context.Context, *Call, In) (Out, error), again func(context.Context, *Call, Out) (Out, error)) Handler {
	h := UploadOf(f, again)
	h.takes = mediaType
	return h
}

// Bytes is an answer that is no JSON and small enough to be made whole.
type Bytes []byte

// BytesOf makes a [Handler] that answers bytes of one media type.
func BytesOf[In any](mediaType string, f func(context.Context, *Call, In) (Bytes, error)) Handler {
	h := Handle(f)
	h.Out, h.Media = nil, []string{mediaType}
	return h
}

// register puts the routes into the engine, GET for HEAD too.
func (a *API) register(engine *gin.Engine) error {
	for i := range a.table {
		route := &a.table[i]
		var err error
		bounds := bind.Proven
		if route.Who == Anyone {
			bounds = bind.Anybody
		}
		if route.Handler.uploads {
			bounds = bind.Unread
		}
		if route.binder, err = bind.New(route.Handler.In, bounds); err != nil {
			return fmt.Errorf("route %s: %w", route.ID, err)
		}
		if route.binder.Secret() && !route.Handler.checked {
			return fmt.Errorf("route %s takes a password and checks nothing before it is hashed", route.ID)
		}
		path := ginPath(route.Path)
		serve := func(g *gin.Context) { a.serve(g, route) }
		engine.Handle(route.Method, path, serve)
		if route.Method == http.MethodGet {
			engine.HEAD(path, serve)
		}
	}
	return nil
}

// restParam is the parameter of a path that takes all that is left of it, with
// the slashes in between. It can only be the last.
const restParam = "rest"

// ginPath writes a path of the table as gin does, without the slash at the
// end that [API.ServeHTTP] takes off requests too.
func ginPath(path string) string {
	return strings.TrimSuffix(strings.NewReplacer("{"+restParam+"}", "*"+restParam, "{", ":", "}", "").Replace(path), "/")
}

func (a *API) serve(g *gin.Context, route *Route) {
	c := callOf(g)
	c.route = route
	ctx := g.Request.Context()
	defer func() {
		if c.key.held != nil { // a panic is on its way
			c.key.abandon(ctx)
		}
	}()
	defer c.Turn.End()
	out, err := a.answer(ctx, c, g)
	if errors.Is(err, errReplayed) {
		r := c.key.replayed(ctx)
		if r.status < http.StatusBadRequest {
			c.Guess.Right() // as the password was then that the key was claimed with
		}
		r.send(g.Writer)
		return
	}
	if served := c.arrival.Served(); served.Paused && err == nil && bind.Safe(c.Request) {
		c.Header.Set("Projection-Position", strconv.FormatInt(served.Position, 10))
		c.Header.Del("ETag") // a client that keeps it would be told that nothing was modified once it is resumed
	}
	r := c.key.settle(ctx, a.reply(ctx, c, out, err))
	c.Turn.Answered(len(r.body))
	if r.stream != nil {
		a.stream(g, r)
		return
	}
	if r.content != nil {
		r.content.send(c, g.Writer)
		return
	}
	r.send(g.Writer)
	a.sent(r)
}

// reply makes the answer of what a handler answered.
func (a *API) reply(ctx context.Context, c *Call, out any, err error) reply {
	switch {
	case errors.Is(err, errNotModified):
		return reply{status: http.StatusNotModified}
	case errors.Is(err, errCarried):
		c.Header.Set("Idempotency-Replayed", "true")
		return reply{status: c.route.Status}
	case err != nil:
		return a.problem(ctx, c, err)
	case reflect.TypeOf(out) == reflect.TypeFor[Empty]():
		return reply{status: c.route.Status}
	}
	if whole, ok := out.(Bytes); ok {
		return reply{status: c.route.Status, mediaType: c.handler.Media[0], body: whole}
	}
	if stream, ok := out.(Stream); ok {
		return reply{status: c.route.Status, mediaType: c.handler.Media[0], stream: stream}
	}
	if content, ok := out.(*Content); ok {
		return reply{status: c.route.Status, content: content}
	}
	r, err := a.encode(c.route.Status, out)
	if err != nil {
		return a.problem(ctx, c, fmt.Errorf("write the answer: %w", err))
	}
	return r
}

// answer is the order of work of the package comment.
func (a *API) answer(ctx context.Context, c *Call, g *gin.Context) (any, error) {
	if err := c.visitor.admit(ctx); err != nil {
		return nil, err
	}
	if err := c.prepare(ctx); err != nil {
		return nil, err
	}
	c.answer = g.Writer
	c.handler = c.route.Handler.chosen(strings.Join(c.Request.Header.Values("Accept"), ","))
	if len(c.route.Handler.Media) > 1 {
		c.Header.Add("Vary", "Accept")
	}
	if err := takeTurn(ctx, c); err != nil {
		return nil, err
	}
	return c.handler.serve(ctx, c, func(in any, check func() error) error {
		body, err := c.route.binder.Bind(g.Writer, g.Request, g.Param, in)
		if err != nil {
			return err
		}
		if err := recordReading(ctx, c); err != nil {
			return err
		}
		if err := check(); err != nil {
			return err
		}
		if c.route.Handler.uploads {
			if err := c.route.Handler.takesIt(c.Request); err != nil {
				return err
			}
			body = uploadKnown(c.Request)
		}
		return c.key.claim(ctx, body)
	})
}

// takesIt refuses a body of another media type than the call takes.
func (h Handler) takesIt(r *http.Request) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if h.takes == "" || (err == nil && kind == h.takes) {
		return nil
	}
	return &problem.Refusal{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type", Detail: "the body must be " + h.takes}
}

// uploadKnown returns what is known of a file before it is read, to know the request for it
// again: what it is called and how long it is.
func uploadKnown(r *http.Request) []byte {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return fmt.Appendf(nil, "%s\n%s\n%d", kind, r.Header.Get("Content-Disposition"), r.ContentLength)
}

// refuse returns the problem that err stands for.
func (a *API) refuse(g *gin.Context, err error) {
	a.problem(g.Request.Context(), callOf(g), err).send(g.Writer)
}

// problem makes the answer that err stands for, and logs one that nobody
// foresaw: its text is for the log alone.
func (a *API) problem(ctx context.Context, c *Call, err error) reply {
	p, known := problem.Of(a.front.Explain(err))
	if !known {
		c.Unforeseen(ctx, err)
	}
	return problemReply(c.Header, c.ID, p)
}

// Unforeseen logs an error of which the client is told nothing.
func (c *Call) Unforeseen(ctx context.Context, err error) {
	c.api.Log.LogAttrs(ctx, slog.LevelError, "request failed",
		slog.String("request_id", c.ID), slog.String("route", c.pattern), slog.Any("error", err))
}

// Encode writes v as JSON without escaping what only HTML would mind, and ends the
// line.
func Encode(v any) ([]byte, error) {
	const most = 4096 // of most answers
	b, err := encoder.Append(make([]byte, 0, most), v)
	return append(b, '\n'), err
}
