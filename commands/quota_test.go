package commands

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/test/kit"
)

// few is a quota of what has different ids, whoever it is.
type few struct {
	most int
	ids  map[uuid.UUID]bool
}

func (f *few) Take(_ context.Context, _, id uuid.UUID) (time.Duration, error) {
	if !f.ids[id] && len(f.ids) >= f.most {
		return 10 * time.Minute, nil
	}
	f.ids[id] = true
	return 0, nil
}

func TestRequestersAddNoMoreThanTheyMay(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	newFew := func() *few { return &few{most: 2, ids: map[uuid.UUID]bool{}} }
	opened, commented := newFew(), newFew()
	d.Tickets = d.Hourly(opened, commented)
	open := func(by domain.Actor, r Request) error {
		c := opening()
		c.Actor, c.CreatedBy = by, ann.ID
		_, err := d.Open(kit.Context(t), r, newTicketID(), c)
		return err
	}
	comment := func(by domain.Actor, id ticket.ID) error {
		_, err := d.Do(kit.Context(t), Request{}, id, ticket.AddComment{By: as(by), CommentID: ticket.CommentID{UUID: uuid.New()}, Text: "Still.", Now: time.Now()})
		return err
	}
	wants := func(what string, got error, want *domain.Error) {
		t.Helper()
		if want == nil && got != nil || want != nil && !errors.Is(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
		var refused *domain.Error
		if errors.As(got, &refused) && refused.Kind == domain.KindTooMany && refused.Wait != 10*time.Minute {
			t.Errorf("%s: wait for %v, want 10 minutes", what, refused.Wait)
		}
	}
	id := d.open(t)
	again := Request{ID: uuid.New()}
	wants("the second ticket", open(ann, again), nil)
	wants("the same command again", open(ann, again), ErrRepeated)
	wants("the third ticket", open(ann, Request{}), ErrTooManyTickets)
	for range 3 {
		wants("a ticket by an agent for the same person", open(eve, Request{}), nil)
		wants("a comment by an agent", comment(eve, id), nil)
	}
	wants("a comment", comment(ann, id), nil)
	wants("another", comment(ann, id), nil)
	wants("a third", comment(ann, id), ErrTooManyComments)
	if len(opened.ids) != 2 || len(commented.ids) != 2 {
		t.Errorf("%d tickets and %d comments were counted, want 2 and 2", len(opened.ids), len(commented.ids))
	}
	_, err := d.Do(kit.Context(t), Request{}, id, ticket.ChangeStatus{By: as(ann), To: ticket.StatusClosed})
	wants("what adds nothing", err, nil)
}
