package web

import (
	"net/http"
	"time"

	"github.com/a-h/templ"
)

// patience is how long a client may take for a part of an answer that is written
// as it comes.
const patience = time.Minute

// GoOn lets an answer take longer than others may. Its turn is over with that.
func (v *Visit) GoOn() {
	v.turn.End()
	v.Request = v.Request.WithContext(v.whole)
	// A server that knows no deadlines, as in tests, has none to move.
	_ = http.NewResponseController(v.g.Writer).SetWriteDeadline(time.Now().Add(patience))
}

// Stream sends a page while its body is made. An error is of a client that left.
func (v *Visit) Stream(title string, body templ.Component) (Reply, error) {
	v.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.Header().Set("X-Accel-Buffering", "no") // a proxy must not wait for the end
	v.g.Writer.WriteHeader(http.StatusOK)
	v.GoOn()
	err := layout(v.site.chrome(v, title), body).Render(v.Context(), v.g.Writer)
	return Reply{sent: true}, err
}

// Download is the body of a file that is sent as it comes.
type Download struct {
	visit     *Visit
	name      string
	mediaType string
	begun     bool
}

// NewDownload makes a file of a name and media type. Until its first byte is
// written, the visit can have another answer.
func NewDownload(v *Visit, name, mediaType string) *Download {
	return &Download{visit: v, name: name, mediaType: mediaType}
}

// Write sends a part of the file.
func (d *Download) Write(part []byte) (int, error) {
	if !d.begun {
		d.begun = true
		d.visit.Header().Set("Content-Type", d.mediaType)
		d.visit.Header().Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
		d.visit.g.Writer.WriteHeader(http.StatusOK)
	}
	d.visit.GoOn()
	return d.visit.g.Writer.Write(part)
}

// Begun reports whether a part of the file was sent.
func (d *Download) Begun() bool { return d.begun }

// Sent returns the reply of a visit whose file was sent whole.
func (d *Download) Sent() Reply { return Reply{sent: true} }
