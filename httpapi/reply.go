package httpapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"helpdesk/auth"
	"helpdesk/httpapi/encoder"
	"helpdesk/httpapi/problem"
)

// reply is an answer ready to be sent, but for the headers set already.
type reply struct {
	status    int
	mediaType string // "" for no body
	body      []byte
	stream    Stream   // in place of body
	content   *Content // in place of body
	room      *[]byte  // of the API's bodies, that body is made in; nil: of none
}

// encode makes the answer of v, in room that is used again once it is sent.
func (a *API) encode(status int, v any) (reply, error) {
	room, ok := a.bodies.Get().(*[]byte)
	if !ok {
		room = new([]byte)
	}
	body, err := encoder.Append((*room)[:0], v)
	*room = append(body, '\n')
	return reply{status: status, mediaType: jsonType, body: *room, room: room}, err
}

// sent gives back the room of a reply that was sent.
func (a *API) sent(r reply) {
	const most = 1 << 20 // to be kept
	if r.room != nil && cap(*r.room) <= most {
		a.bodies.Put(r.room)
	}
}

func (r reply) send(w gin.ResponseWriter) {
	if r.mediaType != "" {
		writeBody(w, r.status, r.mediaType, r.body)
		return
	}
	w.WriteHeader(r.status)
	w.WriteHeaderNow()
}

// problemReply makes the answer of p, completed with what follows from its
// status and the request.
func problemReply(h http.Header, requestID string, p problem.Problem) reply {
	p.Type = "/problems/" + p.Code
	p.Title = http.StatusText(p.Status)
	p.Instance = "/requests/" + url.PathEscape(requestID)
	h.Del("ETag") // is of what was not answered
	switch {
	case p.Status == http.StatusUnauthorized:
		h.Set("WWW-Authenticate", challenge(p.Code))
	case p.Code == errReadOnlyToken.Code:
		h.Set("WWW-Authenticate", challenge("insufficient_scope"))
	case p.Status == http.StatusServiceUnavailable, p.Code == errKeyRunning.Code:
		p.RetryAfter = 1
	}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	body, err := json.Marshal(p)
	if err != nil { // strings and integers always marshal
		panic(err)
	}
	return reply{status: p.Status, mediaType: problem.MediaType, body: body}
}

// challenge is how to prove oneself, and what was wrong with how the client
// did (RFC 6750 §3).
func challenge(code string) string {
	const scheme = `Bearer realm="helpdesk"`
	if code == auth.ErrNoToken.Code || code == "insufficient_scope" {
		return scheme + `, error="` + code + `"`
	}
	return scheme
}

func writeBody(w http.ResponseWriter, status int, mediaType string, body []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone: nobody to tell
}
