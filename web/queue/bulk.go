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
}

// Refusals of a bulk action as a whole.
var (
	errNothingSelected = &domain.Error{Kind: domain.KindInvalid, Code: "required", Message: "select at least one ticket"}
	errNoAction        = &domain.Error{Kind: domain.KindInvalid, Code: "required", Message: "choose an action"}
)

// bulkMost is how many tickets one action is for at most, as in the API.
const bulkMost = 100

// bulk does one thing to many tickets, one after the other, each by itself. It
// shows the list with what became of each: submitted again, it acts on none twice.
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
	selected := v.Form.Values["ticket"]
	switch {
	case len(selected) == 0:
		return nil, errNothingSelected
	case len(selected) > bulkMost:
		return nil, web.ErrForm
	}
	command, did, err := s.bulkCommand(v)
	if err != nil {
		return nil, err
	}
	operations, results := make([]commands.Operation, len(selected)), make([]bulkResult, len(selected))
	for i, one := range selected {
		number, version, ok := parseSelected(one)
		id, err := v.CommandID(one)
		if !ok || err != nil {
			return nil, web.ErrForm
		}
		operations[i] = commands.Operation{ID: id, Ticket: strconv.FormatInt(number, 10), IfMatch: version, Command: command}
		results[i].Number = number
		if t, err := s.Read.Ticket(v.Context(), v.Actor, ticket.Ref{Number: number}); err == nil {
			results[i].Title = t.Title
		}
	}
	outcomes, _, err := s.App.Bulk(v.Context(), v.ID, operations, false)
	if err != nil {
		return nil, err
	}
	var reached int64
	for i, out := range outcomes {
		if err := results[i].become(out.Err, did); err != nil {
			return nil, err
		}
		reached = max(reached, out.Position)
	}
	v.Wrote(reached)
	return results, nil
}

// become sets what became of a ticket: did, when nothing kept it. It returns an
// error that is about no ticket.
func (r *bulkResult) become(err error, did string) error {
	var rule *domain.Error
	switch {
	case err == nil:
		r.Done, r.Message = true, did
	case errors.Is(err, domain.ErrStale):
		r.Message = "It has changed since you loaded the list. Review it, then try again."
	case errors.As(err, &rule):
		r.Message = web.Sentence(rule.Message)
	default:
		return err
	}
	return nil
}

func parseSelected(selected string) (number int64, version int, ok bool) {
	a, b, _ := strings.Cut(selected, ":")
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
		to, err := s.assignee(v)
		return ticket.AssignTicket{By: by, To: to.To}, "Assigned to " + to.Name + ".", err
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

// assignee looks up whom the form names.
func (s *Section) assignee(v *web.Visit) (commands.Assigning, error) {
	name := v.Form.Text("assignee")
	if strings.TrimSpace(name) == "" {
		return commands.AssignNobody(), domain.ErrRequired.With("enter a username").On("assignee")
	}
	to, err := s.App.AssigneeNamed(v.Context(), name)
	if err == nil && !to.Known() {
		err = web.NoUser(name, "assignee")
	}
	return to, err
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
