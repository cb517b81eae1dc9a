package queue

import (
	"errors"
	"fmt"
	"slices"
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

// bulkOutcome is what became of a bulk action.
type bulkOutcome struct {
	Results []bulkResult
	Verb    string   // what was done to tickets, in a word
	Undo    []string // those that were deleted; see [web.Undo]
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

// bulk does one thing to many tickets, one after the other, each by itself. It leads to
// the list, which shows what became of each: submitted again, it acts on none twice.
func (s *Section) bulk(v *web.Visit) (web.Reply, error) {
	q := readQueue(v.Request.URL.Query())
	all, err := s.selected(v)
	if err == nil && v.Form.Get("do") == "delete" && v.Actor.Admin() && !v.Form.Checked("sure") {
		return web.Redirect(q.deletingAddress(v.Form.Values["ticket"])), nil
	}
	var out bulkOutcome
	if err == nil {
		out, err = s.bulkAll(v, all)
	}
	if f := web.FaultOf(err); f != nil {
		r, err := s.queue(v, queueView{Query: q, Outcome: bulkOutcome{Results: []bulkResult{{Message: f.Message}}, Verb: updated}, Sent: v.Form})
		return r.With(f), err
	}
	if err != nil {
		return web.Reply{}, err
	}
	s.leave(v, out)
	return web.Redirect(q.address()), nil
}

// selected is a ticket that a bulk action is for.
type selected struct {
	Value   string // in the form
	Number  int64
	Version int
	Title   string // "" where it can't be seen
}

func (s *Section) selected(v *web.Visit) ([]selected, error) {
	return s.look(v, v.Form.Values["ticket"])
}

// look returns the tickets that a form or an address names.
func (s *Section) look(v *web.Visit, values []string) ([]selected, error) {
	switch {
	case len(values) == 0:
		return nil, errNothingSelected
	case len(values) > bulkMost:
		return nil, web.ErrForm
	}
	all := make([]selected, len(values))
	for i, value := range values {
		number, version, ok := parseSelected(value)
		if !ok {
			return nil, web.ErrForm
		}
		all[i] = selected{Value: value, Number: number, Version: version}
		if t, err := s.Read.Ticket(v.Context(), v.Actor, ticket.Ref{Number: number}); err == nil {
			all[i].Title = web.TitleOf(t.Title)
		}
	}
	return all, nil
}

// deleting is the page that asks before tickets are deleted.
type deleting struct {
	Tickets       []selected
	Command       string
	Address, Back string
}

// deletingAddress is that of the page that asks before tickets are deleted.
func (q queueQuery) deletingAddress(tickets []string) string {
	values := q.values()
	values.Set(paramTicket, strings.Join(tickets, ",")) // addresses take few parameters
	return web.BulkPath + "delete/?" + values.Encode()
}

const paramTicket = "ticket"

func (s *Section) askToDelete(v *web.Visit) (web.Reply, error) {
	q := readQueue(v.Request.URL.Query())
	all, err := s.look(v, strings.Split(v.Request.URL.Query().Get(paramTicket), ","))
	if err != nil {
		return web.Redirect(q.address()), nil
	}
	if !v.Actor.Admin() {
		return web.Reply{}, domain.ErrForbidden
	}
	return web.Show("Delete tickets", deletingPage(deleting{
		Tickets: all, Command: web.NewCommand(), Address: q.bulkAddress(), Back: q.address(),
	})), nil
}

// ticked reports whether a ticket is among those of a bulk action that was refused.
func (q queueView) ticked(number int64) bool {
	return slices.ContainsFunc(q.Sent.Values["ticket"], func(value string) bool {
		n, _, ok := parseSelected(value)
		return ok && n == number
	})
}

func (s *Section) bulkAll(v *web.Visit, all []selected) (out bulkOutcome, err error) {
	action, err := s.bulkAction(v)
	if err != nil {
		return out, err
	}
	out = bulkOutcome{Results: make([]bulkResult, len(all)), Verb: action.verb}
	operations := make([]commands.Operation, len(all))
	for i, one := range all {
		id, err := v.CommandID(one.Value)
		if err != nil {
			return out, err
		}
		operations[i] = commands.Operation{ID: id, Ticket: strconv.FormatInt(one.Number, 10), IfMatch: one.Version, Command: action.command}
		out.Results[i] = bulkResult{Number: one.Number, Title: one.Title}
	}
	outcomes, _, err := s.App.Bulk(v.Context(), v.ID, operations, false)
	if err != nil {
		return out, err
	}
	for i, done := range outcomes {
		if err := out.Results[i].become(done.Err, action.did); err != nil {
			return out, err
		}
		v.Wrote(done.Position)
		if done.Err == nil && action.verb == deleted {
			out.Undo = append(out.Undo, fmt.Sprintf("%d:%d", all[i].Number, done.Version))
		}
	}
	return out, nil
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

// What is done to tickets, in a word.
const (
	updated  = "updated"
	deleted  = "deleted"
	restored = "restored"
)

// bulkAction is what a form asks for, and how a success is told.
type bulkAction struct {
	command   ticket.Command
	did, verb string
}

func (s *Section) bulkAction(v *web.Visit) (bulkAction, error) {
	by := ticket.By{Actor: v.Actor}
	what, to, _ := strings.Cut(v.Form.Get("do"), ":")
	switch what {
	case "take":
		return bulkAction{ticket.AssignTicket{By: by, To: ticket.Assignee{ID: v.Actor.ID, ActiveStaff: true}}, "Assigned to you.", updated}, nil
	case "unassign":
		return bulkAction{ticket.AssignTicket{By: by}, "Unassigned.", updated}, nil
	case "assign":
		to, err := s.assignee(v)
		return bulkAction{ticket.AssignTicket{By: by, To: to.To}, "Assigned to " + to.Name + ".", updated}, err
	case "status":
		return bulkAction{ticket.ChangeStatus{By: by, To: ticket.Status(to)}, web.Sentence(web.StatusWord(ticket.Status(to))), updated}, nil
	case "priority":
		p := ticket.Priority(to)
		return bulkAction{ticket.EditTicket{By: by, Priority: &p}, web.Sentence(string(p) + " priority"), updated}, nil
	case "delete":
		return bulkAction{ticket.DeleteTicket{By: by}, "Deleted.", deleted}, nil
	case "restore":
		return bulkAction{ticket.RestoreTicket{By: by}, "Restored.", restored}, nil
	}
	return bulkAction{}, errNoAction
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
func (o bulkOutcome) tally() string {
	done := 0
	for _, r := range o.Results {
		if r.Done {
			done++
		}
	}
	switch {
	case done == len(o.Results):
		return web.Plural(done, "ticket", "tickets") + " " + o.Verb
	case done == 0:
		return "No ticket was " + o.Verb
	}
	return strconv.Itoa(done) + " of " + web.Plural(len(o.Results), "ticket", "tickets") + " " + o.Verb
}
