package httpapi

import (
	"fmt"
	"maps"
	"net/url"
	"strings"

	"helpdesk/httpapi/problem"
	"helpdesk/projections"
)

// Listing is the parameters that every list has.
type Listing struct {
	PageSize int    `query:"page_size" minimum:"1" maximum:"100" default:"25" description:"How many results a page has at most. It has fewer, and leads on, where their texts are longer than half a megabyte together."`
	Cursor   string `query:"cursor" minLength:"1" maxLength:"2000" description:"From next or previous of another page of this list."`
	Count    bool   `query:"count" description:"Whether to count the whole list."`
}

// List is one page of a list.
type List[T any] struct {
	Next     *string `json:"next" required:"true" description:"Address of the next page; without scheme and host where the service is not told its own."`
	Previous *string `json:"previous" required:"true" description:"Address of the page before, as next."`
	Results  []T     `json:"results" required:"true" nullable:"false"`
	Count    *int64  `json:"count,omitempty" description:"Of the whole list, when asked for."`
}

const defaultPageSize = 25

// Page reads which page of the call's list is wanted.
func (c *Call) Page(l Listing) (projections.Page, error) {
	p := projections.Page{Size: l.PageSize, Count: l.Count}
	if p.Size == 0 {
		p.Size = defaultPageSize
	}
	if l.Cursor != "" {
		place, err := c.api.cursors.Open(listOf(c).scope(c), l.Cursor)
		if err != nil {
			return p, problem.Invalid(problem.Violation{Pointer: "?cursor", Code: "cursor", Detail: "the cursor was not made for this list"})
		}
		p.Cursor = &place
	}
	return p, nil
}

// Elsewhere is a list by the call that answers it.
type Elsewhere struct {
	Route string // its id
	Path  string
	Query url.Values
}

// listOf returns the list that the call is about.
func listOf(c *Call) Elsewhere {
	return Elsewhere{c.route.ID, c.Request.URL.Path, c.Request.URL.Query()}
}

// scope returns which list it is, for the caller: everything but where in it.
func (l Elsewhere) scope(c *Call) string {
	query := maps.Clone(l.Query)
	for _, name := range []string{"page_size", "cursor", "count"} {
		query.Del(name)
	}
	return strings.Join([]string{l.Route, strings.TrimSuffix(l.Path, "/"), c.Actor.ID.String(), query.Encode()}, "\n")
}

// LinkTo returns the address of a place in a list; nil where it is nowhere.
func (l Elsewhere) LinkTo(c *Call, place *projections.Cursor) (*string, error) {
	if place == nil {
		return nil, nil
	}
	token, err := c.api.cursors.Seal(l.scope(c), *place)
	if err != nil {
		return nil, err
	}
	query := maps.Clone(l.Query)
	query.Set("cursor", token)
	path := url.URL{Path: strings.TrimSuffix(l.Path, "/") + "/", RawQuery: query.Encode()}
	link := c.api.front.Public() + path.String()
	return &link, nil
}

// Onward returns the address of a place in what the call answers a page of; nil where it is
// nowhere.
func Onward(c *Call, place *projections.Cursor) (*string, error) { return listOf(c).LinkTo(c, place) }

// ListOf makes the answer of one page, with links to its neighbours in the
// body and in the Link header.
func ListOf[R, T any](c *Call, s projections.Slice[R], view func(R) T) (List[T], error) {
	out := List[T]{Results: make([]T, len(s.Items)), Count: s.Count}
	for i, item := range s.Items {
		out.Results[i] = view(item)
	}
	var links []string
	for _, n := range []struct {
		place *projections.Cursor
		rel   string
		link  **string
	}{
		{s.Next, "next", &out.Next},
		{s.Previous, "prev", &out.Previous},
	} {
		link, err := Onward(c, n.place)
		if err != nil {
			return out, err
		}
		if *n.link = link; link != nil {
			links = append(links, fmt.Sprintf("<%s>; rel=%q", *link, n.rel))
		}
	}
	if links != nil {
		c.Header.Set("Link", strings.Join(links, ", "))
	}
	return out, nil
}
