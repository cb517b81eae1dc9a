package queue

import (
	"errors"
	"strconv"
	"strings"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/web"
)

// bulkForm is what can be done to many tickets at once, by those who may.
type bulkForm struct {
	Assigns bool // to anybody
	Deletes bool
}

// bulkFor returns what the actor may do to tickets in general, nil for nothing.
// Of each ticket the rules decide when it is asked.
func bulkFor(a domain.Actor) *bulkForm {
	if !a.Role.Staff() {
		return nil
	}
	return &bulkForm{Assigns: a.Admin(), Deletes: a.Admin()}
}

// bulkResult is what became of one ticket of a bulk action.
type bulkResult struct {
	Number  int64
	Title   string
	Done    bool
	Message string

	position int64 // of what was written
}

// Refusals of a bulk action as a whole.
var (
	errNothingTicked = &domain.Error{Kind: domain.KindInvalid, Code: "required", Message: "select at least one ticket"}
	errNoAction      = &domain.Error{Kind: domain.KindInvalid, Code: "required", Message: "choose an action"}
)

// bulkMost is how many tickets one action is for at most, as in the API.
const bulkMost = 100

// bulk does one thing to many tickets, one after the other, each by itself. It
// answers the list with what became of each: sent again, it acts on none twice.
func (s *Section) bulk(v *web.Visit) (web.Reply, error) {
	q := readQueue(v.Request.URL.Query())
	results, err := s.bulkAll(v)
	if f := web.FaultOf(err); f != nil {
		return s.queue(v, q, []bulkResult{{Message: f.Message}}, nil)
	}
	if err != nil {
		return web.Reply{}, err
	}
	return s.queue(v, q, results, nil)
}

func (s *Section) bulkAll(v *web.Visit) ([]bulkResult, error) {
	ticked := v.Form.Values["ticket"]
	switch {
	case len(ticked) == 0:
		return nil, errNothingTicked
	case len(ticked) > bulkMost:
		return nil, web.ErrForm
	}
	command, did, err := s.bulkCommand(v)
	if err != nil {
		return nil, err
	}
	results, reached := make([]bulkResult, len(ticked)), int64(0)
	for i, one := range ticked {
		if results[i], err = s.bulkOne(v, one, command, did); err != nil {
			return nil, err
		}
		reached = max(reached, results[i].position)
	}
	if reached > 0 {
		v.Arrive(reached)
	}
	return results, nil
}

// bulkOne does it to one ticket, named as "<number>:<version>".
func (s *Section) bulkOne(v *web.Visit, ticked string, command ticket.Command, did string) (bulkResult, error) {
	number, version, ok := parseTicked(ticked)
	id, err := v.CommandID(ticked)
	if !ok || err != nil {
		return bulkResult{}, web.ErrForm
	}
	r := bulkResult{Number: number}
	t, err := s.Read.Ticket(v.Context(), v.Actor, ticket.Ref{Number: number})
	if err == nil {
		r.Title = t.Title
		var out commands.Outcome
		out, err = v.Once(commands.Request{ID: id, IfMatch: version}, func(cr commands.Request) (commands.Outcome, error) {
			return s.Tickets.Do(v.Context(), cr, ticket.ID{UUID: t.ID}, command)
		})
		r.position = out.Position
	}
	var rule *domain.Error
	switch {
	case err == nil:
		r.Done, r.Message = true, did
	case errors.Is(err, domain.ErrStale):
		r.Message = "It has changed since you loaded the list. Review it, then try again."
	case errors.As(err, &rule):
		r.Message = web.Sentence(rule.Message)
	default:
		return r, err
	}
	return r, nil
}

func parseTicked(ticked string) (number int64, version int, ok bool) {
	a, b, _ := strings.Cut(ticked, ":")
	number, err := strconv.ParseInt(a, 10, 64)
	version, err2 := strconv.Atoi(b)
	return number, version, err == nil && err2 == nil && number > 0 && version > 0
}

// bulkCommand returns what the form asks for, and how a success is told.
func (s *Section) bulkCommand(v *web.Visit) (c ticket.Command, did string, err error) {
	by := ticket.By{Actor: v.Actor}
	what, to, _ := strings.Cut(v.Form.Get("do"), ":")
	switch what {
	case "take":
		return ticket.AssignTicket{By: by, To: ticket.Assignee{ID: v.Actor.ID, ActiveStaff: true}}, "Assigned to you.", nil
	case "unassign":
		return ticket.AssignTicket{By: by}, "Unassigned.", nil
	case "assign":
		assignee, name, err := v.Assignee(s.Accounts)
		return ticket.AssignTicket{By: by, To: assignee}, "Assigned to " + name + ".", err
	case "status":
		return ticket.ChangeStatus{By: by, To: ticket.Status(to)}, web.Sentence(web.StatusWord(ticket.Status(to))), nil
	case "priority":
		p := ticket.Priority(to)
		return ticket.EditTicket{By: by, Priority: &p}, web.Sentence(string(p) + " priority"), nil
	case "delete":
		return ticket.DeleteTicket{By: by}, "Deleted.", nil
	}
	return nil, "", errNoAction
}

// tally sums up what became of a bulk action.
func tally(results []bulkResult) string {
	done := 0
	for _, r := range results {
		if r.Done {
			done++
		}
	}
	switch {
	case done == len(results):
		return web.Plural(done, "ticket", "tickets") + " updated"
	case done == 0:
		return "No ticket was updated"
	}
	return strconv.Itoa(done) + " of " + web.Plural(len(results), "ticket", "tickets") + " updated"
}
