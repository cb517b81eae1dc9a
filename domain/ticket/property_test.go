package ticket

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"helpdesk/domain"
)

var everybody = []domain.Actor{
	ann, bob, eve, max, rob, ida, domain.System(),
	{Kind: domain.ActorUser, ID: person(7), Role: domain.RoleAgent, Visibility: domain.VisibleAssigned},
	{Kind: domain.ActorUser, ID: person(8), Role: domain.RoleAgent, Visibility: domain.VisibleQueue},
}

// anyText is now and then a text that is refused.
var anyText = rapid.SampledFrom([]string{"a", "b", " b ", "a\nb", "", "\x00", "ü"})

func anyCommand(t *rapid.T) Command {
	b := by(rapid.SampledFrom(everybody).Draw(t, "actor"))
	comment := CommentID{UUID: uuid.UUID{0: byte(rapid.IntRange(1, 4).Draw(t, "comment"))}}
	now := noon.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "minute")) * time.Minute)
	statuses := append(slices.Clone(columns), "done")
	priorities := []Priority{Low, Medium, High, "urgent"}
	assignee := func() Assignee {
		to := rapid.SampledFrom(everybody).Draw(t, "assignee")
		return Assignee{ID: to.ID, ActiveStaff: to.Role.Staff()}
	}
	switch rapid.IntRange(0, 13).Draw(t, "command") {
	case 0:
		return OpenTicket{
			By: b, Number: 1, Title: anyText.Draw(t, "title"), Description: anyText.Draw(t, "description"),
			Priority:  rapid.SampledFrom(append(priorities, "")).Draw(t, "priority"),
			CreatedBy: rapid.SampledFrom(everybody).Draw(t, "requester").ID,
		}
	case 1, 2, 3, 4:
		return ChangeStatus{By: b, To: rapid.SampledFrom(statuses).Draw(t, "to"), Reason: anyText.Draw(t, "reason")}
	case 5:
		return AssignTicket{By: b, To: assignee()}
	case 6, 7:
		c := EditTicket{By: b}
		if rapid.Bool().Draw(t, "with title") {
			c.Title = ptr(anyText.Draw(t, "title"))
		}
		if rapid.Bool().Draw(t, "with description") {
			c.Description = ptr(anyText.Draw(t, "description"))
		}
		if rapid.Bool().Draw(t, "with priority") {
			c.Priority = ptr(rapid.SampledFrom(priorities).Draw(t, "priority"))
		}
		if rapid.Bool().Draw(t, "with status") {
			c.Status = ptr(rapid.SampledFrom(statuses).Draw(t, "status"))
		}
		if rapid.Bool().Draw(t, "with assignee") {
			c.AssignedTo = ptr(assignee())
		}
		return c
	case 8:
		reopens := rapid.SampledFrom([][]Status{nil, {StatusResolved}, {StatusResolved, StatusClosed}}).Draw(t, "reopens")
		return AddComment{By: b, CommentID: comment, Text: anyText.Draw(t, "text"), Internal: rapid.Bool().Draw(t, "internal"), Reopens: reopens, Now: now}
	case 9:
		return EditComment{By: b, CommentID: comment, Text: anyText.Draw(t, "text"), Now: now}
	case 10:
		return RemoveComment{By: b, CommentID: comment, Now: now}
	case 11:
		of := Subject{Field: rapid.SampledFrom([]Field{FieldTitle, FieldDescription, FieldComment, "priority"}).Draw(t, "field")}
		if of.Field == FieldComment {
			of.CommentID = comment
		}
		return RedactText{By: b, Subject: of, Reason: anyText.Draw(t, "reason")}
	case 12:
		return TakeBack{By: b, From: assignee().ID}
	default:
		if rapid.IntRange(0, 9).Draw(t, "rarely") > 0 {
			return AddComment{By: b, CommentID: comment, Text: "so", Now: now}
		}
		if rapid.Bool().Draw(t, "back") {
			return RestoreTicket{b}
		}
		return DeleteTicket{b}
	}
}

func TestWhateverIsAskedTheTicketStaysSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var state State
		var all []domain.Event
		if rapid.IntRange(0, 9).Draw(t, "begin") > 0 {
			all = given()
			state = fold(all)
		}
		for range rapid.IntRange(1, 40).Draw(t, "commands") {
			c := anyCommand(t)
			seen := state.VisibleTo(c.ActedBy())
			before := snapshot(state)
			events, err := Decide(state, c)
			if err != nil {
				var refusal *domain.Error
				if !errors.As(err, &refusal) || events != nil {
					t.Fatalf("%#v: got %v, %v, want a refusal alone", c, events, err)
				}
				continue
			}
			_, opens := c.(OpenTicket)
			if !opens && !seen && !(ofDeleted(c) && state.Deleted && c.ActedBy().Admin()) {
				t.Fatalf("%#v was accepted on a ticket its actor does not see", c)
			}
			next := state
			for _, e := range events {
				next = step(t, next, e)
			}
			if !reflect.DeepEqual(before, state) {
				t.Fatalf("%#v changed the old state\nfrom %#v\nto   %#v", c, before, state)
			}
			if again, _ := Decide(next, c); len(again) != 0 && !takesUpAgain(c, events) {
				t.Fatalf("%#v gave %v once more", c, again)
			}
			if next.Status == StatusInProgress && next.AssignedTo.IsZero() {
				t.Fatalf("%#v left a ticket in progress that is nobody's", c)
			}
			state, all = next, append(all, events...)
		}
		if folded := Fold(slices.Values(all)); !reflect.DeepEqual(folded, state) {
			t.Fatalf("%#v\nfolds to %#v\nand not %#v", all, folded, state)
		}
		known := fold(newestOf(SeenBy(), all))
		for _, actor := range everybody {
			if state.VisibleTo(actor) != known.VisibleTo(actor) {
				t.Fatalf("%#v\nis visible to %#v: %v, and by the events that decide: %v", all, actor, state.VisibleTo(actor), known.VisibleTo(actor))
			}
		}
	})
}

// newestOf returns the newest event of each of these types, in order.
func newestOf(types []string, events []domain.Event) (newest []domain.Event) {
	seen := map[string]bool{}
	for _, e := range slices.Backward(events) {
		if name := e.EventType(); slices.Contains(types, name) && !seen[name] {
			seen[name] = true
			newest = append(newest, e)
		}
	}
	slices.Reverse(newest)
	return newest
}

// ofDeleted reports whether a command may be about a ticket that is deleted.
func ofDeleted(c Command) bool {
	switch c.(type) {
	case RedactText, RestoreTicket:
		return true
	}
	return false
}

// takesUpAgain reports whether a command, repeated, starts work on the ticket it
// took out of progress, or the other way round: a PUT of nobody in progress.
func takesUpAgain(c Command, events []domain.Event) bool {
	edit, ok := c.(EditTicket)
	started := slices.ContainsFunc(events, func(e domain.Event) bool { _, ok := e.(Started); return ok })
	changed := started || slices.Contains(events, domain.Event(Returned{}))
	return ok && changed && edit.Status != nil && *edit.Status == StatusInProgress && edit.AssignedTo != nil && edit.AssignedTo.ID.IsZero()
}

// step evolves by one event and checks what has to hold before and after.
func step(t *rapid.T, s State, e domain.Event) State {
	before := snapshot(s)
	next := Evolve(s, e)
	if !reflect.DeepEqual(before, s) {
		t.Fatalf("%#v changed the old state", e)
	}
	if !next.Status.Valid() || next.Priority.Rank() == 0 {
		t.Fatalf("%#v led to status %q and priority %q", e, next.Status, next.Priority)
	}
	_, opens := e.(Opened)
	_, returns := e.(Returned)
	if returns && (s.Status != StatusInProgress || !s.AssignedTo.IsZero()) {
		t.Fatalf("a ticket that is %s and of %v was returned to open", s.Status, s.AssignedTo)
	}
	if !opens && !returns && next.Status != s.Status {
		if row := allowed[s.Status]; row[2*slices.Index(columns, next.Status)] != 'y' {
			t.Fatalf("%#v led from %s to %s", e, s.Status, next.Status)
		}
	}
	if next.Exists == next.Deleted {
		t.Fatalf("%#v: exists %v, deleted %v", e, next.Exists, next.Deleted)
	}
	if _, deletes := e.(Deleted); s.Exists && !deletes && !next.Exists {
		t.Fatalf("%#v made the ticket vanish", e)
	}
	return next
}

func TestEventsOfOthersChangeNothing(t *testing.T) {
	state := fold(given(said(first, ann, "so")))
	if got := Evolve(state, foreign{}); !reflect.DeepEqual(got, state) {
		t.Errorf("got %+v, want %+v", got, state)
	}
}

type foreign struct{}

func (foreign) EventType() string { return "foreign" }
