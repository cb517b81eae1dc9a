package queue

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/people"
	"helpdesk/projections/terms"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// searchMax is how long the text of a search for tickets may be, as in the API.
const searchMax = 2000

// peopleMost is how many people a search shows above the tickets.
const peopleMost = 5

// searchView is what a search says besides the tickets it found.
type searchView struct {
	Scope  string     // which tickets it searched
	All    string     // address of the same among tickets of any status; "": it was
	Empty  bool       // whether there is nothing in it to search for
	People []personOf // who has the words in their name or address
	More   string     // address of the list of people, where there are more
}

// personOf is somebody with the way to the tickets they created.
type personOf struct {
	view.User
	To string
}

// about returns their name, if they have one.
func (p personOf) about() string { return strings.TrimSpace(p.FirstName + " " + p.LastName) }

// searchLabel names what the search box finds.
func (q queueView) searchLabel() string {
	if q.Staff {
		return "Search tickets and people"
	}
	return "Search tickets"
}

// fillSearch completes the page of a search by what it is of, and whom it may mean.
func (s *Section) fillSearch(v *web.Visit, view *queueView) error {
	q := view.Query.first()
	if q.Search == "" {
		return nil
	}
	assignee, err := s.nameOf(v, q.Assignee)
	if err != nil {
		return err
	}
	requester, err := s.nameOf(v, q.Requester)
	if err != nil {
		return err
	}
	found := &searchView{Scope: q.scope(v.Actor, assignee, requester), Empty: terms.Query(q.Search) == ""}
	if cmp.Or(q.Status, defaultStatus(v.Actor)) != "all" {
		all := q
		all.Status = "all"
		found.All = all.address()
	}
	view.Searched = found
	if found.Empty || !view.Staff || view.Query.Cursor != "" {
		return nil
	}
	return s.fillPeople(v, q.Search, found)
}

// fillPeople finds who has the words of a search in their name or, for those who may see
// it, their address.
func (s *Section) fillPeople(v *web.Visit, search string, found *searchView) error {
	filter := people.Filter{Search: names(search), NamesOnly: !v.Actor.Oversees()}
	if _, number := terms.Number(search); number || filter.Search == "" || len(filter.Search) > web.SearchMax {
		return nil // it is nobody's name
	}
	slice, err := s.Read.Users(v.Context(), filter, projections.Page{Size: peopleMost})
	if err != nil {
		return err
	}
	for _, u := range slice.Items {
		found.People = append(found.People, personOf{u, queueQuery{Status: "all", Requester: u.ID.String()}.address()})
	}
	if slice.Next != nil && v.Actor.Oversees() {
		found.More = web.Address(web.PeoplePath, "q", filter.Search)
	}
	return nil
}

// names returns the words of a search without the punctuation around them, as of
// Lisa Lind <lisa@example.net>.
func names(search string) string {
	words := strings.Fields(search)
	for i, w := range words {
		words[i] = strings.TrimFunc(w, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) })
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

// scope returns which tickets a search is of.
func (q queueQuery) scope(viewer domain.Actor, assignee, requester string) string {
	scope := "your tickets"
	switch {
	case viewer.SeesAll():
		scope = "all tickets"
	case viewer.Role == domain.RoleAgent && viewer.Visibility == domain.VisibleQueue:
		scope = "your tickets and unassigned ones"
	}
	limits := []string{"of any status"}
	if status := cmp.Or(q.Status, defaultStatus(viewer)); status != "all" {
		limits[0] = "that are " + web.StatusWord(ticket.Status(status))
	}
	if q.Priority != "" {
		limits = append(limits, "of "+q.Priority+" priority")
	}
	switch q.Assignee {
	case "":
	case "me":
		limits = append(limits, "assigned to you")
	case "none":
		limits = append(limits, "unassigned")
	default:
		limits = append(limits, "assigned to "+assignee)
	}
	if requester != "" {
		limits = append(limits, "created by "+requester)
	}
	said := fmt.Sprintf("Searched %s %s.", scope, strings.Join(limits, ", "))
	if number, ok := terms.Number(q.Search); ok && q.first() != (queueQuery{Search: q.Search, Status: "all"}) {
		said += fmt.Sprintf(" Ticket #%d comes first whatever it is.", number)
	}
	return said
}

// leading returns the ticket whose number a search is: it comes first, whatever the
// filters. It is not ok where there is none that the visitor sees.
func (s *Section) leading(v *web.Visit, q queueQuery) (t view.Ticket, ok bool, err error) {
	number, ok := terms.Number(q.Search)
	if !ok {
		return t, false, nil
	}
	t, err = s.Read.Ticket(v.Context(), v.Actor, ticket.Ref{Number: number})
	if errors.Is(err, domain.ErrNotFound) {
		return t, false, nil
	}
	return t, err == nil, err
}

// personFilter returns whom a filter names, nil for anybody.
func personFilter(name string) (id *domain.UserID, known bool) {
	if name == "" {
		return nil, true
	}
	parsed, err := uuid.Parse(name)
	return &domain.UserID{UUID: parsed}, err == nil
}
