package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// askToSignIn is the answer to somebody who is not signed in, or not any more. What a form
// held is shown to them, so that it is not lost, and can be sent again.
func (s *Site) askToSignIn(v *Visit) (Reply, error) {
	if v.Request.Method != http.MethodPost {
		return Redirect(SignInPath + "?next=" + url.QueryEscape(v.Request.URL.RequestURI())), nil
	}
	if err := v.readForm(); err != nil {
		return Reply{}, err
	}
	r := Show("Your session has ended", expiredPage(v.Request.URL.Path+"/", kept(v.Form.Values)))
	r.status = http.StatusUnauthorized
	return r, nil
}

// keptField is a field of a form that came too late.
type keptField struct{ Name, Value string }

// kept returns the fields to send again: all but the secrets.
func kept(form url.Values) (fields []keptField) {
	for name, values := range form {
		if strings.Contains(name, "password") {
			continue
		}
		for _, value := range values {
			fields = append(fields, keptField{name, value})
		}
	}
	slices.SortFunc(fields, func(a, b keptField) int { return strings.Compare(a.Name, b.Name) })
	return fields
}
