package ticket

import (
	"testing"
	"time"

	"helpdesk/domain"
)

func TestAddComment(t *testing.T) {
	add := func(a domain.Actor, internal bool) AddComment {
		return AddComment{By: by(a), CommentID: first, Text: " so ", Internal: internal, Now: noon}
	}
	checkRules(t, []rule{
		{name: "a user comments on their ticket", given: given(), when: add(ann, false), then: []domain.Event{said(first, ann, "so")}},
		{name: "a user writes no internal note", given: given(), when: add(ann, true), refused: domain.ErrForbidden},
		{name: "another user sees no ticket to comment on", given: given(), when: add(bob, false), refused: domain.ErrNotFound},
		{name: "an agent comments", given: given(), when: add(eve, false), then: []domain.Event{said(first, eve, "so")}},
		{name: "an agent writes an internal note", given: given(), when: add(eve, true), then: []domain.Event{noted(first, eve, "so")}},
		{name: "an admin writes an internal note", given: given(), when: add(rob, true), then: []domain.Event{noted(first, rob, "so")}},
		{name: "an auditor does not comment", given: given(), when: add(ida, false), refused: domain.ErrForbidden},
		{name: "an auditor writes no internal note", given: given(), when: add(ida, true), refused: domain.ErrForbidden},
		{name: "a closed ticket takes comments of staff", given: given(Closed{}), when: add(eve, false), then: []domain.Event{said(first, eve, "so")}},
		{name: "a deleted ticket takes none", given: given(Deleted{}), when: add(rob, false), refused: domain.ErrNotFound},
		{name: "an id is used once", given: given(said(first, ann, "before")), when: add(ann, false), refused: ErrDuplicate},
	})
}

func TestACommentOfTheRequesterReopens(t *testing.T) {
	reply := func(a domain.Actor, reopens ...Status) AddComment {
		return AddComment{By: by(a), CommentID: first, Text: "so", Reopens: reopens, Now: noon}
	}
	note := reply(rob, StatusResolved)
	note.Internal = true
	mine := func(since ...domain.Event) []domain.Event { // a ticket whose requester is Rob, an admin
		o := opened()
		o.CreatedBy = rob.ID
		return append([]domain.Event{o}, since...)
	}
	reopened := Reopened{CommentID: first}
	checkRules(t, []rule{
		{name: "a resolved ticket", given: given(Resolved{}), when: reply(ann, StatusResolved), then: []domain.Event{said(first, ann, "so"), reopened}},
		{name: "one that was reopened before", given: given(Resolved{}, Reopened{}, Resolved{}), when: reply(ann, StatusResolved), then: []domain.Event{said(first, ann, "so"), reopened}},
		{name: "not where it is to stay resolved", given: given(Resolved{}), when: reply(ann), then: []domain.Event{said(first, ann, "so")}},
		{name: "not one that is in progress", given: given(Started{}), when: reply(ann, StatusResolved), then: []domain.Event{said(first, ann, "so")}},
		{name: "not one that escalated", given: given(Escalated{}), when: reply(ann, StatusResolved), then: []domain.Event{said(first, ann, "so")}},
		{name: "a closed one is refused", given: given(Closed{}), when: reply(ann, StatusResolved), refused: ErrClosed, field: "ticket"},
		{name: "also where replies reopen nothing", given: given(Closed{}), when: reply(ann), refused: ErrClosed},
		{name: "unless it is asked for", given: given(Closed{}), when: reply(ann, StatusResolved, StatusClosed), then: []domain.Event{said(first, ann, "so"), reopened}},
		{name: "staff reply and reopen nothing", given: given(Resolved{}), when: reply(eve, StatusResolved), then: []domain.Event{said(first, eve, "so")}},
		{name: "nor do they a closed one", given: given(Closed{}), when: reply(rob, StatusResolved, StatusClosed), then: []domain.Event{said(first, rob, "so")}},
		{name: "staff who are the requester do", given: mine(Resolved{}), when: reply(rob, StatusResolved), then: []domain.Event{said(first, rob, "so"), reopened}},
		{name: "but not with a note", given: mine(Resolved{}), when: note, then: []domain.Event{noted(first, rob, "so")}},
		{name: "a text of nothing is refused first", given: given(Resolved{}), when: AddComment{By: by(ann), CommentID: first, Text: " ", Reopens: []Status{StatusResolved}}, refused: domain.ErrRequired},
	})
}

func TestEditComment(t *testing.T) {
	edit := func(a domain.Actor, after time.Duration) EditComment {
		return EditComment{By: by(a), CommentID: first, Text: "now", Now: noon.Add(after)}
	}
	then := []domain.Event{CommentEdited{CommentID: first, Text: "now"}}
	const late = 15*time.Minute + time.Microsecond
	checkRules(t, []rule{
		{name: "a user edits at once", given: given(said(first, ann, "so")), when: edit(ann, 0), then: then},
		{name: "a user edits up to the fifteenth minute", given: given(said(first, ann, "so")), when: edit(ann, 15*time.Minute), then: then},
		{name: "a user does not edit a microsecond later", given: given(said(first, ann, "so")), when: edit(ann, late), refused: domain.ErrTooLate},
		{name: "an edit does not lengthen the minutes", given: given(said(first, ann, "so"), CommentEdited{CommentID: first, Text: "and so"}), when: edit(ann, late), refused: domain.ErrTooLate},
		{name: "a clock that went back does no harm", given: given(said(first, ann, "so")), when: edit(ann, -time.Hour), then: then},
		{name: "an agent edits their own whenever", given: given(said(first, eve, "so")), when: edit(eve, 1000*time.Hour), then: then},
		{name: "an agent edits their own note whenever", given: given(noted(first, eve, "so")), when: edit(eve, 1000*time.Hour), then: []domain.Event{CommentEdited{CommentID: first, Text: "now", Internal: true}}},
		{name: "an agent does not edit another's", given: given(said(first, max, "so")), when: edit(eve, 0), refused: domain.ErrForbidden},
		{name: "an agent does not edit the requester's", given: given(said(first, ann, "so")), when: edit(eve, 0), refused: domain.ErrForbidden},
		{name: "a user does not edit an agent's", given: given(said(first, eve, "so")), when: edit(ann, 0), refused: domain.ErrForbidden},
		{name: "a user sees no note to edit", given: given(noted(first, eve, "so")), when: edit(ann, 0), refused: domain.ErrNotFound},
		{name: "one who was an agent sees no note to edit", given: given(noted(first, ann, "so")), when: edit(ann, 0), refused: domain.ErrNotFound},
		{name: "an admin edits anybody's whenever", given: given(said(first, ann, "so")), when: edit(rob, 1000*time.Hour), then: then},
		{name: "an auditor edits nothing", given: given(said(first, eve, "so")), when: edit(ida, 0), refused: domain.ErrForbidden},
		{name: "one who became an auditor does not edit what was theirs", given: given(said(first, ida, "so")), when: edit(ida, 0), refused: domain.ErrForbidden},
		{name: "the text it has is no change", given: given(said(first, ann, "now")), when: edit(ann, 0)},
		{name: "a comment there is not", given: given(said(second, ann, "so")), when: edit(ann, 0), refused: domain.ErrNotFound},
		{name: "a comment that was removed", given: given(said(first, ann, "so"), CommentRemoved{CommentID: first}), when: edit(rob, 0), refused: domain.ErrNotFound},
		{name: "a comment of a deleted ticket", given: given(said(first, ann, "so"), Deleted{}), when: edit(rob, 0), refused: domain.ErrNotFound},
		{name: "a comment of a ticket that is not to be seen", given: given(said(first, ann, "so")), when: edit(bob, 0), refused: domain.ErrNotFound},
	})
}

func TestRemoveComment(t *testing.T) {
	remove := func(a domain.Actor, after time.Duration) RemoveComment {
		return RemoveComment{By: by(a), CommentID: first, Now: noon.Add(after)}
	}
	then := []domain.Event{CommentRemoved{CommentID: first}}
	const late = 15*time.Minute + time.Microsecond
	checkRules(t, []rule{
		{name: "a user removes up to the fifteenth minute", given: given(said(first, ann, "so")), when: remove(ann, 15*time.Minute), then: then},
		{name: "a user does not remove a microsecond later", given: given(said(first, ann, "so")), when: remove(ann, late), refused: domain.ErrTooLate},
		{name: "an agent removes their own whenever", given: given(said(first, eve, "so")), when: remove(eve, 1000*time.Hour), then: then},
		{name: "a removed note is known for one", given: given(noted(first, eve, "so")), when: remove(eve, 0), then: []domain.Event{CommentRemoved{CommentID: first, Internal: true}}},
		{name: "an agent does not remove another's", given: given(said(first, ann, "so")), when: remove(eve, 0), refused: domain.ErrForbidden},
		{name: "a user sees no note to remove", given: given(noted(first, eve, "so")), when: remove(ann, 0), refused: domain.ErrNotFound},
		{name: "an admin removes anybody's", given: given(said(first, ann, "so")), when: remove(rob, 1000*time.Hour), then: then},
		{name: "an auditor removes nothing", given: given(said(first, ann, "so")), when: remove(ida, 0), refused: domain.ErrForbidden},
		{name: "a comment there is not", given: given(), when: remove(ann, 0), refused: domain.ErrNotFound},
	})
}
