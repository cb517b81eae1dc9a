package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/edge"
)

// Visit is one request on its way through a handler. It belongs to one
// goroutine.
type Visit struct {
	Request *http.Request
	ID      string        // of the request; the correlation id of what it causes
	Actor   domain.Actor  // without an ID when nobody is signed in
	Session *auth.Session // nil when nobody is signed in

	site     *Site
	g        *gin.Context
	header   http.Header // of the answer
	form     url.Values  // of a POST
	position int64       // of what was written, for the log
}

const visitKey = "web.visit"

func visitOf(g *gin.Context) *Visit { return g.MustGet(visitKey).(*Visit) }

// ctx is the request's context.
func (v *Visit) ctx() context.Context { return v.Request.Context() }

// param is a named part of the path.
func (v *Visit) param(name string) string { return v.g.Param(name) }

// identify finds out who is visiting.
func (v *Visit) identify() error {
	token := edge.SessionToken(v.Request)
	if token == "" {
		return nil
	}
	session, err := v.site.Sessions.Lookup(v.ctx(), token)
	switch {
	case errors.Is(err, auth.ErrNoSession):
		return nil
	case err != nil:
		return err
	}
	if session.Renewed {
		v.site.Front.SetSession(v.header, v.Request, token, session.ExpiresAt)
	}
	v.enter(session)
	return nil
}

func (v *Visit) enter(session auth.Session) {
	v.Session, v.Actor = &session, auth.Actor(session.Account, v.site.visibility)
}

// maxForm bounds a form, in bytes: that of a body of the API.
const maxForm = 1 << 20

// readForm reads the fields of a POST.
func (v *Visit) readForm() error {
	v.Request.Body = http.MaxBytesReader(v.g.Writer, v.Request.Body, maxForm)
	if err := v.Request.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return errTooLarge
		}
		return errForm
	}
	v.form = v.Request.PostForm
	return nil
}

// isText reports whether values are text that the database can hold or look for:
// UTF-8 without a zero.
func isText(values url.Values) bool {
	for _, texts := range values {
		for _, text := range texts {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				return false
			}
		}
	}
	return true
}

// field is a field of the form, with the line ends that the rules know:
// browsers send CR LF.
func (v *Visit) field(name string) string {
	return strings.ReplaceAll(v.form.Get(name), "\r\n", "\n")
}

// checked reports whether a box of the form is ticked.
func (v *Visit) checked(name string) bool { return v.form.Get(name) != "" }

// version is the version of a ticket that the form was made from; 0: any.
func (v *Visit) version() int {
	n, _ := strconv.Atoi(v.form.Get("version"))
	return n
}

// commandNamespace keeps the ids of commands from forms apart from all others.
var commandNamespace = uuid.MustParse("6f0a8a2e-52de-4f0b-9b8e-1c1f3f9a7d54")

// commandID is the id of the command that the form asks for: a form sent twice
// is one command. part tells the commands of one form apart.
func (v *Visit) commandID(part string) (uuid.UUID, error) {
	given, err := uuid.Parse(v.form.Get("command"))
	if err != nil {
		return uuid.Nil, errForm
	}
	scope := strings.Join([]string{v.Actor.ID.String(), v.Request.URL.Path, given.String(), part}, "\x00")
	return uuid.NewSHA1(commandNamespace, []byte(scope)), nil
}

// carryOut runs the form's command and waits until the read side shows it. One
// that was carried out before counts as done now.
func (v *Visit) carryOut(do func(commands.Request) (commands.Outcome, error)) (commands.Outcome, error) {
	id, err := v.commandID("")
	if err != nil {
		return commands.Outcome{}, err
	}
	out, err := v.once(commands.Request{ID: id, IfMatch: v.version()}, do)
	if err != nil {
		return out, err
	}
	v.arrive(out.Position)
	return out, nil
}

// once runs a command, or answers what it led to when it was carried out before.
func (v *Visit) once(r commands.Request, do func(commands.Request) (commands.Outcome, error)) (commands.Outcome, error) {
	r.CorrelationID = v.ID
	out, err := do(r)
	if errors.Is(err, commands.ErrRepeated) {
		return v.site.Earlier.Outcome(v.ctx(), r.ID)
	}
	return out, err
}

// freshnessWait is how long a write waits for the read side, as the API's does.
const freshnessWait = 2 * time.Second

// arrive waits until the read side has reached a position. It is written:
// whatever keeps the read side, the write is a success.
func (v *Visit) arrive(position int64) {
	v.position = max(v.position, position)
	ctx, cancel := context.WithTimeout(v.ctx(), freshnessWait)
	defer cancel()
	if err := v.site.Freshness.Wait(ctx, position); err != nil {
		v.site.Log.LogAttrs(v.ctx(), slog.LevelWarn, "written, but not readable",
			slog.String("request_id", v.ID), slog.Int64("event_position", position), slog.Any("error", err))
	}
}
