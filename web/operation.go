package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/projections/view"
)

// Where the pages of operation are.
const (
	operationPath  = Root + "operation/"
	escalationPath = operationPath + "escalation/"
	emailsPath     = operationPath + "emails/"
	failedPath     = operationPath + "failed/"
	modelsPath     = operationPath + "models/"
)

func (s *Site) showOperation(*Visit) (reply, error) { return redirect(escalationPath), nil }

// operationTabs are the links between the pages of operation, with how much
// wants somebody's look.
func (s *Site) operationTabs(v *Visit, current string) ([]tab, error) {
	emails, err := s.Ledger.CountEmails(v.ctx(), countMost)
	if err != nil {
		return nil, err
	}
	_, failed, err := s.FailedCommands.First(v.ctx(), 0)
	if err != nil {
		return nil, err
	}
	_, events, err := s.FailedEvents.First(v.ctx(), 0)
	if err != nil {
		return nil, err
	}
	for _, n := range events {
		failed += n
	}
	all := []tab{
		{Label: "Escalation", To: escalationPath},
		{Label: "Emails", To: emailsPath, Count: some(emails[email.StatusFailed] + emails[email.StatusUncertain])},
		{Label: "Failed", To: failedPath, Count: some(int(failed))},
		{Label: "Read models", To: modelsPath},
	}
	for i, t := range all {
		all[i].Current = t.To == current
	}
	return all, nil
}

// some writes how many there are, nothing for none.
func some(n int) string {
	switch {
	case n == 0:
		return ""
	case n >= countMost:
		return strconv.Itoa(countMost-1) + "+"
	}
	return strconv.Itoa(n)
}

// escalationView is what is to escalate, and when things do.
type escalationView struct {
	Tabs  []tab
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

func (s *Site) showEscalation(v *Visit) (reply, error) {
	place := v.Request.URL.Query().Get("after")
	after, afterID, ok := parsePlace(place)
	if !ok {
		return reply{}, errNoSuchFilter
	}
	view := escalationView{First: place == ""}
	var err error
	if view.Tabs, err = s.operationTabs(v, escalationPath); err != nil {
		return reply{}, err
	}
	if view.Spans, err = s.Escalations.Spans(v.ctx()); err != nil {
		return reply{}, err
	}
	pending, err := s.Escalations.Pending(v.ctx(), after, afterID, timersPage+1)
	if err != nil {
		return reply{}, err
	}
	if len(pending) > timersPage {
		pending = pending[:timersPage]
		last := pending[timersPage-1]
		view.Next = addressOf(escalationPath, "after", stamp(last.DueAt)+"_"+last.ID.String())
	}
	view.Rows, err = s.timerRows(v, pending)
	return show("Escalation", escalationPageOf(view)), err
}

func (s *Site) timerRows(v *Visit, pending []Timer) (rows []timerRow, err error) {
	ids := make([]uuid.UUID, len(pending))
	for i, t := range pending {
		ids[i] = t.TicketID
	}
	tickets, err := s.Lookup.TicketsByID(v.ctx(), v.Actor, ids)
	for _, t := range pending {
		row := timerRow{Timer: t, Soon: t.DueAt.Sub(s.now()) < soon}
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

// priorities are all of them, the most urgent first.
func priorities() []ticket.Priority { return []ticket.Priority{ticket.High, ticket.Medium, ticket.Low} }

// pathID is the id that the path names.
func (v *Visit) pathID() (uuid.UUID, error) {
	id, err := uuid.Parse(v.param("id"))
	if err != nil {
		return id, domain.ErrNotFound
	}
	return id, nil
}
