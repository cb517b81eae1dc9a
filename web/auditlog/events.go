package auditlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections/feed"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// proofPath is where the proof is.
const proofPath = web.AuditPath + "proof/"

// eventsPage is how many events a page of the log lists.
const eventsPage = 50

// sievedMost is how many positions a page is sieved from for events of a type: no
// index has the types, and a rare one would have the whole log read.
const sievedMost = 100_000

// eventsQuery is what the address of the log asks for.
type eventsQuery struct {
	Type   string // stored name; "": all
	Of     string // whose events: a ticket's number, a username or an id; "": everybody's
	Before int64  // positions below it; 0: from the newest
}

func readEvents(values url.Values) (q eventsQuery, ok bool) {
	q = eventsQuery{Type: values.Get("type"), Of: strings.TrimSpace(values.Get("of"))}
	if before := values.Get("before"); before != "" {
		var err error
		if q.Before, err = strconv.ParseInt(before, 10, 64); err != nil || q.Before < 1 {
			return q, false
		}
	}
	return q, !strings.ContainsRune(q.Of, 0) && len(q.Of) <= web.SearchMax
}

func (q eventsQuery) address() string {
	before := ""
	if q.Before > 0 {
		before = strconv.FormatInt(q.Before, 10)
	}
	return web.Address(web.AuditPath, "type", q.Type, "of", q.Of, "before", before)
}

// auditTabs are the links between the pages of the audit.
func auditTabs(current string) []web.Tab {
	return []web.Tab{
		{Label: "Events", To: web.AuditPath, Current: current == web.AuditPath},
		{Label: "Proof", To: proofPath, Current: current == proofPath},
	}
}

// eventsView is a part of the log, the newest first.
type eventsView struct {
	Query        eventsQuery
	Types        []string
	Head         int64
	Events       []feed.LoggedEvent
	Newest       string // addresses; "" for none
	Older        string
	NobodyCalled bool // whether there is nothing that Query.Of names
}

func (s *Section) showEvents(v *web.Visit) (web.Reply, error) {
	q, ok := readEvents(v.Request.URL.Query())
	if !ok || (q.Type != "" && !s.Events.Known(q.Type)) {
		return web.Reply{}, web.ErrNoSuchFilter
	}
	view := eventsView{Query: q, Types: s.Events.Types()}
	var err error
	if view.Head, err = s.Events.Head(v.Context()); err != nil {
		return web.Reply{}, err
	}
	wanted := feed.EventQuery{Upto: view.Head, Last: true}
	if q.Before > 0 {
		wanted.Upto = min(wanted.Upto, q.Before-1)
		view.Newest = eventsQuery{Type: q.Type, Of: q.Of}.address()
	}
	if q.Type != "" {
		wanted.Types = []string{q.Type}
	}
	if wanted.Stream, err = s.streamOf(v, q.Of); errors.Is(err, domain.ErrNotFound) {
		view.NobodyCalled = true
		return web.Show("Audit log", eventsPageOf(view)), nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	sieved := q.Type != "" && wanted.Stream == uuid.Nil
	if sieved {
		wanted.After = max(wanted.Upto-sievedMost, 0)
	}
	if view.Events, err = s.Events.Select(v.Context(), wanted, eventsPage+1); err != nil {
		return web.Reply{}, err
	}
	slices.Reverse(view.Events)
	if sieved && wanted.After > 0 {
		view.Older = eventsQuery{Type: q.Type, Of: q.Of, Before: wanted.After + 1}.address()
	}
	if len(view.Events) > eventsPage {
		view.Events = view.Events[:eventsPage]
		view.Older = eventsQuery{Type: q.Type, Of: q.Of, Before: view.Events[eventsPage-1].Position}.address()
	}
	return web.Show("Audit log", eventsPageOf(view)), nil
}

// streamOf returns the id of what somebody names in words: a ticket by its
// number, a person by their name, and anything by its id.
func (s *Section) streamOf(v *web.Visit, of string) (uuid.UUID, error) {
	if of == "" {
		return uuid.Nil, nil
	}
	if id, err := uuid.Parse(of); err == nil {
		return id, nil
	}
	if number, err := strconv.ParseInt(strings.TrimPrefix(of, "#"), 10, 64); err == nil {
		t, err := s.Tickets.Ticket(v.Context(), v.Actor, ticket.Ref{Number: number})
		return t.ID, err
	}
	account, err := s.Accounts.Find(v.Context(), of)
	return account.ID.UUID, err
}

// pretty writes JSON for people, as it is where it is none.
func pretty(data []byte) string {
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return string(data)
	}
	return b.String()
}

// actorWord returns who caused an event.
func actorWord(a view.Actor) string {
	switch {
	case a.Username != nil:
		return *a.Username
	case a.ID != nil:
		return a.ID.String()
	}
	return string(a.Kind)
}

// chosenType reports whether a type is that of the form.
func (v eventsView) chosenType(name string) bool { return v.Query.Type == name }

// families are the stored names of events by what they are of.
func (v eventsView) families() (names [][]string) {
	for _, name := range v.Types {
		of, _, _ := strings.Cut(name, ".")
		last := len(names) - 1
		if last >= 0 && strings.HasPrefix(names[last][0], of+".") {
			names[last] = append(names[last], name)
			continue
		}
		names = append(names, []string{name})
	}
	return slices.Clip(names)
}

func familyOf(name string) string {
	of, _, _ := strings.Cut(name, ".")
	return of
}
