package web

import "net/http"

// Audience is who a page is for at all. What each role may do on it the rules of
// the domain decide.
type Audience int

// Audiences.
const (
	Anyone    Audience = iota
	SignedIn           // whoever is signed in
	Overseers          // admins and auditors
	Admins             // for forms that no command of the domain refuses others
)

// includes reports whether the visitor is one of an audience.
func (a Audience) includes(v *Visit) bool {
	switch a {
	case Anyone:
		return true
	case Overseers:
		return v.Actor.Oversees()
	case Admins:
		return v.Actor.Admin()
	}
	return v.Session != nil
}

// Handler makes the answer to a visit. An error becomes a page of its own.
type Handler func(*Visit) (Reply, error)

// Page is a page (GET) or a form (POST) of the site.
type Page struct {
	Method string
	Path   string // as gin writes it, below [Root], without a slash at the end
	For    Audience
	Handle Handler
	Menu   string // what the navigation calls it; "": it is not in the navigation
	Place  int    // where it stands there: links are in the order of their places

	files bool // see [Page.TakesFiles]
	dear  bool // see [Page.Dear]
}

// Get makes the page at a path.
func Get(path string, audience Audience, handle Handler) Page {
	return Page{Method: http.MethodGet, Path: path, For: audience, Handle: handle}
}

// Post makes the form that is sent to a path.
func Post(path string, audience Audience, handle Handler) Page {
	return Page{Method: http.MethodPost, Path: path, For: audience, Handle: handle}
}

// Dear returns the page as one that may take long to make: of one visitor a few such are
// made at a time; see [edge.Turns].
func (p Page) Dear() Page {
	p.dear = true
	return p
}

// InMenu returns the page with a link in the navigation, for its audience.
func (p Page) InMenu(place int, label string) Page {
	p.Place, p.Menu = place, label
	return p
}
