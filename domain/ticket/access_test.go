package ticket

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"helpdesk/domain"
)

// relation is how an actor stands to a ticket.
type relation string

const (
	own       relation = "their own"
	assigned  relation = "assigned to them"
	forOther  relation = "opened by them for another"
	unclaimed relation = "another's, unassigned"
	claimed   relation = "another's, assigned to a third"
)

var relations = []relation{own, assigned, forOther, unclaimed, claimed}

// viewers are the columns of API.md's table, an agent once a visibility, with
// the answer to its first row for each relation in the order of relations.
var viewers = []struct {
	name   string
	column int // of the table below
	actor  domain.Actor
	sees   string
}{
	{"a user", 0, domain.Actor{Role: domain.RoleUser}, "y n n n n"},
	{"an agent who sees what is assigned", 1, domain.Actor{Role: domain.RoleAgent, Visibility: domain.VisibleAssigned}, "y y y n n"},
	{"an agent of no stated visibility", 1, domain.Actor{Role: domain.RoleAgent}, "y y y n n"},
	{"an agent who sees the queue", 1, domain.Actor{Role: domain.RoleAgent, Visibility: domain.VisibleQueue}, "y y y y n"},
	{"an agent who sees all", 1, domain.Actor{Role: domain.RoleAgent, Visibility: domain.VisibleAll}, "y y y y y"},
	{"an admin", 2, domain.Actor{Role: domain.RoleAdmin}, "y y y y y"},
	{"an auditor", 3, domain.Actor{Role: domain.RoleAuditor}, "y y y y y"},
	{"a user's visibility is that of a user", 0, domain.Actor{Role: domain.RoleUser, Visibility: domain.VisibleAll}, "y n n n n"},
	{"somebody of no role", 3, domain.Actor{}, "n n n n n"},
}

// history returns a ticket the actor stands in that relation to, with a
// comment of theirs, a comment and a note of a third.
func (r relation) history(a domain.Actor) []domain.Event {
	o := opened()
	third := max.ID
	events := []domain.Event{}
	switch r {
	case own:
		o.CreatedBy, o.OpenedBy = a.ID, a.ID
	case assigned:
		events = append(events, Assigned{AssignedTo: a.ID})
	case forOther:
		o.OpenedBy = a.ID
	case claimed:
		events = append(events, Assigned{AssignedTo: third})
	}
	return append([]domain.Event{o}, events...)
}

var (
	mine    = said(first, domain.Actor{}, "mine")
	note    = CommentID{UUID: [16]byte{0: 3}}
	comment = CommentID{UUID: [16]byte{0: 4}}
)

// permissions is API.md's table below its first row: what each role may do to
// a ticket it sees. y: yes, n: 403, l: too late, x: 404, -: nothing to change.
var permissions = []struct {
	name  string
	cells string // user agent admin auditor
	when  func(a domain.Actor) Command
	since func(a domain.Actor) []domain.Event
}{
	{"edit the title", "y y y n", func(a domain.Actor) Command { return EditTicket{By: by(a), Title: ptr("new")} }, nil},
	{"edit the description", "y y y n", func(a domain.Actor) Command { return EditTicket{By: by(a), Description: ptr("new")} }, nil},
	{"edit the priority", "y y y n", func(a domain.Actor) Command { return EditTicket{By: by(a), Priority: ptr(High)} }, nil},
	{"edit the title once resolved", "l y y n", func(a domain.Actor) Command { return EditTicket{By: by(a), Title: ptr("new")} }, after(Resolved{})},
	{"edit the priority once closed", "l y y n", func(a domain.Actor) Command { return EditTicket{By: by(a), Priority: ptr(High)} }, after(Closed{})},
	{"start work", "n y y n", changing(StatusInProgress), nil},
	{"resolve", "n y y n", changing(StatusResolved), nil},
	{"escalate", "n y y n", changing(StatusEscalated), nil},
	{"close", "y y y n", changing(StatusClosed), nil},
	{"reopen", "y y y n", changing(StatusOpen), after(Resolved{})},
	{"reopen once closed", "y y y n", changing(StatusOpen), after(Closed{})},
	{"assign to another", "n n y n", func(a domain.Actor) Command {
		return AssignTicket{By: by(a), To: Assignee{ID: person(77), ActiveStaff: true}}
	}, nil},
	{"assign to themselves", "n y y n", func(a domain.Actor) Command {
		return AssignTicket{By: by(a), To: staff(a)}
	}, after(Unassigned{})},
	{"take over", "n y y n", func(a domain.Actor) Command {
		return AssignTicket{By: by(a), To: staff(a)}
	}, after(Assigned{AssignedTo: max.ID})},
	{"unassign another", "n n y n", func(a domain.Actor) Command { return AssignTicket{By: by(a)} }, after(Assigned{AssignedTo: max.ID})},
	{"unassign themselves", "n y y n", func(a domain.Actor) Command { return AssignTicket{By: by(a)} }, func(a domain.Actor) []domain.Event {
		return []domain.Event{Assigned{AssignedTo: a.ID}}
	}},
	{"delete", "y n y n", func(a domain.Actor) Command { return DeleteTicket{by(a)} }, after(Unassigned{})},
	{"delete once assigned", "l n y n", func(a domain.Actor) Command { return DeleteTicket{by(a)} }, after(Assigned{AssignedTo: max.ID})},
	{"delete once started", "l n y n", func(a domain.Actor) Command { return DeleteTicket{by(a)} }, after(Started{})},
	{"delete with comments of others", "l n y n", func(a domain.Actor) Command { return DeleteTicket{by(a)} }, after(said(comment, max, "we"))},
	{"comment", "y y y n", func(a domain.Actor) Command { return AddComment{By: by(a), CommentID: second, Text: "so", Now: noon} }, nil},
	{"write an internal note", "n y y n", func(a domain.Actor) Command {
		return AddComment{By: by(a), CommentID: second, Text: "so", Internal: true, Now: noon}
	}, nil},
	{"edit their own comment in time", "y y y n", func(a domain.Actor) Command {
		return EditComment{By: by(a), CommentID: first, Text: "new", Now: noon.Add(15 * time.Minute)}
	}, saying},
	{"edit their own comment later", "l y y n", func(a domain.Actor) Command {
		return EditComment{By: by(a), CommentID: first, Text: "new", Now: noon.Add(time.Hour)}
	}, saying},
	{"edit another's comment", "n n y n", func(a domain.Actor) Command {
		return EditComment{By: by(a), CommentID: comment, Text: "new", Now: noon}
	}, after(said(comment, max, "we"))},
	{"edit another's note", "x n y n", func(a domain.Actor) Command {
		return EditComment{By: by(a), CommentID: note, Text: "new", Now: noon}
	}, after(noted(note, max, "we"))},
	{"remove their own comment in time", "y y y n", func(a domain.Actor) Command {
		return RemoveComment{By: by(a), CommentID: first, Now: noon.Add(15 * time.Minute)}
	}, saying},
	{"remove their own comment later", "l y y n", func(a domain.Actor) Command {
		return RemoveComment{By: by(a), CommentID: first, Now: noon.Add(time.Hour)}
	}, saying},
	{"remove another's comment", "n n y n", func(a domain.Actor) Command {
		return RemoveComment{By: by(a), CommentID: comment, Now: noon}
	}, after(said(comment, max, "we"))},
	{"remove another's note", "x n y n", func(a domain.Actor) Command {
		return RemoveComment{By: by(a), CommentID: note, Now: noon}
	}, after(noted(note, max, "we"))},
}

func changing(to Status) func(domain.Actor) Command {
	return func(a domain.Actor) Command { return ChangeStatus{By: by(a), To: to} }
}

func after(events ...domain.Event) func(domain.Actor) []domain.Event {
	return func(domain.Actor) []domain.Event { return events }
}

func saying(a domain.Actor) []domain.Event {
	c := mine
	c.Author = a.ID
	return []domain.Event{c}
}

func TestThePermissionTableCellByCell(t *testing.T) {
	for _, v := range viewers {
		actor := v.actor
		actor.Kind, actor.ID = domain.ActorUser, person(42)
		for _, p := range permissions {
			for _, r := range relations {
				t.Run(fmt.Sprintf("%s: %s a ticket %s", v.name, p.name, r), func(t *testing.T) {
					history := r.history(actor)
					if p.since != nil {
						history = append(history, p.since(actor)...)
					}
					state := fold(history)
					events, err := Decide(state, p.when(actor))
					want := p.cells[2*v.column]
					if !state.VisibleTo(actor) {
						want = 'x'
					}
					if got := outcome(events, err); got != want {
						t.Errorf("got %c (%v, %v), want %c", got, events, err, want)
					}
				})
			}
		}
	}
}

// outcome is the email of permissions for what was decided.
func outcome(events []domain.Event, err error) byte {
	switch {
	case err == nil && len(events) > 0:
		return 'y'
	case err == nil:
		return '-'
	case errors.Is(err, domain.ErrForbidden):
		return 'n'
	case errors.Is(err, domain.ErrNotFound):
		return 'x'
	case errors.Is(err, domain.ErrTooLate):
		return 'l'
	}
	return '?'
}

func TestWhoSeesATicket(t *testing.T) {
	for _, v := range viewers {
		actor := v.actor
		actor.Kind, actor.ID = domain.ActorUser, person(42)
		for i, sees := range strings.Fields(v.sees) {
			state := fold(relations[i].history(actor))
			if got, want := state.VisibleTo(actor), sees == "y"; got != want {
				t.Errorf("%s sees a ticket %s: got %v, want %v", v.name, relations[i], got, want)
			}
			if deleted := Evolve(state, Deleted{}); deleted.VisibleTo(actor) {
				t.Errorf("%s sees a deleted ticket %s", v.name, relations[i])
			}
		}
		if (State{}).VisibleTo(actor) {
			t.Errorf("%s sees a ticket that was never opened", v.name)
		}
	}
}

func TestWhoSeesInternalNotes(t *testing.T) {
	for role, want := range map[domain.Role]bool{
		domain.RoleUser: false, domain.RoleAgent: true, domain.RoleAdmin: true, domain.RoleAuditor: true, "": false,
	} {
		if got := SeesInternal(domain.Actor{Kind: domain.ActorUser, ID: person(1), Role: role}); got != want {
			t.Errorf("role %q: got %v, want %v", role, got, want)
		}
	}
}

func TestATokenMayWhatItsPersonMay(t *testing.T) {
	token := eve
	token.Kind = domain.ActorToken
	for _, p := range permissions {
		state := fold(claimed.history(eve))
		if p.since != nil {
			for _, e := range p.since(eve) {
				state = Evolve(state, e)
			}
		}
		person, personErr := Decide(state, p.when(eve))
		byToken, tokenErr := Decide(state, p.when(token))
		if got, want := outcome(byToken, tokenErr), outcome(person, personErr); got != want {
			t.Errorf("%s: the token got %c, its person %c", p.name, got, want)
		}
	}
}

func TestTheServiceItselfMayDoAll(t *testing.T) {
	for _, kind := range []domain.ActorKind{domain.ActorSystem, domain.ActorTimer, domain.ActorImport} {
		service := domain.Actor{Kind: kind}
		for _, p := range permissions {
			if strings.Contains(p.name, "themselves") || p.name == "take over" || p.name == "start work" {
				continue // it is nobody to assign to
			}
			state := fold(given())
			if p.since != nil {
				for _, e := range p.since(service) {
					state = Evolve(state, e)
				}
			}
			if events, err := Decide(state, p.when(service)); outcome(events, err) != 'y' {
				t.Errorf("%s may not %s: got %v, %v", kind, p.name, events, err)
			}
		}
	}
}
