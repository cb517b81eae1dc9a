package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// peoplePath is where the list of people is.
const peoplePath = Root + "people/"

// peoplePage is how many people a page lists, and how many events of somebody.
const peoplePage = 50

// peopleQuery is what the address of the list of people asks for.
type peopleQuery struct{ Search, Role, State, Cursor string }

func readPeople(values url.Values) peopleQuery {
	return peopleQuery{Search: strings.TrimSpace(values.Get("q")), Role: values.Get("role"), State: values.Get("state"), Cursor: values.Get("cursor")}
}

// address is that of the list with this query.
func (q peopleQuery) address() string {
	return addressOf(peoplePath, "q", q.Search, "role", q.Role, "state", q.State, "cursor", q.Cursor)
}

// addressOf is a path with parameters, names and values in turn, without those
// that are empty.
func addressOf(path string, params ...string) string {
	values := url.Values{}
	for i := 0; i < len(params); i += 2 {
		if params[i+1] != "" {
			values.Set(params[i], params[i+1])
		}
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// searchMax is how long a search for people may be, as in the API.
const searchMax = 200

var errNoSuchFilter = &failure{http.StatusBadRequest, "There is no such filter", "The address asks for something that this page does not know. Begin again from the navigation."}

// filter is the query for the read side.
func (q peopleQuery) filter() (f projections.UserFilter, err error) {
	f.Search, f.Role = q.Search, domain.Role(q.Role)
	if (q.Role != "" && !f.Role.Valid()) || len(q.Search) > searchMax {
		return f, errNoSuchFilter
	}
	switch active := q.State == "active"; q.State {
	case "active", "inactive":
		f.Active = &active
	case "":
	default:
		return f, errNoSuchFilter
	}
	return f, nil
}

// peopleView is the list of people.
type peopleView struct {
	Query          peopleQuery
	Roles, States  []tab
	People         []view.User
	Previous, Next string // addresses; "" for none
}

func (s *Site) showPeople(v *Visit) (reply, error) {
	q := readPeople(v.Request.URL.Query())
	filter, err := q.filter()
	if err != nil {
		return reply{}, err
	}
	scope := "people\x00" + peopleQuery{Search: q.Search, Role: q.Role, State: q.State}.address()
	page, err := s.pageAt(scope, q.Cursor, peoplePage)
	if err != nil {
		return reply{}, err
	}
	slice, err := s.Read.Users(v.ctx(), filter, page)
	if err != nil {
		return reply{}, err
	}
	view := peopleView{Query: q, People: slice.Items, Roles: q.roles(), States: q.states()}
	to := func(cursor string) string { q.Cursor = cursor; return q.address() }
	if view.Previous, view.Next, err = s.around(scope, slice.Previous, slice.Next, to); err != nil {
		return reply{}, err
	}
	return show("People", peoplePageOf(view)), nil
}

func (q peopleQuery) roles() (tabs []tab) {
	for _, role := range slices.Concat([]domain.Role{""}, domain.Roles()) {
		label := string(role)
		if role == "" {
			label = "any role"
		}
		tabs = append(tabs, tab{Label: label, To: peopleQuery{Search: q.Search, Role: string(role), State: q.State}.address(), Current: q.Role == string(role)})
	}
	return tabs
}

func (q peopleQuery) states() (tabs []tab) {
	for _, state := range []struct{ key, label string }{{"", "all"}, {"active", "active"}, {"inactive", "deactivated"}} {
		tabs = append(tabs, tab{Label: state.label, To: peopleQuery{Search: q.Search, Role: q.Role, State: state.key}.address(), Current: q.State == state.key})
	}
	return tabs
}

// pageAt is the part of a list that a link of it leads to.
func (s *Site) pageAt(scope, cursor string, size int) (projections.Page, error) {
	p := projections.Page{Size: size}
	if cursor == "" {
		return p, nil
	}
	at, err := s.cursors.Open(scope, cursor)
	if err != nil {
		return p, errNoSuchFilter
	}
	p.Cursor = &at
	return p, nil
}

// around returns the addresses of the pages before and after one, "" for none.
func (s *Site) around(scope string, previous, next *projections.Cursor, to func(cursor string) string) (before, after string, err error) {
	for _, link := range []struct {
		at   *projections.Cursor
		into *string
	}{{previous, &before}, {next, &after}} {
		if link.at == nil {
			continue
		}
		token, err := s.cursors.Seal(scope, *link.at)
		if err != nil {
			return "", "", err
		}
		*link.into = to(token)
	}
	return before, after, nil
}

// personView is the page of somebody.
type personView struct {
	view.User
	Self      bool // whether they look at themselves
	MayChange bool
	Command   string
	Role      domain.Role // as the form has it
	Entries   []projections.Entry
	Earlier   string // address of what happened before; "" for nothing
	Fault     *fault
}

// personAddress is where the page of somebody is.
func personAddress(username string) string { return peoplePath + url.PathEscape(username) + "/" }

// person finds whom the path names.
func (s *Site) person(v *Visit) (user.Account, error) {
	name := v.param("name")
	if strings.ContainsRune(name, 0) {
		return user.Account{}, domain.ErrNotFound
	}
	return s.Accounts.Find(v.ctx(), name)
}

func (s *Site) showPerson(v *Visit) (reply, error) {
	account, err := s.person(v)
	if err != nil {
		return reply{}, err
	}
	return s.personPage(v, account.ID, "", nil)
}

func (s *Site) personPage(v *Visit, id user.ID, chosen domain.Role, wrong *fault) (reply, error) {
	u, err := s.Read.User(v.ctx(), id)
	if err != nil {
		return reply{}, err
	}
	view := personView{User: u, Self: id == v.Actor.ID, MayChange: v.Actor.Admin(), Command: newCommand(), Role: chosen, Fault: wrong}
	if chosen == "" {
		view.Role = u.Role
	}
	scope := "person\x00" + id.String()
	page, err := s.pageAt(scope, v.Request.URL.Query().Get("cursor"), peoplePage)
	if err != nil {
		return reply{}, err
	}
	page.Cursor = backwards(page.Cursor) // the newest page is shown first
	slice, err := s.PeopleHistory.User(v.ctx(), id, page)
	if err != nil {
		return reply{}, err
	}
	view.Entries = slice.Items
	slices.Reverse(view.Entries)
	_, view.Earlier, err = s.around(scope, nil, slice.Previous, func(cursor string) string {
		return addressOf(personAddress(u.Username), "cursor", cursor)
	})
	return show(u.Username, personPageOf(view)).with(wrong), err
}

// backwards is the place of a history to read back from: its end, where none is
// given.
func backwards(at *projections.Cursor) *projections.Cursor {
	if at == nil {
		return &projections.Cursor{Key: endOfLog, Back: true}
	}
	return at
}

// endOfLog is after every position.
const endOfLog = "9223372036854775807"

func (s *Site) changeRole(v *Visit) (reply, error) {
	role := domain.Role(v.field("role"))
	return s.changePerson(v, "role", role, user.EditUser{Role: &role})
}

func (s *Site) changeActivity(v *Visit) (reply, error) {
	active := v.field("to") == "active"
	return s.changePerson(v, "activity", "", user.EditUser{Active: &active})
}

// changePerson carries out an edit of whom the path names. The commands know who
// may do it.
func (s *Site) changePerson(v *Visit, said string, chosen domain.Role, edit user.EditUser) (reply, error) {
	account, err := s.person(v)
	if err != nil {
		return reply{}, err
	}
	edit.Actor, edit.ID = v.Actor, account.ID
	_, err = v.carryOut(func(r commands.Request) (commands.Outcome, error) { return s.People.Edit(v.ctx(), r, edit) })
	if f := faultOf(err); f != nil {
		return s.personPage(v, account.ID, chosen, f)
	}
	if err != nil {
		return reply{}, err
	}
	v.tell(said)
	if account.ID == v.Actor.ID { // they may not see this page any more
		return redirect(Root), nil
	}
	return redirect(personAddress(account.Username)), nil
}
