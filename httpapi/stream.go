package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"helpdesk/edge"
	"helpdesk/httpapi/problem"
)

// Stream is an answer that is written piece by piece, after its status and
// headers. When ctx ends, which it does with the client too, it MUST return. An
// error breaks the connection off, so that a client cannot take the piece it
// has for the whole.
type Stream func(ctx context.Context, w *StreamWriter) error

// StreamWriter is where a [Stream] writes. It belongs to one goroutine. The time for a
// whole answer, the server's write timeout, does not hold for it, but
// [edge.Patience] for each piece.
type StreamWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	turn    *edge.Turn // that a page was read in, which is sent now; nil: none
}

// Write implements [io.Writer].
func (s *StreamWriter) Write(p []byte) (int, error) {
	s.turn.End()
	if err := s.control.SetWriteDeadline(time.Now().Add(edge.Patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return s.w.Write(p)
}

// Flush sends what was written so far.
func (s *StreamWriter) Flush() error {
	if err := s.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// StreamOf makes a [Handler] that answers a stream of one media type. f is to
// refuse what is to be refused; the stream it answers has only to be written.
func StreamOf[In any](mediaType string, f func(context.Context, *Call, In) (Stream, error)) Handler {
	h := Handle(f)
	h.Out, h.Media = nil, []string{mediaType}
	return h
}

// Content is an answer of bytes that a client may ask for in parts: of a file. Its headers
// are those of the call, with an ETag.
type Content struct {
	Open func(context.Context) io.ReadSeekCloser
}

// ContentOf makes a [Handler] that answers the bytes of a file, of any media type.
func ContentOf[In any](f func(context.Context, *Call, In) (*Content, error)) Handler {
	h := Handle(f)
	h.Out, h.Media, h.ranges = nil, []string{"*/*"}, true
	return h
}

// send sends the content, or the part of it that the request asks for, to a client who
// may take as long as they take it in.
func (f *Content) send(c *Call, w gin.ResponseWriter) {
	body := &watched{ReadSeekCloser: f.Open(c.whole)}
	defer body.Close()
	if part, ok := onePart(c.Request); ok {
		c.Request.Header.Set("Range", part)
	} else {
		c.Request.Header.Del("Range")
	}
	// Nothing was said yet: what cannot be read at all is refused as everything is.
	if _, err := body.Read(make([]byte, 1)); err != nil && err != io.EOF {
		for _, name := range []string{"Content-Security-Policy", "Content-Disposition", "Content-Type"} {
			c.Header.Del(name)
		}
		c.api.problem(c.whole, c, err).send(w)
		return
	}
	body.failed = nil
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		c.api.problem(c.whole, c, err).send(w)
		return
	}
	http.ServeContent(&contentWriter{ResponseWriter: w, call: c, body: &StreamWriter{w: w, control: http.NewResponseController(w)}}, c.Request, "", time.Time{}, body)
	if body.failed != nil && c.whole.Err() == nil {
		c.Unforeseen(c.whole, body.failed)
		panic(http.ErrAbortHandler)
	}
}

var byteRange = regexp.MustCompile(`^(?i:bytes)=(?:([0-9]+)-([0-9]*)|-([0-9]+))$`)

// onePart returns the part of a file that a request asks for, as [http.ServeContent] reads
// it. Of anything but GET and one range that is well formed it returns false: then the answer
// is the whole (RFC 9110 §14.2), as it is of several, which cost many looks.
func onePart(r *http.Request) (part string, ok bool) {
	bounds := byteRange.FindStringSubmatch(r.Header.Get("Range"))
	if r.Method != http.MethodGet || bounds == nil {
		return "", false
	}
	const beyond = math.MaxInt64 // of any file
	number := func(digits string) int64 {
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return beyond
		}
		return n
	}
	first, last, suffix := bounds[1], bounds[2], bounds[3]
	switch {
	case suffix != "" && number(suffix) == 0: // no byte at all
		return fmt.Sprintf("bytes=%d-", int64(beyond)), true
	case suffix != "":
		return fmt.Sprintf("bytes=-%d", number(suffix)), true
	case last == "":
		return fmt.Sprintf("bytes=%d-", number(first)), true
	}
	return fmt.Sprintf("bytes=%d-%d", number(first), number(last)), number(first) <= number(last)
}

// watched is what is read of a file, with the error that ended it; nil: none did.
type watched struct {
	io.ReadSeekCloser
	failed error
}

// Read implements [io.Reader].
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadSeekCloser.Read(p)
	if err != nil && err != io.EOF {
		w.failed = err
	}
	return n, err
}

// contentWriter is a response whose body goes out as that of a stream, but for a range that
// there is not, which is refused as everything is.
type contentWriter struct {
	gin.ResponseWriter
	call    *Call
	body    *StreamWriter
	refused bool
}

// WriteHeader implements [http.ResponseWriter].
func (w *contentWriter) WriteHeader(status int) {
	w.refused = status == http.StatusRequestedRangeNotSatisfiable
	if w.refused || status == http.StatusNotModified { // there are no bytes
		w.call.Header.Del("Content-Security-Policy")
		w.call.Header.Del("Content-Disposition")
	}
	if !w.refused {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	problemReply(w.call.Header, w.call.ID, problem.Problem{
		Status: status, Code: "range_not_satisfiable", Detail: "the file has not so many bytes; Content-Range says how many",
	}).send(w.ResponseWriter)
}

// Write implements [io.Writer].
func (w *contentWriter) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	return w.body.Write(p)
}

// Upload returns the body of the request, whose bytes may come as slowly as a client
// brings them in time, whatever time a request has, and that time.
func (c *Call) Upload() (context.Context, io.Reader) {
	return c.whole, edge.Upload(c.answer, c.Request)
}

// exportsMost is how many exports of one person a process writes at once: each holds a
// page, and a connection of the database from time to time, for as long as it takes.
const exportsMost = 4

// Bounded begins a stream unless the caller has as many under way as they may: then it is
// refused. A stream is counted until all of it was sent, whatever time a request has.
func Bounded(c *Call, of *edge.AtOnce, refusal error, begin func() (Stream, error)) (Stream, error) {
	leave, ok := of.Enter(c.whole, c.Actor.ID)
	if !ok {
		return nil, refusal
	}
	stream, err := begin()
	if err != nil {
		leave()
		return nil, err
	}
	return func(ctx context.Context, w *StreamWriter) error {
		defer leave()
		return stream(ctx, w)
	}, nil
}

var errTooManyExports = problem.TooMany("too_many_exports", "you have too many exports under way; wait until one has ended", 5*time.Second)

// ExportOf is [StreamOf] for an export, of which a person has a few under way at most.
func ExportOf[In any](mediaType string, f func(context.Context, *Call, In) (Stream, error)) Handler {
	h := StreamOf(mediaType, func(ctx context.Context, c *Call, in In) (Stream, error) {
		return Bounded(c, c.api.exports, errTooManyExports, func() (Stream, error) { return f(ctx, c, in) })
	})
	h.export = true
	return h
}

// Or returns a handler that leaves the choice to the client: by the header
// Accept the call is h's or other's, and h's where the client does not mind.
// Both MUST take the same In.
func (h Handler) Or(other Handler) Handler {
	h.others = append(h.others, other)
	h.Media = append(h.Media[:len(h.Media):len(h.Media)], other.Media...)
	return h
}

// chosen returns which of the handlers an Accept header asks for.
func (h Handler) chosen(accept string) Handler {
	best, most := h, quality(accept, h.Media[0])
	for _, other := range h.others {
		if q := quality(accept, other.Media[0]); q > most {
			best, most = other, q
		}
	}
	return best
}

// quality returns how much a client wants a media type, from 0 to 1: the q of
// the most exact range of Accept that it is in (RFC 9110 §12.5.1).
func quality(accept, mediaType string) float64 {
	if strings.TrimSpace(accept) == "" {
		return 1
	}
	mediaType, _, _ = strings.Cut(mediaType, ";")
	family, _, _ := strings.Cut(mediaType, "/")
	q, exactness := 0.0, 0
	for _, part := range strings.Split(accept, ",") {
		accepted, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		exact := map[string]int{"*/*": 1, family + "/*": 2, mediaType: 3}[accepted]
		if exact <= exactness {
			continue
		}
		exactness, q = exact, 1
		if given, err := strconv.ParseFloat(params["q"], 64); err == nil {
			q = min(max(given, 0), 1)
		}
	}
	return q
}

// stream sends a reply that is a stream. For HEAD that is its headers alone.
func (a *API) stream(g *gin.Context, r reply) {
	c := callOf(g)
	ctx := c.whole
	g.Writer.Header().Set("Content-Type", r.mediaType)
	g.Writer.WriteHeader(r.status)
	if g.Request.Method == http.MethodHead {
		g.Writer.WriteHeaderNow()
		return
	}
	w := &StreamWriter{w: g.Writer, control: http.NewResponseController(g.Writer), turn: &c.Turn}
	err := r.stream(ctx, w)
	if err == nil || ctx.Err() != nil {
		return
	}
	a.Log.LogAttrs(ctx, slog.LevelWarn, "a stream was broken off", slog.String("request_id", c.ID),
		slog.String("route", c.pattern), slog.Any("error", err))
	panic(http.ErrAbortHandler)
}
