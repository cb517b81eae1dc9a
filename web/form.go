package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Form is the fields of a POST. It is empty for other requests.
type Form struct{ url.Values }

// Text returns a field with the line ends that the rules know: browsers send CR LF.
func (f Form) Text(name string) string {
	return strings.ReplaceAll(f.Get(name), "\r\n", "\n")
}

// Checked reports whether a box of the form is ticked.
func (f Form) Checked(name string) bool { return f.Get(name) != "" }

// Version returns the version of a ticket that the form was made from; 0: any.
func (f Form) Version() int {
	n, _ := strconv.Atoi(f.Get("version"))
	return n
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
		return ErrForm
	}
	v.Form = Form{v.Request.PostForm}
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
