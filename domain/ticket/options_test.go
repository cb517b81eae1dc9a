package ticket

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// TestWhatIsOfferedIsWhatIsDecided asks for everything in every situation, and
// compares with what was offered.
func TestWhatIsOfferedIsWhatIsDecided(t *testing.T) {
	t.Parallel()
	me := domain.UserID{UUID: uuid.UUID{15: 77}}
	for _, v := range viewers {
		a := v.actor
		a.Kind, a.ID = domain.ActorUser, me
		for _, r := range relations {
			for _, status := range Statuses() {
				s := State{}
				for _, e := range r.history(a) {
					s = Evolve(s, e)
				}
				s.Status = status
				checkOffer(t, fmt.Sprintf("%s, %s, %s", v.name, r, status), s, a)
			}
		}
	}
}

func checkOffer(t *testing.T, situation string, s State, a domain.Actor) {
	t.Helper()
	by, o := By{Actor: a}, s.Options(a)
	title, self := "another title", Assignee{ID: a.ID, ActiveStaff: a.Role.Staff()}
	other := Assignee{ID: domain.UserID{UUID: uuid.UUID{15: 78}}, ActiveStaff: true}
	closed := []Status{StatusClosed}
	for _, c := range []struct {
		what    string
		offered bool
		ask     Command
	}{
		{"edit", o.Edit, EditTicket{By: by, Title: &title}},
		{"comment", o.Comment, AddComment{By: by, Text: "x", Now: time.Now()}},
		{"reply", o.Reply || o.Comment, AddComment{By: by, Text: "x", Reopens: closed, Now: time.Now()}},
		{"note", o.Note, AddComment{By: by, Text: "x", Internal: true, Now: time.Now()}},
		{"assign", o.Assign, AssignTicket{By: by, To: other}},
		{"delete", o.Delete, DeleteTicket{By: by}},
	} {
		if _, err := Decide(s, c.ask); (err == nil) != c.offered {
			t.Errorf("%s: %s is offered %v, and answered %v", situation, c.what, c.offered, err)
		}
	}
	if events, err := Decide(s, AssignTicket{By: by, To: self}); (err == nil && events != nil) != o.Take {
		t.Errorf("%s: to take it is offered %v, and answered %v", situation, o.Take, err)
	}
	if events, err := Decide(s, AssignTicket{By: by}); o.GiveBack && (err != nil || events == nil) {
		t.Errorf("%s: to give it back is offered, and answered %v", situation, err)
	}
	for _, to := range Statuses() {
		events, err := Decide(s, ChangeStatus{By: by, To: to})
		if (err == nil && events != nil) != o.May(to) {
			t.Errorf("%s: %s is offered %v, and answered %v", situation, to, o.May(to), err)
		}
	}
	for id, comment := range s.Comments {
		now := comment.AddedAt.Add(time.Hour)
		_, err := Decide(s, RemoveComment{By: by, CommentID: id, Now: now})
		if got := s.MayChangeComment(a, id, now); got != (err == nil) {
			t.Errorf("%s: to change a comment is offered %v, and answered %v", situation, got, err)
		}
	}
	own, _ := MayOpen(a)
	if _, err := Decide(State{}, OpenTicket{By: by, Title: "x", Description: "x"}); own != (err == nil) {
		t.Errorf("%s: to open a ticket is offered %v, and answered %v", situation, own, err)
	}
}
