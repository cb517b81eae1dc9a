package web

import (
	"errors"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
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
	errNothingTicked = &domain.Error{Kind: domain.KindInvalid, Code: "required", Message: "tick at least one ticket first"}
	errNoAction      = &domain.Error{Kind: domain.KindInvalid, Code: "required", Message: "choose what to do"}
)

// bulkMost is how many tickets one action is for at most, as in the API.
const bulkMost = 100

// bulk does one thing to many tickets, one after the other, each by itself. It
// answers the list with what became of each: sent again, it acts on none twice.
func (s *Site) bulk(v *Visit) (reply, error) {
	q := readQueue(v.Request.URL.Query())
	results, err := s.bulkAll(v)
	if f := faultOf(err); f != nil {
		return s.queue(v, q, []bulkResult{{Message: f.message}}, nil)
	}
	if err != nil {
		return reply{}, err
	}
	return s.queue(v, q, results, nil)
}

func (s *Site) bulkAll(v *Visit) ([]bulkResult, error) {
	ticked := v.form["ticket"]
	switch {
	case len(ticked) == 0:
		return nil, errNothingTicked
	case len(ticked) > bulkMost:
		return nil, errForm
	}
	command, did, err := s.bulkCommand(v)
	if err != nil {
		return nil, err
	}
	results := make([]bulkResult, len(ticked))
	for i, one := range ticked {
		if results[i], err = s.bulkOne(v, one, command, did); err != nil {
			return nil, err
		}
	}
	if v.position > 0 {
		v.arrive(v.position)
	}
	return results, nil
}

// bulkOne does it to one ticket, named as "<number>:<version>".
func (s *Site) bulkOne(v *Visit, ticked string, command ticket.Command, did string) (bulkResult, error) {
	number, version, ok := parseTicked(ticked)
	id, err := v.commandID(ticked)
	if !ok || err != nil {
		return bulkResult{}, errForm
	}
	r := bulkResult{Number: number}
	t, err := s.Read.Ticket(v.ctx(), v.Actor, projections.TicketRef{Number: number})
	if err == nil {
		r.Title = t.Title
		var out commands.Outcome
		out, err = v.once(commands.Request{ID: id, IfMatch: version}, func(cr commands.Request) (commands.Outcome, error) {
			return s.Tickets.Do(v.ctx(), cr, ticket.ID{UUID: t.ID}, command)
		})
		v.position = max(v.position, out.Position)
	}
	var rule *domain.Error
	switch {
	case err == nil:
		r.Done, r.Message = true, did
	case errors.Is(err, domain.ErrStale):
		r.Message = "Somebody changed it since you loaded the list: look at it first."
	case errors.As(err, &rule):
		r.Message = sentence(rule.Message)
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
func (s *Site) bulkCommand(v *Visit) (c ticket.Command, did string, err error) {
	by := ticket.By{Actor: v.Actor}
	what, to, _ := strings.Cut(v.form.Get("do"), ":")
	switch what {
	case "take":
		return ticket.AssignTicket{By: by, To: ticket.Assignee{ID: v.Actor.ID, ActiveStaff: true}}, "Yours now.", nil
	case "unassign":
		return ticket.AssignTicket{By: by}, "Assigned to nobody.", nil
	case "assign":
		assignee, name, err := s.assignee(v, v.field("assignee"))
		return ticket.AssignTicket{By: by, To: assignee}, "Assigned to " + name + ".", err
	case "status":
		return ticket.ChangeStatus{By: by, To: ticket.Status(to)}, sentence(statusWord(ticket.Status(to))), nil
	case "priority":
		p := ticket.Priority(to)
		return ticket.EditTicket{By: by, Priority: &p}, sentence(string(p) + " priority"), nil
	case "delete":
		return ticket.DeleteTicket{By: by}, "Deleted.", nil
	}
	return nil, "", errNoAction
}

// assignee returns whom a field of a form names, and their name.
func (s *Site) assignee(v *Visit, name string) (ticket.Assignee, string, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return ticket.Assignee{}, "", domain.ErrRequired.With("name somebody to assign to").On("assignee")
	}
	account, err := s.Accounts.Find(v.ctx(), name)
	if errors.Is(err, domain.ErrNotFound) {
		return ticket.Assignee{ID: domain.UserID{UUID: uuid.New()}}, "", domain.ErrUnknown.With("nobody is called %s", name).On("assignee")
	}
	return ticket.Assignee{ID: account.ID, ActiveStaff: account.ActiveStaff()}, account.Username, err
}
