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
	if err := v.readForm(expiredForm); err != nil {
		return Reply{}, err
	}
	r := Show("Your session has ended", expiredPage(v.Request.URL.Path+"/", kept(v.Form.Values), v.Files.left))
	r.status = http.StatusUnauthorized
	return r, nil
}

// keptField is a field of a form that came too late.
type keptField struct{ Name, Value string }

// label returns what people call a field that they type into, "" for one that they
// do not.
func (f keptField) label() string {
	switch f.Name {
	case "text":
		return "Your text"
	case "title", "description", "reason", "name", "assignee", "requester", "username", "email":
		return strings.ToUpper(f.Name[:1]) + f.Name[1:]
	case "first_name":
		return "First name"
	case "last_name":
		return "Last name"
	}
	return ""
}

func (f keptField) rows() int {
	if f.Name == "text" || f.Name == "description" {
		return 5
	}
	return 1
}

// typed returns the texts of a form, for people to copy.
func typed(f Form) []keptField {
	return slices.DeleteFunc(kept(f.Values), func(f keptField) bool { return f.label() == "" || f.Value == "" })
}

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
