package web

import (
	"strings"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// chrome is what every page has around its content.
type chrome struct {
	Title    string
	Username string // "" when nobody is signed in
	Role     domain.Role
	Links    []navLink
	Account  bool // whether this is the page of one's own account
	Notice   string
	Style    string // addresses of static files
	Script   string
	Icon     string
}

// navLink is a link of the navigation.
type navLink struct {
	Label   string
	To      string
	Current bool
}

// section is a part of the site, for those who may see it.
type section struct {
	label string
	path  string // below [Root], without slashes around it
	sees  func(domain.Actor) bool
}

func everybody(domain.Actor) bool { return true }

// sections is the navigation, in its order.
func sections() []section {
	return []section{
		{"Tickets", "tickets", everybody},
		{"Reports", "reports", domain.Actor.Oversees},
		{"People", "people", domain.Actor.Oversees},
		{"Operation", "operation", domain.Actor.Oversees},
		{"Audit", "audit", domain.Actor.Oversees},
		{"API tokens", "tokens", everybody},
	}
}

func (s *Site) chrome(v *Visit, title string) chrome {
	c := chrome{Title: title, Notice: v.notice(), Style: s.address("app.css"), Script: s.address("app.js"), Icon: s.address("icon.svg")}
	if v.Session == nil {
		return c
	}
	c.Username, c.Role = v.Session.Account.Username, v.Actor.Role
	c.Account = strings.HasPrefix(v.Request.URL.Path, Root+"account")
	for _, part := range sections() {
		if part.sees(v.Actor) {
			to := Root + part.path + "/"
			here := strings.HasPrefix(v.Request.URL.Path+"/", to)
			c.Links = append(c.Links, navLink{Label: part.label, To: to, Current: here})
		}
	}
	return c
}

// newCommand makes the command id of a form.
func newCommand() string { return uuid.NewString() }
