package people

import "helpdesk/domain"

// Filter narrows a list of users; a zero member does not narrow.
type Filter struct {
	// Search is parts of username, names or address, without regard to case and accents;
	// the first eight count.
	Search string
	// NamesOnly leaves the address out of the search: who must not see one must
	// not find people by it.
	NamesOnly bool
	Role      domain.Role
	Active    *bool
}
