package edge

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Patience is how long a client may take for one piece of what has no bound on its whole
// time: an upload, a stream.
const Patience = 30 * time.Second

// Upload returns the body of a request, whose bytes may come as slowly as the client brings
// each piece in time.
func Upload(w http.ResponseWriter, r *http.Request) io.Reader {
	return &upload{r: r.Body, control: http.NewResponseController(w)}
}

type upload struct {
	r       io.Reader
	control *http.ResponseController
}

// Read implements [io.Reader].
func (u *upload) Read(p []byte) (int, error) {
	if err := u.control.SetReadDeadline(time.Now().Add(Patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return u.r.Read(p)
}

// extended finds the parameter of a name beyond ASCII (RFC 8187).
var extended = regexp.MustCompile(`(?i);\s*filename\*`)

// browsersQuotes undoes what browsers do to names in the forms that they send (WHATWG HTML,
// "multipart/form-data encoding algorithm"): no other sequence of theirs is one.
var browsersQuotes = strings.NewReplacer("%22", `"`, "%0D", "\r", "%0d", "\r", "%0A", "\n", "%0a", "\n")

// FileName returns what a Content-Disposition calls a file, as its sender knows it; "" where
// it does not.
func FileName(disposition string) string {
	_, params, err := mime.ParseMediaType(disposition)
	if err != nil {
		return ""
	}
	if extended.MatchString(disposition) {
		return params["filename"]
	}
	return browsersQuotes.Replace(params["filename"])
}
