package httpapi

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"helpdesk/domain"
	"helpdesk/edge"
	"helpdesk/httpapi/problem"
)

const callKey = "httpapi.call"

// callOf returns the call that begin made.
func callOf(g *gin.Context) *Call { return g.MustGet(callKey).(*Call) }

// begin makes the call of each request and sets the headers of every answer.
func (a *API) begin(g *gin.Context) {
	id := edge.RequestID(g.Request)
	h := g.Writer.Header()
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	// Private returns may be kept for If-None-Match, never used unasked.
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Cookie, Authorization")
	c, done := newCall(a, g.Request, id, g.FullPath(), h)
	defer done()
	g.Request = c.Request
	g.Set(callKey, c)
	g.Next()
}

// log writes one line for each request: never a body, a name or a secret.
func (a *API) log(g *gin.Context) {
	began := time.Now()
	g.Next()
	c := callOf(g)
	level := slog.LevelInfo
	switch g.FullPath() {
	case "/healthz", "/readyz", "/metrics":
		level = slog.LevelDebug
	}
	line := edge.Line{
		Method: g.Request.Method, Route: g.FullPath(), Status: g.Writer.Status(), Took: time.Since(began),
		Bytes: g.Writer.Size(), RequestID: c.ID, User: c.Actor.ID, Position: c.position,
	}
	if c.Token != nil {
		line.Token = c.Token.ID
	}
	line.Write(g.Request.Context(), a.Log, level)
}

// recover returns a panic with a bare 500 and logs it with its stack.
func (a *API) recover(g *gin.Context) {
	defer func() {
		reason := recover()
		if reason == nil {
			return
		}
		if reason == http.ErrAbortHandler { // asked for: net/http knows it
			panic(reason)
		}
		a.Log.LogAttrs(g.Request.Context(), slog.LevelError, "request panicked",
			slog.String("request_id", callOf(g).ID), slog.String("route", g.FullPath()),
			slog.Any("panic", reason), slog.String("stack", string(debug.Stack())))
		g.Abort()
		if g.Writer.Written() {
			return
		}
		p, _ := problem.Of(nil)
		c := callOf(g)
		problemReply(c.Header, c.ID, p).send(g.Writer)
	}()
	g.Next()
}

// sameOrigin refuses what a page of another origin makes a browser send with
// the user's cookie. An Authorization header no browser adds by itself, and
// with one the cookie counts for nothing.
func (a *API) sameOrigin(g *gin.Context) {
	if _, given := bearer(g.Request.Header); given {
		return
	}
	if a.front.SameOrigin(g.Request) {
		return
	}
	detail := "a browser sent this from a page of another origin"
	if edge.MayBeRewritten(g.Request) {
		detail += "; behind a proxy that changes Host, set HELPDESK_PUBLIC_URL to the address in the browser, or have the proxy pass Host on"
	}
	g.Abort()
	a.refuse(g, &problem.Refusal{Status: http.StatusForbidden, Code: "cross_origin", Detail: detail})
}

func (a *API) noRoute(g *gin.Context) { a.refuse(g, domain.ErrNotFound) }

// noMethod relies on gin to have set Allow.
func (a *API) noMethod(g *gin.Context) {
	a.refuse(g, &problem.Refusal{
		Status: http.StatusMethodNotAllowed, Code: "method_not_allowed",
		Detail: "the header Allow lists what this address understands",
	})
}
