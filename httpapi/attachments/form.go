package attachments

import (
	"errors"
	"io"
	"mime/multipart"
)

// part returns the file of a form whose body has these boundaries.
func part(body io.Reader, boundary string) (incoming, error) {
	if boundary == "" {
		return incoming{}, errForm
	}
	form := multipart.NewReader(body, boundary)
	p, err := form.NextPart()
	switch {
	case errors.Is(err, io.EOF):
		return incoming{}, errNoPart
	case err != nil:
		return incoming{}, errors.Join(errForm, err)
	case p.FormName() != "file":
		return incoming{}, errNoPart
	}
	end := func() error {
		switch _, err := form.NextPart(); {
		case errors.Is(err, io.EOF):
			return nil
		case err == nil:
			return errOneFile
		}
		return errBroken
	}
	return incoming{name: p.FileName(), declared: declared(mediaType(p.Header.Get("Content-Type"))), r: p, end: end}, nil
}
