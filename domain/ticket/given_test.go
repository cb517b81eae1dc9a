package ticket

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain"
)

// The people of these tests. Ann asks, Eve and Max work, Rob rules, Ida audits.
var (
	ann = domain.Actor{Kind: domain.ActorUser, ID: person(1), Role: domain.RoleUser}
	bob = domain.Actor{Kind: domain.ActorUser, ID: person(2), Role: domain.RoleUser}
	eve = domain.Actor{Kind: domain.ActorUser, ID: person(3), Role: domain.RoleAgent, Visibility: domain.VisibleAll}
	max = domain.Actor{Kind: domain.ActorUser, ID: person(4), Role: domain.RoleAgent, Visibility: domain.VisibleAll}
	rob = domain.Actor{Kind: domain.ActorUser, ID: person(5), Role: domain.RoleAdmin}
	ida = domain.Actor{Kind: domain.ActorUser, ID: person(6), Role: domain.RoleAuditor}
)

func person(n byte) domain.UserID { return domain.UserID{UUID: uuid.UUID{15: n}} }

func by(a domain.Actor) By { return By{Actor: a} }

// staff is an assignee that tickets can go to.
func staff(a domain.Actor) Assignee { return Assignee{ID: a.ID, ActiveStaff: true} }

var (
	noon   = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	first  = CommentID{UUID: uuid.UUID{0: 1}}
	second = CommentID{UUID: uuid.UUID{0: 2}}
)

// opened is Ann's ticket as most cases begin with it.
func opened() Opened {
	return Opened{Number: 7, Title: "Printer", Description: "It smokes.", Priority: Low, CreatedBy: ann.ID, OpenedBy: ann.ID}
}

// given returns Ann's ticket and what happened to it since.
func given(since ...domain.Event) []domain.Event {
	return append([]domain.Event{opened()}, since...)
}

func said(id CommentID, a domain.Actor, text string) CommentAdded {
	return CommentAdded{CommentID: id, Author: a.ID, Text: text, AddedAt: noon}
}

func noted(id CommentID, a domain.Actor, text string) CommentAdded {
	c := said(id, a, text)
	c.Internal = true
	return c
}

func fold(events []domain.Event) State {
	var s State
	for _, e := range events {
		s = Evolve(s, e)
	}
	return s
}

// rule is one case: given these events, when this is asked, then these events
// come of it or this refusal.
type rule struct {
	name    string
	given   []domain.Event
	when    Command
	then    []domain.Event
	refused *domain.Error
	field   string // named by the refusal, when not ""
}

func checkRules(t *testing.T, rules []rule) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, r.check)
	}
}

// check decides the case, and for an accepted command also that it is decided
// once: repeated on what it led to, it gives no events.
func (r rule) check(t *testing.T) {
	state := fold(r.given)
	before := snapshot(state)
	got, err := Decide(state, r.when)
	if diff := cmp.Diff(before, state); diff != "" {
		t.Errorf("deciding changed the state (-before +after):\n%s", diff)
	}
	if r.refused != nil {
		if !errors.Is(err, r.refused) || got != nil {
			t.Fatalf("got %v, %v, want the refusal %q", got, err, r.refused.Code)
		}
		var refusal *domain.Error
		if errors.As(err, &refusal); r.field != "" && refusal.Field != r.field {
			t.Errorf("the refusal names %q, want %q", refusal.Field, r.field)
		}
		return
	}
	if err != nil {
		t.Fatalf("refused with %v, want %v", err, r.then)
	}
	if diff := cmp.Diff(r.then, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
	again, _ := Decide(fold(append(append([]domain.Event{}, r.given...), got...)), r.when) // a refusal is as good
	if len(again) != 0 {
		t.Errorf("repeated, the command gave %v, want nothing", again)
	}
}

// snapshot returns a copy that shares nothing with s.
func snapshot(s State) State {
	s.Comments, s.Removed, s.Redacted = maps.Clone(s.Comments), maps.Clone(s.Removed), maps.Clone(s.Redacted)
	s.Attachments = maps.Clone(s.Attachments)
	return s
}

func ptr[T any](v T) *T { return &v }
