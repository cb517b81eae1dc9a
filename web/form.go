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
	shown  int64 // up to how many bytes of a larger one are read, to be shown to who sent it
}

// The bounds of forms: of people who are signed in and of anybody, which are those of
// bodies of the API, and of who is not signed in any more: the longest text, as it is
// encoded, is not lost.
var (
	signedInForm = bounds{bytes: 1 << 20, fields: 300, shown: 4 << 20} // a bulk action has a field for each of a hundred tickets
	anyonesForm  = bounds{bytes: 16 << 10, fields: 100}
	expiredForm  = bounds{bytes: 256 << 10, fields: 300, shown: 1 << 20}
)

// readForm reads the fields of a POST.
func (v *Visit) readForm(most bounds) error {
	body, err := io.ReadAll(http.MaxBytesReader(v.g.Writer, v.Request.Body, max(most.bytes, most.shown)))
	var tooLarge *http.MaxBytesError
	cut := errors.As(err, &tooLarge)
	switch {
	case cut, int64(len(body)) > most.bytes:
		if most.shown > 0 {
			v.Form = readable(body)
		}
		return formTooLarge(most.bytes, cut && most.shown > 0)
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

// readable returns the fields of a form that is refused, as far as they can be read: the
// last may be cut off.
func readable(body []byte) Form {
	values := url.Values{}
	for len(values) < anyonesForm.fields && len(body) > 0 {
		var field []byte
		field, body, _ = bytes.Cut(body, []byte("&"))
		name, value, _ := strings.Cut(string(field), "=")
		if at := strings.LastIndexByte(value, '%'); at >= 0 && at > len(value)-3 {
			value = value[:at]
		}
		if text, err := url.QueryUnescape(value); err == nil {
			values.Add(name, strings.ToValidUTF8(text, ""))
		}
	}
	return Form{values}
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
