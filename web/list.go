package web

import "helpdesk/projections"

// SearchMax is how long the text of a search may be, as in the API.
const SearchMax = 200

// PageAt returns the part of a list that a link of it leads to: its beginning
// without a cursor, [ErrNoSuchFilter] for a cursor of another list. scope names
// the list with its filters.
func (v *Visit) PageAt(scope, cursor string, size int) (projections.Page, error) {
	p := projections.Page{Size: size}
	if cursor == "" {
		return p, nil
	}
	at, err := v.site.cursors.Open(scope, cursor)
	if err != nil {
		return p, ErrNoSuchFilter
	}
	p.Cursor = &at
	return p, nil
}

// Around returns the addresses of the pages before and after one, "" for none. to
// makes the address of the list at a cursor.
func (v *Visit) Around(scope string, previous, next *projections.Cursor, to func(cursor string) string) (before, after string, err error) {
	for _, link := range []struct {
		at   *projections.Cursor
		into *string
	}{{previous, &before}, {next, &after}} {
		if link.at == nil {
			continue
		}
		token, err := v.site.cursors.Seal(scope, *link.at)
		if err != nil {
			return "", "", err
		}
		*link.into = to(token)
	}
	return before, after, nil
}
