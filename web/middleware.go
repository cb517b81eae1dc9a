package web

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"helpdesk/domain"
	"helpdesk/edge"
	"helpdesk/projections"
)

// policy is the Content-Security-Policy of every answer.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// begin makes the visit of each request and sets the headers of every answer.
func (s *Site) begin(g *gin.Context) {
	h := g.Writer.Header()
	whole, arrival := projections.Arrive(g.Request.Context(), s.Freshness)
	within, done := s.Front.Within(whole)
	defer done()
	g.Request = g.Request.WithContext(within)
	v := &Visit{
		Request: g.Request, whole: whole, arrival: arrival, ID: edge.RequestID(g.Request), Actor: domain.Actor{Kind: domain.ActorUser},
		site: s, g: g,
	}
	v.Files.visit = v
	h.Set("X-Request-Id", v.ID)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Vary", "Cookie")
	g.Set(visitKey, v)
	g.Next()
}

// log writes one line for each request, as the API does.
func (s *Site) log(g *gin.Context) {
	began := time.Now()
	g.Next()
	v := visitOf(g)
	edge.Line{
		Method: g.Request.Method, Route: g.FullPath(), Status: g.Writer.Status(), Took: time.Since(began),
		Bytes: g.Writer.Size(), RequestID: v.ID, User: v.Actor.ID, Position: v.position,
	}.Write(g.Request.Context(), s.Log, slog.LevelInfo)
}

// recover turns a panic into the page of an error nobody foresaw, and logs it
// with its stack.
func (s *Site) recover(g *gin.Context) {
	defer func() {
		reason := recover()
		if reason == nil {
			return
		}
		if reason == http.ErrAbortHandler { // asked for: net/http knows it
			panic(reason)
		}
		v := visitOf(g)
		s.Log.LogAttrs(g.Request.Context(), slog.LevelError, "request panicked",
			slog.String("request_id", v.ID), slog.String("route", g.FullPath()),
			slog.Any("panic", reason), slog.String("stack", string(debug.Stack())))
		g.Abort()
		if !g.Writer.Written() {
			s.sendFailure(v, unforeseen)
		}
	}()
	g.Next()
}

// limit counts the visit against the visitor's calls, as the API does. What may be kept
// for good is not counted.
func (s *Site) limit(g *gin.Context) {
	if strings.HasPrefix(g.Request.URL.Path, staticPath) {
		return
	}
	v := visitOf(g)
	_ = v.identify() // its error is met again
	if left := s.Front.Call(v.caller()); !left.Allowed {
		g.Abort()
		s.refuse(v, edge.TooManyCalls(left))
	}
}

// caller returns whom what the visit takes is counted for.
func (v *Visit) caller() edge.Caller {
	c := edge.Caller{Address: v.site.Front.Address(v.Request)}
	if v.Session != nil {
		c.Person = v.Session.Account.ID
	}
	return c
}

// sameOrigin refuses what a page of another origin makes a browser send with
// the visitor's cookie.
func (s *Site) sameOrigin(g *gin.Context) {
	if s.Front.SameOrigin(g.Request) {
		return
	}
	g.Abort()
	v := visitOf(g)
	if g.Request.Method == http.MethodPost {
		_ = v.readForm(expiredForm) // what can be read of it is shown, if anything
	}
	refusal := errCrossOrigin
	if edge.MayBeRewritten(g.Request) {
		refusal = errRewritten
	}
	s.refuse(v, refusal)
}
