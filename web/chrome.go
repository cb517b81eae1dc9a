package web

import (
	"strings"

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
	Paused   bool   // whether an operator holds what was read for the page
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

func (s *Site) chrome(v *Visit, title string) chrome {
	c := chrome{Title: title, Notice: v.notice(), Paused: v.arrival.Served().Paused, Style: s.address("app.css"), Script: s.address("app.js"), Icon: s.address("icon.svg")}
	if v.Session == nil {
		return c
	}
	c.Username, c.Role = v.Session.Account.Username, v.Actor.Role
	c.Account = strings.HasPrefix(v.Request.URL.Path, strings.TrimSuffix(AccountPath, "/"))
	for _, p := range s.menu {
		if p.For.includes(v) {
			to := Root + p.Path + "/"
			here := strings.HasPrefix(v.Request.URL.Path+"/", to)
			c.Links = append(c.Links, navLink{Label: p.Menu, To: to, Current: here})
		}
	}
	return c
}
