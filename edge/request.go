package edge

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
)

var requestID = regexp.MustCompile(`^[\x20-\x7E]{1,128}$`)

// RequestID takes the id of a request from X-Request-Id, or makes one.
func RequestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	if requestID.MatchString(id) {
		return id
	}
	made, err := uuid.NewV7()
	if err != nil { // the system is out of randomness
		panic(err)
	}
	return made.String()
}

// Line is the line of the log about one request: never a body, a name or a
// secret.
type Line struct {
	Method    string
	Route     string // its pattern, which holds no ids
	Status    int
	Took      time.Duration
	Bytes     int // of the answer's body
	RequestID string
	User      domain.UserID // zero: nobody is signed in
	Token     uuid.UUID     // the API token; zero: none
	Position  int64         // of what was written; 0: nothing
}

// Write writes the line.
func (l Line) Write(ctx context.Context, log *slog.Logger, level slog.Level) {
	attrs := []slog.Attr{
		slog.String("method", l.Method),
		slog.String("route", l.Route),
		slog.Int("status", l.Status),
		slog.Float64("duration_ms", float64(l.Took.Microseconds())/1000),
		slog.Int("bytes", max(l.Bytes, 0)),
		slog.String("request_id", l.RequestID),
	}
	if !l.User.IsZero() {
		attrs = append(attrs, slog.String("user_id", l.User.String()))
	}
	if l.Token != uuid.Nil {
		attrs = append(attrs, slog.String("token_id", l.Token.String()))
	}
	if l.Position != 0 {
		attrs = append(attrs, slog.Int64("event_position", l.Position))
	}
	log.LogAttrs(ctx, level, "request", attrs...)
}

// StatusOf is the one table from the kinds of refusal to HTTP.
var StatusOf = map[domain.Kind]int{
	domain.KindInvalid:         http.StatusBadRequest,
	domain.KindUnauthenticated: http.StatusUnauthorized,
	domain.KindForbidden:       http.StatusForbidden,
	domain.KindNotFound:        http.StatusNotFound,
	domain.KindConflict:        http.StatusConflict,
	domain.KindStale:           http.StatusPreconditionFailed,
	domain.KindRejected:        http.StatusUnprocessableEntity,
	domain.KindUnavailable:     http.StatusServiceUnavailable,
	domain.KindTooMany:         http.StatusTooManyRequests,
}

// SessionCookie is the name of the cookie that carries a session's token over plain http.
const SessionCookie = "helpdesk_session"

// SecureCookie is its name over TLS: browsers take it from this host alone, with Secure
// and for every path (RFC 6265bis §4.1.3.2), so that no site beside ours can set it.
const SecureCookie = "__Host-" + SessionCookie

// sessionPrefix is what tokens begin with since they have a name of their own over TLS;
// that of package auth.
const sessionPrefix = "hs_"

// maxToken bounds what is looked up as a token, in bytes.
const maxToken = 256

// SessionToken returns the token a request's cookie carries, "" for none. Over TLS that of
// [SessionCookie] counts for sessions alone that began before there was [SecureCookie].
func (f *Front) SessionToken(r *http.Request) string {
	cookie, err := r.Cookie(SecureCookie)
	if err != nil {
		cookie, err = r.Cookie(SessionCookie)
		if err == nil && f.Secure(r) && strings.HasPrefix(cookie.Value, sessionPrefix) {
			return ""
		}
	}
	if err != nil || len(cookie.Value) > maxToken {
		return ""
	}
	return cookie.Value
}

// SetSession has the browser keep a session's token until it expires.
func (f *Front) SetSession(h http.Header, r *http.Request, token string, expires time.Time) {
	f.session(h, r, token, expires, int(expires.Sub(f.now()).Seconds()))
}

// ClearSession has the browser forget its session.
func (f *Front) ClearSession(h http.Header, r *http.Request) {
	f.session(h, r, "", time.Unix(0, 0), -1)
}

func (f *Front) session(h http.Header, r *http.Request, value string, expires time.Time, maxAge int) {
	cookie := http.Cookie{
		Name: SessionCookie, Value: value, Path: "/", Expires: expires, MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: f.Secure(r),
	}
	h["Set-Cookie"] = slices.DeleteFunc(h["Set-Cookie"], func(line string) bool {
		return strings.HasPrefix(line, SessionCookie+"=") || strings.HasPrefix(line, SecureCookie+"=") // the last word counts
	})
	if cookie.Secure {
		if _, err := r.Cookie(SessionCookie); err == nil {
			before := cookie
			before.Value, before.Expires, before.MaxAge = "", time.Unix(0, 0), -1
			h.Add("Set-Cookie", before.String())
		}
		cookie.Name = SecureCookie
	}
	h.Add("Set-Cookie", cookie.String())
}
