package queue

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/tickets"
	"helpdesk/projections/view"
	"helpdesk/web"
	"helpdesk/workspace"
)

// queueView is the list of tickets with all that is around it.
type queueView struct {
	Heading  string
	Query    queueQuery
	Groups   []filterGroup
	Orders   []filterLink
	Rows     []row
	Next     string // addresses; "" for none
	Previous string
	Export   string // the whole list as CSV
	Views    []savedView
	Bulk     *bulkForm // nil: nothing can be done to many at once
	Outcome  bulkOutcome
	Sent     web.Form // the bulk action that was refused as a whole
	Opens    bool     // whether the visitor opens tickets
	Staff    bool     // whether they see other people's
	Command  string
	Fault    *web.Fault  // of the form that saves a view
	ViewName string      // that was entered into it
	Searched *searchView // nil: nothing is searched for
	// TooCommon: the best matches were asked for and the newest are shown.
	TooCommon bool
}

// row is a ticket of the list.
type row struct {
	view.Ticket
	Due  *time.Time // when it escalates; nil: not by itself
	Soon bool       // whether that is near
}

// filterGroup is the links that narrow the list in one way.
type filterGroup struct {
	Label string
	Links []filterLink
}

// filterLink is one of them, with how many tickets it would show.
type filterLink struct {
	Label   string
	To      string
	Glyph   string
	Current bool
	count   int // -1: not counted
	filter  projections.TicketFilter
}

// What counts are worth: they stop at [web.CountMost], and there are none where they
// would take longer than countWithin, or the list and they together longer than
// filledWithin.
const (
	countWithin  = 10 * time.Millisecond
	filledWithin = 20 * time.Millisecond
)

// Count writes how many there are, "" where it is not known.
func (l filterLink) Count() string {
	switch {
	case l.count < 0:
		return ""
	case l.count >= web.CountMost:
		return strconv.Itoa(web.CountMost-1) + "+"
	}
	return strconv.Itoa(l.count)
}

// errNoPast is of an address of the API that was pasted.
var errNoPast = web.NewFailure(http.StatusBadRequest, "The list has no past here", "This list shows tickets as they are now. The page of a ticket and the reports take a time (as_of), and so does /api/tickets/ for the list.")

func (s *Section) showQueue(v *web.Visit) (web.Reply, error) {
	if v.Request.URL.Query().Get("as_of") != "" {
		return web.Reply{}, errNoPast
	}
	return s.queue(v, queueView{Query: readQueue(v.Request.URL.Query()), Outcome: s.left(v)})
}

// queue returns the page of a list: with what became of a bulk action, and with
// what is wrong with the form that saves a view, if anything.
func (s *Section) queue(v *web.Visit, view queueView) (web.Reply, error) {
	view.Heading, view.Command = "Tickets", web.NewCommand()
	view.Staff, view.Bulk = v.Actor.Role != domain.RoleUser, bulkFor(v.Actor)
	view.Opens, _ = ticket.MayOpen(v.Actor)
	if !view.Staff {
		view.Heading = "Your tickets"
	}
	began := v.Now()
	if err := s.fillRows(v, &view); err != nil {
		return web.Reply{}, err
	}
	if err := s.fillSearch(v, &view); err != nil {
		return web.Reply{}, err
	}
	if err := s.fillFilters(v, &view, min(countWithin, filledWithin-v.Now().Sub(began))); err != nil {
		return web.Reply{}, err
	}
	views, err := s.Views.List(v.Context(), v.Actor.ID)
	if err != nil {
		return web.Reply{}, err
	}
	view.Views = savedViews(views, view.Query)
	return web.Show(view.Heading, queuePageOf(view)).With(view.Fault), nil
}

func (s *Section) fillRows(v *web.Visit, view *queueView) error {
	listed := view.Query
	lead, leads, err := s.leading(v, listed)
	if err != nil {
		return err
	}
	filter, err := listed.filter(v.Actor)
	if err != nil {
		return err
	}
	view.Export = listed.export(filter)
	slice, err := s.list(v, listed, lead.ID)
	if errors.Is(err, tickets.ErrTooCommon) {
		view.TooCommon = true
		listed = listed.first()
		listed.Order = ""
		slice, err = s.list(v, listed, lead.ID)
	}
	if err != nil {
		return err
	}
	if leads && listed.Cursor == "" {
		slice.Items = slices.Insert(slice.Items, 0, lead)
	}
	ids := make([]uuid.UUID, len(slice.Items))
	for i, t := range slice.Items {
		ids[i] = t.ID
	}
	due, err := s.Schedule.Due(v.Context(), ids)
	if err != nil {
		return err
	}
	for _, t := range slice.Items {
		view.Rows = append(view.Rows, rowOf(v, t, due))
	}
	view.Previous, view.Next, err = v.Around(queueScope(v, listed), slice.Previous, slice.Next, func(cursor string) string {
		listed.Cursor = cursor
		return listed.address()
	})
	return err
}

// list reads the page of tickets that a query asks for, but for one.
func (s *Section) list(v *web.Visit, q queueQuery, except uuid.UUID) (slice projections.Slice[view.Ticket], err error) {
	filter, err := q.filter(v.Actor)
	if err != nil {
		return slice, err
	}
	filter.Except = except
	page, err := v.PageAt(queueScope(v, q), q.Cursor, queuePage)
	if err != nil {
		return slice, err
	}
	return s.Read.Tickets(v.Context(), v.Actor, filter, page)
}

func rowOf(v *web.Visit, t view.Ticket, due map[uuid.UUID]time.Time) row {
	r := row{Ticket: t}
	if at, waits := due[t.ID]; waits {
		r.Due, r.Soon = &at, at.Sub(v.Now()) < web.DueSoon
	}
	return r
}

// fillFilters makes the links that narrow the list, and counts what they lead
// to in one go, within a time.
func (s *Section) fillFilters(v *web.Visit, view *queueView, within time.Duration) error {
	q := view.Query.first()
	groups := []filterGroup{statusGroup(q, v.Actor)}
	if view.Staff {
		name, err := s.nameOf(v, q.Assignee)
		if err != nil {
			return err
		}
		groups = append(groups, priorityGroup(q, v.Actor), assigneeGroup(q, v.Actor, name))
	}
	if q.Requester != "" {
		name, err := s.nameOf(v, q.Requester)
		if err != nil {
			return err
		}
		groups = append(groups, requesterGroup(q, v.Actor, name))
	}
	var filters []projections.TicketFilter
	for _, g := range groups {
		for i := range g.Links {
			filters = append(filters, g.Links[i].filter)
		}
	}
	counts, err := s.Read.CountTickets(v.Context(), v.Actor, filters, web.CountMost, within)
	if errors.Is(err, tickets.ErrUncounted) {
		counts, err = slices.Repeat([]int{-1}, len(filters)), nil
	}
	if err != nil {
		return err
	}
	for _, g := range groups {
		for i := range g.Links {
			g.Links[i].count, counts = counts[0], counts[1:]
		}
	}
	view.Groups = groups
	for _, o := range orders {
		if o.by == projections.ByRank && q.Search == "" {
			continue
		}
		to := q
		to.Order = o.key
		current := q.Order == o.key || (o.key == "newest" && (q.Order == "" || (q.Order == "best" && q.Search == "")))
		view.Orders = append(view.Orders, filterLink{Label: o.label, To: to.address(), Current: current})
	}
	return nil
}

// link makes the link to a query that is one filter away.
func link(label, glyph string, to queueQuery, viewer domain.Actor, current bool) filterLink {
	filter, err := to.filter(viewer)
	if err != nil { // the present filters were read before, and these are ours
		panic(err)
	}
	return filterLink{Label: label, Glyph: glyph, To: to.address(), Current: current, filter: filter}
}

func statusGroup(q queueQuery, viewer domain.Actor) filterGroup {
	g := filterGroup{Label: "Status"}
	shown := q.Status
	if shown == "" {
		shown = defaultStatus(viewer)
	}
	for _, set := range statusSets {
		to := q
		if to.Status = set.key; set.key == defaultStatus(viewer) {
			to.Status = ""
		}
		g.Links = append(g.Links, link(set.label, set.key, to, viewer, shown == set.key))
	}
	return g
}

func priorityGroup(q queueQuery, viewer domain.Actor) filterGroup {
	g := filterGroup{Label: "Priority"}
	for _, p := range []struct{ key, label string }{{"", "Any"}, {"high", "High"}, {"medium", "Medium"}, {"low", "Low"}} {
		to := q
		to.Priority = p.key
		g.Links = append(g.Links, link(p.label, p.key, to, viewer, q.Priority == p.key))
	}
	return g
}

func assigneeGroup(q queueQuery, viewer domain.Actor, name string) filterGroup {
	g := filterGroup{Label: "Assignee"}
	choices := []struct{ key, label string }{{"", "Anyone"}, {"me", "Me"}, {"none", "Unassigned"}}
	if !viewer.Role.Staff() {
		choices = append(choices[:1], choices[2:]...)
	}
	if name != "" {
		choices = append(choices, struct{ key, label string }{q.Assignee, name})
	}
	for _, c := range choices {
		to := q
		to.Assignee = c.key
		g.Links = append(g.Links, link(c.label, "", to, viewer, q.Assignee == c.key))
	}
	return g
}

// requesterGroup is shown where a requester is asked for.
func requesterGroup(q queueQuery, viewer domain.Actor, name string) filterGroup {
	anyone := q
	anyone.Requester = ""
	return filterGroup{Label: "Requester", Links: []filterLink{
		link("Anyone", "", anyone, viewer, false),
		link(name, "", q, viewer, true),
	}}
}

// savedView is a saved view as a link.
type savedView struct {
	workspace.View
	To      string
	Current bool
}

func savedViews(views []workspace.View, q queueQuery) (links []savedView) {
	here := q.first().values().Encode()
	for _, one := range views {
		to := web.QueuePath
		if one.Query != "" {
			to += "?" + one.Query
		}
		links = append(links, savedView{View: one, To: to, Current: one.Query == here})
	}
	return links
}

// saveView keeps the filters of the list under a name.
func (s *Section) saveView(v *web.Visit) (web.Reply, error) {
	q := readQueue(v.Request.URL.Query()).first()
	err := s.Views.Save(v.Context(), v.Actor.ID, workspace.View{Name: v.Form.Text("name"), Query: q.values().Encode()})
	if f := web.FaultOf(err); f != nil {
		return s.queue(v, queueView{Query: q, Fault: f, ViewName: v.Form.Text("name")})
	}
	if err != nil {
		return web.Reply{}, err
	}
	v.Tell("View saved.")
	return web.Redirect(q.address()), nil
}

func (s *Section) removeView(v *web.Visit) (web.Reply, error) {
	if err := s.Views.Remove(v.Context(), v.Actor.ID, v.Form.Text("name")); err != nil {
		return web.Reply{}, err
	}
	v.Tell("View deleted.")
	return web.Redirect(readQueue(v.Request.URL.Query()).first().address()), nil
}
