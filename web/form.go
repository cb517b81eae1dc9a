package web

import (
	"bytes"
	"errors"
	"io"
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

// bounds are how much a form may hold.
type bounds struct {
	bytes  int64
	fields int
}

// The bounds of forms: of people who are signed in and of anybody, which are those of
// bodies of the API, and of who is not signed in any more: the longest text, as it is
// encoded, is not lost.
var (
	signedInForm = bounds{bytes: 1 << 20, fields: 300} // a bulk action has a field for each of a hundred tickets
	anyonesForm  = bounds{bytes: 16 << 10, fields: 100}
	expiredForm  = bounds{bytes: 256 << 10, fields: 300}
)

// readForm reads the fields of a POST.
func (v *Visit) readForm(most bounds) error {
	body, err := io.ReadAll(http.MaxBytesReader(v.g.Writer, v.Request.Body, most.bytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return formTooLarge(most.bytes)
	case err != nil, bytes.Count(body, []byte("&")) >= most.fields:
		return ErrForm
	}
	v.Request.Body = io.NopCloser(bytes.NewReader(body))
	if err := v.Request.ParseForm(); err != nil {
		return ErrForm
	}
	v.Form = Form{v.Request.PostForm}
	return nil
}

// queryMost is how many parameters an address may have, as in the API.
const queryMost = 100

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
