package queue

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/web"
)

// queueQuery is what the address of the queue asks for. The zero value is the
// queue as it is opened.
type queueQuery struct {
	Status    string // a key of statusSets, "" for the first that fits the visitor
	Priority  string // "": any
	Assignee  string // "me", "none", an id; "": anybody
	Requester string // an id; "": anybody
	Search    string
	Order     string // a key of orders; "": newest
	Cursor    string
}

// Names of the parameters of the address.
const (
	paramStatus    = "status"
	paramPriority  = "priority"
	paramAssignee  = "assignee"
	paramRequester = "requester"
	paramSearch    = "q"
	paramOrder     = "order"
	paramCursor    = "cursor"
)

// statusSets are the statuses that one link of the filter stands for.
var statusSets = []struct {
	key, label string
	statuses   []ticket.Status
}{
	{"active", "Active", []ticket.Status{ticket.StatusOpen, ticket.StatusInProgress, ticket.StatusEscalated}},
	{"open", "Open", []ticket.Status{ticket.StatusOpen}},
	{"in-progress", "In progress", []ticket.Status{ticket.StatusInProgress}},
	{"escalated", "Escalated", []ticket.Status{ticket.StatusEscalated}},
	{"resolved", "Resolved", []ticket.Status{ticket.StatusResolved}},
	{"closed", "Closed", []ticket.Status{ticket.StatusClosed}},
	{"all", "All", nil},
}

// order is what the queue can be ordered by.
type order struct {
	key, label string
	by         projections.TicketOrder
	descending bool
}

var orders = []order{
	{"newest", "Newest", projections.ByCreated, true},
	{"oldest", "Oldest", projections.ByCreated, false},
	{"changed", "Last updated", projections.ByUpdated, true},
	{"priority", "Priority", projections.ByPriority, true},
	{"best", "Best match", projections.ByRank, true}, // of a search
}

// readQueue reads the query of an address.
func readQueue(values url.Values) queueQuery {
	return queueQuery{
		Status: values.Get(paramStatus), Priority: values.Get(paramPriority), Assignee: values.Get(paramAssignee),
		Requester: values.Get(paramRequester), Search: values.Get(paramSearch), Order: values.Get(paramOrder), Cursor: values.Get(paramCursor),
	}
}

// values is the query as an address has it, without what is not set.
func (q queueQuery) values() url.Values {
	values := url.Values{}
	for name, value := range map[string]string{
		paramStatus: q.Status, paramPriority: q.Priority, paramAssignee: q.Assignee,
		paramRequester: q.Requester, paramSearch: q.Search, paramOrder: q.Order, paramCursor: q.Cursor,
	} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values
}

// address is that of the list with this query.
func (q queueQuery) address() string {
	if encoded := q.values().Encode(); encoded != "" {
		return web.QueuePath + "?" + encoded
	}
	return web.QueuePath
}

// bulkAddress is where a bulk action on the list is sent.
func (q queueQuery) bulkAddress() string { return web.BulkPath + "?" + q.values().Encode() }

// export is the address of the whole list as CSV, for which the API has its own names.
func (q queueQuery) export(f projections.TicketFilter) string {
	var statuses []string
	for _, s := range f.Statuses {
		statuses = append(statuses, string(s))
	}
	ordering := string(f.OrderBy)
	switch {
	case f.OrderBy == projections.ByRank: // the API's order of a search, where none is asked for
		ordering = ""
	case f.Descending:
		ordering = "-" + ordering
	}
	return web.Export("tickets", "status", strings.Join(statuses, ","), "priority", q.Priority,
		"assigned_to", q.Assignee, "created_by", q.Requester, "q", q.Search, "ordering", ordering)
}

// first is the query for the first page of the same list.
func (q queueQuery) first() queueQuery {
	q.Cursor = ""
	return q
}

// defaultStatus is what the list shows when it is opened: to requesters all of
// theirs, to staff what is active.
func defaultStatus(a domain.Actor) string {
	if a.Role == domain.RoleUser {
		return "all"
	}
	return "active"
}

// filter is the query for the read side.
func (q queueQuery) filter(viewer domain.Actor) (f projections.TicketFilter, err error) {
	status := q.Status
	if status == "" {
		status = defaultStatus(viewer)
	}
	known := false
	for _, set := range statusSets {
		if set.key == status {
			f.Statuses, known = set.statuses, true
		}
	}
	if q.Priority != "" {
		known = known && ticket.Priority(q.Priority).Rank() > 0
		f.Priorities = []ticket.Priority{ticket.Priority(q.Priority)}
	}
	switch q.Assignee {
	case "":
	case "me":
		f.AssignedTo = &viewer.ID
	case "none":
		f.Unassigned = true
	default:
		id, is := personFilter(q.Assignee)
		f.AssignedTo, known = id, known && is
	}
	id, is := personFilter(q.Requester)
	f.CreatedBy, known = id, known && is
	if f.Search = q.Search; utf8.RuneCountInString(f.Search) > searchMax {
		known = false
	}
	if !known || !q.ordered(&f) {
		return f, web.ErrNoSuchFilter
	}
	return f, nil
}

// ordered puts the order into a filter, and reports whether there is such an
// order. A search comes newest first, too: to find the best matches of a word that
// many tickets have, all of them have to be looked at, and compareMost at most are.
func (q queueQuery) ordered(f *projections.TicketFilter) bool {
	i := slices.IndexFunc(orders, func(o order) bool { return o.key == q.Order || q.Order == "" && o.key == "newest" })
	if i < 0 {
		return false
	}
	if orders[i].by == projections.ByRank && q.Search == "" { // the search was taken away
		i = 0
	}
	f.OrderBy, f.Descending = orders[i].by, orders[i].descending
	if f.OrderBy == projections.ByRank {
		f.CompareMost = compareMost
	}
	return true
}

// compareMost is how many tickets are compared to put the best matches first.
const compareMost = 1000

// queuePage is how many tickets a page of the list has.
const queuePage = 25

// queueScope returns which list a cursor is of: everything but where in it.
func queueScope(v *web.Visit, q queueQuery) string {
	return "site\n" + v.Actor.ID.String() + "\n" + q.first().values().Encode()
}

// nameOf returns whom an assignee filter names, "" for nobody in particular.
func (s *Section) nameOf(v *web.Visit, assignee string) (string, error) {
	if assignee == "" || assignee == "me" || assignee == "none" {
		return "", nil
	}
	account, known, err := s.App.PersonNamed(v.Context(), assignee)
	if err == nil && !known {
		return "unknown user", nil
	}
	return account.Username, err
}
