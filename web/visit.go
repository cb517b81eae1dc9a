package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/domain"
	"helpdesk/edge"
	"helpdesk/projections"
)

// Visit is one request on its way through a handler. It belongs to one
// goroutine.
type Visit struct {
	Request *http.Request
	ID      string        // of the request; the correlation id of what it causes
	Actor   domain.Actor  // without an ID when nobody is signed in
	Session *auth.Session // nil when nobody is signed in
	Form    Form          // of a POST
	Files   FormFiles     // that came with it

	whole    context.Context // of the request, without the bound on its time
	known    bool            // whether it was looked up who is visiting
	unknown  error           // why it could not be
	arrival  *projections.Arrival
	site     *Site
	g        *gin.Context
	position int64 // of what was written, for the log
	turn     edge.Turn
	// unrepeated: the form is known not to have been sent before with other content.
	unrepeated bool
}

const visitKey = "web.visit"

func visitOf(g *gin.Context) *Visit { return g.MustGet(visitKey).(*Visit) }

// Context returns the request's context.
func (v *Visit) Context() context.Context { return v.Request.Context() }

// Param returns a named part of the path.
func (v *Visit) Param(name string) string { return v.g.Param(name) }

// Header returns the headers of the answer.
func (v *Visit) Header() http.Header { return v.g.Writer.Header() }

// Now returns the time by the site's clock.
func (v *Visit) Now() time.Time { return v.site.now() }

// PathID returns the id in the path, or [domain.ErrNotFound].
func (v *Visit) PathID() (uuid.UUID, error) {
	id, err := uuid.Parse(v.Param("id"))
	if err != nil {
		return id, domain.ErrNotFound
	}
	return id, nil
}

// identify finds out, once a visit, who is visiting.
func (v *Visit) identify() error {
	token := v.site.Front.SessionToken(v.Request)
	if v.known || token == "" {
		return v.unknown
	}
	v.known = true
	session, err := v.site.Sessions.Lookup(v.Context(), token)
	switch {
	case errors.Is(err, auth.ErrNoSession):
		return nil
	case err != nil:
		v.unknown = err
		return err
	}
	if session.Renewed {
		v.site.Front.SetSession(v.Header(), v.Request, token, session.ExpiresAt)
	}
	v.Enter(session)
	return nil
}

// Enter makes the visitor the one whom a session belongs to.
func (v *Visit) Enter(session auth.Session) {
	v.Session, v.Actor = &session, auth.Actor(session.Account, v.site.visibility)
}
