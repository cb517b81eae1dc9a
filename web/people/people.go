package people

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/projections/people"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// peoplePage is how many people a page lists, and how many events of somebody.
const peoplePage = 50

// peopleQuery is what the address of the list of people asks for.
type peopleQuery struct{ Search, Role, State, Cursor string }

func readPeople(values url.Values) peopleQuery {
	return peopleQuery{Search: strings.TrimSpace(values.Get("q")), Role: values.Get("role"), State: values.Get("state"), Cursor: values.Get("cursor")}
}

// address is that of the list with this query.
func (q peopleQuery) address() string {
	return web.Address(web.PeoplePath, "q", q.Search, "role", q.Role, "state", q.State, "cursor", q.Cursor)
}

// filter is the query for the read side.
func (q peopleQuery) filter() (f people.Filter, err error) {
	f.Search, f.Role = q.Search, domain.Role(q.Role)
	if (q.Role != "" && !f.Role.Valid()) || len(q.Search) > web.SearchMax {
		return f, web.ErrNoSuchFilter
	}
	switch active := q.State == "active"; q.State {
	case "active", "inactive":
		f.Active = &active
	case "":
	default:
		return f, web.ErrNoSuchFilter
	}
	return f, nil
}

// peopleView is the list of people.
type peopleView struct {
	Query          peopleQuery
	Roles, States  []web.Tab
	People         []view.User
	Previous, Next string // addresses; "" for none
}

func (s *Section) showPeople(v *web.Visit) (web.Reply, error) {
	q := readPeople(v.Request.URL.Query())
	filter, err := q.filter()
	if err != nil {
		return web.Reply{}, err
	}
	scope := "people\x00" + peopleQuery{Search: q.Search, Role: q.Role, State: q.State}.address()
	page, err := v.PageAt(scope, q.Cursor, peoplePage)
	if err != nil {
		return web.Reply{}, err
	}
	slice, err := s.Read.Users(v.Context(), filter, page)
	if err != nil {
		return web.Reply{}, err
	}
	view := peopleView{Query: q, People: slice.Items, Roles: q.roles(), States: q.states()}
	to := func(cursor string) string { q.Cursor = cursor; return q.address() }
	if view.Previous, view.Next, err = v.Around(scope, slice.Previous, slice.Next, to); err != nil {
		return web.Reply{}, err
	}
	return web.Show("People", peoplePageOf(view)), nil
}

func (q peopleQuery) roles() (tabs []web.Tab) {
	for _, role := range slices.Concat([]domain.Role{""}, domain.Roles()) {
		label := string(role)
		if role == "" {
			label = "any"
		}
		tabs = append(tabs, web.Tab{Label: label, To: peopleQuery{Search: q.Search, Role: string(role), State: q.State}.address(), Current: q.Role == string(role)})
	}
	return tabs
}

func (q peopleQuery) states() (tabs []web.Tab) {
	for _, state := range []struct{ key, label string }{{"", "all"}, {"active", "active"}, {"inactive", "deactivated"}} {
		tabs = append(tabs, web.Tab{Label: state.label, To: peopleQuery{Search: q.Search, Role: q.Role, State: state.key}.address(), Current: q.State == state.key})
	}
	return tabs
}

// personView is the page of somebody.
type personView struct {
	view.User
	Self      bool // whether they look at themselves
	MayChange bool
	Command   string
	Role      domain.Role // as the form has it
	Entries   []history.Entry
	Earlier   string // address of what happened before; "" for nothing
	Fault     *web.Fault
	Link      string // that sets the password, just made; "": none was
	Host      bool   // whether it has the address of the service
}

// person finds whom the path names.
func (s *Section) person(v *web.Visit) (user.Account, error) {
	name := v.Param("name")
	if strings.ContainsRune(name, 0) {
		return user.Account{}, domain.ErrNotFound
	}
	return s.App.Accounts.Find(v.Context(), name)
}

func (s *Section) showPerson(v *web.Visit) (web.Reply, error) {
	account, err := s.person(v)
	if err != nil {
		return web.Reply{}, err
	}
	return s.personPage(v, account.ID, personView{})
}

// personPage returns the page of somebody, with what a form on it led to.
func (s *Section) personPage(v *web.Visit, id user.ID, view personView) (web.Reply, error) {
	u, err := s.Read.User(v.Context(), id)
	if err != nil {
		return web.Reply{}, err
	}
	view.User, view.Self, view.MayChange, view.Command = u, id == v.Actor.ID, v.Actor.Admin(), web.NewCommand()
	if view.Role == "" {
		view.Role = u.Role
	}
	scope := "person\x00" + id.String()
	page, err := v.PageAt(scope, v.Request.URL.Query().Get("cursor"), peoplePage)
	if err != nil {
		return web.Reply{}, err
	}
	page.Cursor = backwards(page.Cursor) // the newest page is shown first
	slice, err := s.History.User(v.Context(), id, page)
	if err != nil {
		return web.Reply{}, err
	}
	view.Entries = slice.Items
	slices.Reverse(view.Entries)
	_, view.Earlier, err = v.Around(scope, nil, slice.Previous, func(cursor string) string {
		return web.Address(web.PersonAddress(u.Username), "cursor", cursor)
	})
	return web.Show(u.Username, personPageOf(view)).With(view.Fault), err
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

func (s *Section) changeRole(v *web.Visit) (web.Reply, error) {
	role := domain.Role(v.Form.Text("role"))
	return s.changePerson(v, "Role updated.", role, user.EditUser{Role: &role})
}

func (s *Section) changeActivity(v *web.Visit) (web.Reply, error) {
	active := v.Form.Text("to") == "active"
	done := "Account deactivated."
	if active {
		done = "Account reactivated."
	}
	return s.changePerson(v, done, "", user.EditUser{Active: &active})
}

// changePerson carries out an edit of whom the path names. The commands know who
// may do it.
func (s *Section) changePerson(v *web.Visit, done string, chosen domain.Role, edit user.EditUser) (web.Reply, error) {
	account, err := s.person(v)
	if err != nil {
		return web.Reply{}, err
	}
	edit.Actor, edit.ID = v.Actor, account.ID
	_, err = v.CarryOut(func(r commands.Request) (commands.Outcome, error) { return s.App.People.Edit(v.Context(), r, edit) })
	if f := web.FaultOf(err); f != nil {
		return s.personPage(v, account.ID, personView{Role: chosen, Fault: f})
	}
	if err != nil {
		return web.Reply{}, err
	}
	v.Tell(done)
	if account.ID == v.Actor.ID { // they may not see this page any more
		return web.Redirect(web.Root), nil
	}
	return web.Redirect(web.PersonAddress(account.Username)), nil
}

// clearAddress has emails sent again to whom the path names.
func (s *Section) clearAddress(v *web.Visit) (web.Reply, error) {
	account, err := s.person(v)
	if err != nil {
		return web.Reply{}, err
	}
	clear := user.ClearAddress{By: user.By{Actor: v.Actor}, ID: account.ID}
	_, err = v.CarryOut(func(r commands.Request) (commands.Outcome, error) {
		return s.App.People.ClearAddress(v.Context(), r, clear)
	})
	if f := web.FaultOf(err); f != nil {
		return s.personPage(v, account.ID, personView{Fault: f})
	}
	if err != nil {
		return web.Reply{}, err
	}
	v.Tell("Emails are sent again.")
	return web.Redirect(web.PersonAddress(account.Username)), nil
}

// fullName is somebody's name, or a dash.
func fullName(u view.User) string {
	return cmp.Or(strings.TrimSpace(u.FirstName+" "+u.LastName), "–")
}

// roleWord returns what a role is for.
func roleWord(r domain.Role) string {
	switch r {
	case domain.RoleUser:
		return "creates and follows their own tickets"
	case domain.RoleAgent:
		return "works on tickets"
	case domain.RoleAdmin:
		return "can do everything"
	case domain.RoleAuditor:
		return "can read everything and change nothing"
	}
	return ""
}
