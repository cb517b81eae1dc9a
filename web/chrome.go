package web

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"helpdesk/domain"
)

// chrome is what every page has around its content.
type chrome struct {
	Title    string
	Username string // "" when nobody is signed in
	Session  string // tells a session from others, for what the script keeps of it
	Role     domain.Role
	Links    []navLink
	Account  bool // whether this is the page of one's own account
	Notice   notice
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
	c.Session = sessionName(v.Session.TokenHash)
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

// sessionName returns what a page may know of a session: nothing that would open it,
// nor the hash that is stored.
func sessionName(tokenHash []byte) string {
	sum := sha256.Sum256(append([]byte("name of a session\n"), tokenHash...))
	return hex.EncodeToString(sum[:8])
}
