package attachments

import (
	"errors"
	"io"
	"mime/multipart"

	"helpdesk/edge"
)

// part returns the file of a form whose body has these boundaries.
func part(body io.Reader, boundary string) (incoming, error) {
	if boundary == "" {
		return incoming{}, errForm
	}
	form := multipart.NewReader(body, boundary)
	p, err := nextFile(form)
	switch {
	case errors.Is(err, io.EOF):
		return incoming{}, errNoPart
	case err != nil:
		return incoming{}, errors.Join(errForm, err)
	}
	end := func() error {
		switch _, err := nextFile(form); {
		case errors.Is(err, io.EOF):
			return nil
		case err == nil:
			return errOneFile
		}
		return errBroken
	}
	return incoming{name: edge.FileName(p.Header.Get("Content-Disposition")), declared: declared(mediaType(p.Header.Get("Content-Type"))), r: p, end: end}, nil
}

// partsMost bounds how many parts of a form are passed over.
const partsMost = 20

// nextFile returns the next part that is called file.
func nextFile(form *multipart.Reader) (*multipart.Part, error) {
	for range partsMost {
		if p, err := form.NextPart(); err != nil || p.FormName() == "file" {
			return p, err
		}
	}
	return nil, errForm
}
