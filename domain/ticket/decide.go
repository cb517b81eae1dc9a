package ticket

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"helpdesk/domain"
)

// Decide returns the events that carry out c on a ticket in state s: none when
// what is asked for is so already. It refuses with a [*domain.Error]: NotFound
// where the actor can't see the ticket, Forbidden where its role may never do
// this, Invalid for a value out of shape, Rejected where a rule says no.
func Decide(s State, c Command) ([]domain.Event, error) {
	switch c := c.(type) {
	case OpenTicket:
		return open(s, c)
	case RedactText:
		return redact(s, c)
	case RestoreTicket:
		return restore(s, c)
	}
	if !s.VisibleTo(c.ActedBy()) {
		return nil, domain.ErrNotFound
	}
	switch c := c.(type) {
	case EditTicket:
		return edit(s, c)
	case ChangeStatus:
		return changeStatus(s, c)
	case EscalateOverdue:
		return escalateOverdue(s, c)
	case AssignTicket:
		return assign(s, c.Actor, c.To)
	case TakeBack:
		return takeBack(s, c)
	case AddComment:
		return addComment(s, c)
	case EditComment:
		return editComment(s, c)
	case RemoveComment:
		return removeComment(s, c)
	case DeleteTicket:
		if err := s.mayDelete(c.Actor); err != nil {
			return nil, err
		}
		return []domain.Event{Deleted{}}, nil
	}
	panic(fmt.Sprintf("ticket: no rule for command %T", c))
}

func open(s State, c OpenTicket) ([]domain.Event, error) {
	if s.Exists || s.Deleted {
		return nil, ErrDuplicate
	}
	if !writes(c.Actor) || (c.Exempt && !c.Actor.Trusted()) {
		return nil, domain.ErrForbidden
	}
	requester := c.CreatedBy
	if requester.IsZero() {
		requester = c.Actor.ID
	}
	if requester != c.Actor.ID && !works(c.Actor) {
		return nil, domain.ErrForbidden.With("only agents and admins open tickets for others").On("created_by")
	}
	title, err := domain.Line("title", c.Title, TitleMax)
	if err != nil {
		return nil, err
	}
	description, err := domain.Text("description", c.Description, DescriptionMax)
	if err != nil {
		return nil, err
	}
	priority := c.Priority
	if priority == "" {
		priority = Low
	}
	if priority.Rank() == 0 {
		return nil, domain.ErrEnum.On("priority")
	}
	events := []domain.Event{Opened{
		Number: c.Number, Title: title, Description: description, Priority: priority,
		CreatedBy: requester, OpenedBy: c.Actor.ID,
	}}
	if c.Exempt {
		events = append(events, Exempted{})
	}
	return events, nil
}

// edit decides each change by its own rule, in a fixed order, each on the
// state the one before left. Whoever writes may repeat a value that stands
// already, whatever the rule for changing it: a PUT carries every member, also
// those it leaves.
func edit(s State, c EditTicket) ([]domain.Event, error) {
	if !writes(c.Actor) {
		return nil, domain.ErrForbidden
	}
	if c.Status != nil && *c.Status == s.Status {
		c.Status = nil // what stands before is left, whatever comes of the assignee
	}
	if c.Status != nil && *c.Status == StatusInProgress && c.AssignedTo != nil && c.AssignedTo.ID.IsZero() && !s.AssignedTo.IsZero() {
		return nil, ErrUnassigned // who takes the assignee from a ticket does not begin it
	}
	var events []domain.Event
	for _, decide := range []func(State, EditTicket) ([]domain.Event, error){
		editTexts, editPriority, editAssignee, editStatus,
	} {
		more, err := decide(s, c)
		if err != nil {
			return nil, err
		}
		for _, e := range more {
			s = Evolve(s, e)
		}
		events = append(events, more...)
	}
	return events, nil
}

func editTexts(s State, c EditTicket) (events []domain.Event, err error) {
	if c.Title == nil && c.Description == nil {
		return nil, nil
	}
	title, description := s.Title, s.Description
	if c.Title != nil {
		if title, err = domain.Line("title", *c.Title, TitleMax); err != nil {
			return nil, err
		}
	}
	if c.Description != nil {
		if description, err = domain.Text("description", *c.Description, DescriptionMax); err != nil {
			return nil, err
		}
	}
	if title == s.Title && description == s.Description {
		return nil, nil
	}
	if err := s.mayEdit(c.Actor); err != nil {
		return nil, err
	}
	if title != s.Title {
		events = append(events, Retitled{Title: title})
	}
	if description != s.Description {
		events = append(events, Described{Description: description})
	}
	return events, nil
}

func editPriority(s State, c EditTicket) ([]domain.Event, error) {
	if c.Priority == nil {
		return nil, nil
	}
	if c.Priority.Rank() == 0 {
		return nil, domain.ErrEnum.On("priority")
	}
	if *c.Priority == s.Priority {
		return nil, nil
	}
	if err := s.mayEdit(c.Actor); err != nil {
		return nil, err
	}
	return []domain.Event{Prioritised{Priority: *c.Priority}}, nil
}

func editAssignee(s State, c EditTicket) ([]domain.Event, error) {
	if c.AssignedTo == nil {
		return nil, nil
	}
	if c.AssignedTo.ID == s.AssignedTo {
		return nil, nil
	}
	events, err := assign(s, c.Actor, *c.AssignedTo)
	if len(events) > 1 && c.Status != nil && *c.Status != StatusOpen {
		events = events[:1] // it goes to another status than open
	}
	return events, err
}

func editStatus(s State, c EditTicket) ([]domain.Event, error) {
	if c.Status == nil {
		return nil, nil
	}
	if !c.Status.Valid() {
		return nil, domain.ErrEnum.On("status")
	}
	if *c.Status == s.Status {
		return nil, nil
	}
	return changeStatus(s, ChangeStatus{By: c.By, To: *c.Status})
}

func changeStatus(s State, c ChangeStatus) ([]domain.Event, error) {
	if err := mayChangeStatus(c.Actor, c.To); err != nil {
		return nil, err
	}
	reason, err := optional("reason", c.Reason, ReasonMax)
	if err != nil {
		return nil, err
	}
	if c.To == s.Status {
		return nil, nil
	}
	if !slices.Contains(transitions[s.Status], c.To) {
		return nil, ErrTransition.With("a ticket cannot go from %s to %s", s.Status, c.To).On("status")
	}
	switch c.To {
	case StatusOpen:
		return []domain.Event{Reopened{Reason: reason}}, nil
	case StatusInProgress:
		return start(s, c.Actor, reason)
	case StatusResolved:
		return []domain.Event{Resolved{Reason: reason}}, nil
	case StatusClosed:
		return []domain.Event{Closed{Reason: reason}}, nil
	default: // the table leads to no other
		return []domain.Event{Escalated{Reason: reason}}, nil
	}
}

// start begins work on a ticket. One that is unassigned is taken by who begins it: a
// ticket in progress is somebody's.
func start(s State, a domain.Actor, reason string) ([]domain.Event, error) {
	started := Started{Reason: reason}
	switch {
	case !s.AssignedTo.IsZero():
		return []domain.Event{started}, nil
	case !a.Role.Staff():
		return nil, ErrUnassigned
	}
	return []domain.Event{Assigned{AssignedTo: a.ID}, started}, nil
}

func escalateOverdue(s State, c EscalateOverdue) ([]domain.Event, error) {
	if !c.Actor.Trusted() {
		return nil, domain.ErrForbidden
	}
	if s.Opening != c.Opening || s.Priority != c.Priority || s.Escalated || !s.waits(c.Waiting) {
		return nil, nil
	}
	reason, err := optional("reason", c.Reason, ReasonMax)
	if err != nil {
		return nil, err
	}
	return []domain.Event{Escalated{Reason: reason, Silent: c.Silent}}, nil
}

// waits reports whether the ticket is in one of the statuses in which tickets wait. One
// in progress without an assignee, as older programs left them, waits as an open one.
func (s State) waits(in []Status) bool {
	return slices.Contains(in, s.Status) || slices.Contains(in, WaitsAs(s.Status, !s.AssignedTo.IsZero()))
}

// WaitsAs returns the status as which a ticket waits: open where it is in progress and
// unassigned, else the one it is in.
func WaitsAs(in Status, assigned bool) Status {
	if in == StatusInProgress && !assigned {
		return StatusOpen
	}
	return in
}

func optional(field, s string, max int) (string, error) {
	text, err := domain.Text(field, s, max)
	if errors.Is(err, domain.ErrRequired) {
		return "", nil
	}
	return text, err
}

func assign(s State, a domain.Actor, to Assignee) ([]domain.Event, error) {
	if err := s.mayAssign(a, to.ID); err != nil {
		return nil, err
	}
	if to.ID == s.AssignedTo {
		return nil, nil
	}
	if to.ID.IsZero() {
		return s.unassign(), nil
	}
	if !to.ActiveStaff {
		return nil, ErrAssignee
	}
	return []domain.Event{Assigned{AssignedTo: to.ID}}, nil
}

func takeBack(s State, c TakeBack) ([]domain.Event, error) {
	if !c.Actor.Trusted() {
		return nil, domain.ErrForbidden
	}
	if s.AssignedTo.IsZero() || s.AssignedTo != c.From || !s.Status.Active() {
		return nil, nil
	}
	return s.unassign(), nil
}

// unassign takes the ticket from its assignee. Nobody is at work on it then.
func (s State) unassign() []domain.Event {
	if s.Status == StatusInProgress {
		return []domain.Event{Unassigned{}, Returned{}}
	}
	return []domain.Event{Unassigned{}}
}

func addComment(s State, c AddComment) ([]domain.Event, error) {
	if err := mayComment(c.Actor, c.Internal); err != nil {
		return nil, err
	}
	text, err := domain.Text("text", c.Text, CommentMax)
	if err != nil {
		return nil, err
	}
	if _, ok := s.Comments[c.CommentID]; ok {
		return nil, ErrDuplicate.With("a comment with this id exists already")
	}
	added := CommentAdded{CommentID: c.CommentID, Author: c.Actor.ID, Text: text, Internal: c.Internal, AddedAt: c.Now}
	if c.Internal || c.Actor.ID != s.CreatedBy || s.Status.Active() {
		return []domain.Event{added}, nil
	}
	switch {
	case slices.Contains(c.Reopens, s.Status):
		return []domain.Event{added, Reopened{CommentID: c.CommentID}}, nil
	case s.Status == StatusClosed:
		return nil, ErrClosed
	}
	return []domain.Event{added}, nil
}

func editComment(s State, c EditComment) ([]domain.Event, error) {
	comment, err := s.changeable(c.Actor, c.CommentID, c.Now)
	if err != nil {
		return nil, err
	}
	text, err := domain.Text("text", c.Text, CommentMax)
	if err != nil || text == comment.Text {
		return nil, err
	}
	return []domain.Event{CommentEdited{CommentID: c.CommentID, Text: text, Internal: comment.Internal}}, nil
}

func removeComment(s State, c RemoveComment) ([]domain.Event, error) {
	comment, err := s.changeable(c.Actor, c.CommentID, c.Now)
	if err != nil {
		return nil, err
	}
	return []domain.Event{CommentRemoved{CommentID: c.CommentID, Internal: comment.Internal}}, nil
}

// changeable returns the comment when the actor may edit or remove it.
func (s State) changeable(a domain.Actor, id CommentID, now time.Time) (Comment, error) {
	c, ok := s.Comments[id]
	switch {
	case !ok, c.Internal && !SeesInternal(a):
		return Comment{}, domain.ErrNotFound
	case a.Admin():
		return c, nil
	case !writes(a), c.Author != a.ID, c.Internal && !works(a):
		return Comment{}, domain.ErrForbidden
	case a.Role == domain.RoleUser && now.Sub(c.AddedAt) > UserEditWindow:
		return Comment{}, domain.ErrTooLate.With("a comment can be changed for %d minutes", int(UserEditWindow.Minutes()))
	}
	return c, nil
}
