package edge

import (
	"errors"
	"io"
	"net/http"
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
