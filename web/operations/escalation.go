package operations

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/projections/view"
	"helpdesk/web"
)

// Where the pages of operation are.
const (
	operationPath  = web.Root + "system/"
	escalationPath = operationPath + "escalations/"
	emailsPath     = operationPath + "emails/"
	failedPath     = operationPath + "failed/"
)

func (s *Section) showOperation(*web.Visit) (web.Reply, error) {
	return web.Redirect(escalationPath), nil
}

// operationTabs are the links between the pages of operation, with how much
// needs attention.
func (s *Section) operationTabs(v *web.Visit, current string) ([]web.Tab, error) {
	emails, err := s.Ledger.CountEmails(v.Context(), web.CountMost)
	if err != nil {
		return nil, err
	}
	_, failed, err := s.FailedCommands.First(v.Context(), 0)
	if err != nil {
		return nil, err
	}
	_, events, err := s.FailedEvents.First(v.Context(), 0)
	if err != nil {
		return nil, err
	}
	for _, n := range events {
		failed += n
	}
	wanted := 0
	for _, status := range attention {
		wanted += emails[status]
	}
	all := []web.Tab{
		{Label: "Escalations", To: escalationPath},
		{Label: "Email notifications", To: emailsPath, Count: web.CountOf(wanted)},
		{Label: "Failed", To: failedPath, Count: web.CountOf(int(failed))},
		{Label: "Projections", To: web.ProjectionsPath},
	}
	for i, t := range all {
		all[i].Current = t.To == current
	}
	return all, nil
}

// escalationView is what is to escalate, and when things do.
type escalationView struct {
	Tabs  []web.Tab
	Spans Spans
	Rows  []timerRow
	First bool   // whether this is the beginning of the list
	Next  string // address; "" for none
}

// timerRow is a timer with its ticket.
type timerRow struct {
	Timer
	Ticket *view.Ticket // nil: it was deleted, or is not readable yet
	Soon   bool
}

// timersPage is how many timers a page lists.
const timersPage = 40

func (s *Section) showEscalation(v *web.Visit) (web.Reply, error) {
	place := v.Request.URL.Query().Get("after")
	after, afterID, ok := parsePlace(place)
	if !ok {
		return web.Reply{}, web.ErrNoSuchFilter
	}
	view := escalationView{First: place == ""}
	var err error
	if view.Tabs, err = s.operationTabs(v, escalationPath); err != nil {
		return web.Reply{}, err
	}
	if view.Spans, err = s.Escalations.Spans(v.Context()); err != nil {
		return web.Reply{}, err
	}
	pending, err := s.Escalations.Pending(v.Context(), after, afterID, timersPage+1)
	if err != nil {
		return web.Reply{}, err
	}
	if len(pending) > timersPage {
		pending = pending[:timersPage]
		last := pending[timersPage-1]
		view.Next = web.Address(escalationPath, "after", web.Stamp(last.DueAt)+"_"+last.ID.String())
	}
	view.Rows, err = s.timerRows(v, pending)
	return web.Show("Escalations", escalationPageOf(view)), err
}

func (s *Section) timerRows(v *web.Visit, pending []Timer) (rows []timerRow, err error) {
	ids := make([]uuid.UUID, len(pending))
	for i, t := range pending {
		ids[i] = t.TicketID
	}
	tickets, err := s.Tickets.TicketsByID(v.Context(), v.Actor, ids)
	for _, t := range pending {
		row := timerRow{Timer: t, Soon: t.DueAt.Sub(v.Now()) < web.DueSoon}
		if found, ok := tickets[t.TicketID]; ok {
			row.Ticket = &found
		}
		rows = append(rows, row)
	}
	return rows, err
}

// parsePlace reads where in the list of timers a page begins: "<instant>_<id>",
// or "" for its beginning.
func parsePlace(place string) (after time.Time, id uuid.UUID, ok bool) {
	if place == "" {
		return after, id, true
	}
	at, of, _ := strings.Cut(place, "_")
	after, err := time.Parse(time.RFC3339Nano, at)
	id, err2 := uuid.Parse(of)
	return after, id, err == nil && err2 == nil
}
