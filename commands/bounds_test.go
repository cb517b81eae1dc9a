package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

// metered counts the events that are read from a log, each a row that is decoded, those
// among them whose texts are opened, the bytes of those, the appends, and those that lost.
type metered struct {
	*eventstore.Store
	events, opened, bytes, conflicts, appends atomic.Int64
}

func (m *metered) read(events []eventstore.Envelope) {
	for _, e := range events {
		m.events.Add(1)
		if !e.Brief {
			m.opened.Add(1)
			m.bytes.Add(int64(len(e.Data)))
		}
	}
}

func (m *metered) Load(ctx context.Context, id uuid.UUID) ([]eventstore.Envelope, error) {
	events, err := m.Store.Load(ctx, id)
	m.read(events)
	return events, err
}

func (m *metered) Outline(ctx context.Context, ids ...uuid.UUID) ([]eventstore.Envelope, error) {
	events, err := m.Store.Outline(ctx, ids...)
	m.read(events)
	return events, err
}

func (m *metered) InFull(ctx context.Context, events []eventstore.Envelope, places []int) ([]eventstore.Envelope, error) {
	whole, err := m.Store.InFull(ctx, events, places)
	for _, i := range places {
		m.read(whole[i : i+1])
	}
	return whole, err
}

func (m *metered) Newest(ctx context.Context, id uuid.UUID, types []string) ([]eventstore.Envelope, error) {
	events, err := m.Store.Newest(ctx, id, types)
	m.events.Add(int64(len(events)))
	return events, err
}

func (m *metered) Append(ctx context.Context, a eventstore.Append) (eventstore.Appended, error) {
	m.appends.Add(1)
	done, err := m.Store.Append(ctx, a)
	if errors.Is(err, eventstore.ErrConflict) {
		m.conflicts.Add(1)
	}
	return done, err
}

func (m *metered) reset() {
	m.events.Store(0)
	m.opened.Store(0)
	m.bytes.Store(0)
	m.conflicts.Store(0)
	m.appends.Store(0)
}

// long opens a ticket of ann's with a number of comments.
func long(t *testing.T, d log, comments int) ticket.ID {
	t.Helper()
	id := newTicketID()
	d.must(t)(d.Open(kit.Context(t), Request{}, id, opening()))
	for i := range comments {
		d.must(t)(d.Do(kit.Context(t), Request{}, id, saying(ann, fmt.Sprint("comment ", i))))
	}
	return id
}

func saying(by domain.Actor, text string) ticket.AddComment {
	return ticket.AddComment{By: ticket.By{Actor: by}, CommentID: ticket.CommentID{UUID: uuid.New()}, Text: text}
}

// TestWhoDoesNotSeeATicketHasNoneOfItRead counts what a refusal costs: as much for a
// long ticket as for a short one, and hardly more than for none.
func TestWhoDoesNotSeeATicketHasNoneOfItRead(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	m := &metered{Store: d.Store}
	stranger := domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{UUID: uuid.New()}, Role: domain.RoleUser}
	away := stranger
	away.Role, away.Visibility = domain.RoleAgent, domain.VisibleAssigned
	for name, id := range map[string]ticket.ID{"none": newTicketID(), "short": long(t, d, 0), "long": long(t, d, 100)} {
		for _, by := range []domain.Actor{stranger, away} {
			m.reset()
			here := NewTickets(m, d.Store)
			for range 3 {
				if _, err := here.Do(kit.Context(t), Request{}, id, saying(by, "x")); !errors.Is(err, domain.ErrNotFound) {
					t.Fatalf("%s, %s: %v", name, by.Role, err)
				}
			}
			if events, opened := m.events.Load(), m.opened.Load(); events > 3*int64(len(ticket.SeenBy())) || opened != 0 {
				t.Errorf("%s, %s: %d events were read and %d texts opened for three refusals", name, by.Role, events, opened)
			}
		}
	}
}

// TestACommentCostsNoMoreOnALongTicket counts events and conflicts of comments that come
// one after the other, and at once.
func TestACommentCostsNoMoreOnALongTicket(t *testing.T) {
	t.Parallel()
	const comments, atOnce = 500, 20
	d := newLog(t)
	m := &metered{Store: d.Store}
	here := NewTickets(m, d.Store)
	id := long(t, d, comments)
	d.must(t)(here.Do(kit.Context(t), Request{}, id, saying(ann, "the first here")))
	if events := m.opened.Load(); events != comments+1 {
		t.Errorf("the first comment of a process read %d events, want the stream once: %d", events, comments+1)
	}
	m.reset()
	var wg sync.WaitGroup
	for i := range atOnce {
		wg.Go(func() {
			if _, err := here.Do(kit.Context(t), Request{}, id, saying(ann, fmt.Sprint("at once ", i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if events, conflicts := m.events.Load(), m.conflicts.Load(); events != 0 || conflicts != 0 {
		t.Errorf("%d comments at once: %d events read, %d appends lost, want none", atOnce, events, conflicts)
	}
	if got, err := d.Store.Version(kit.Context(t), id.UUID); err != nil || got != comments+atOnce+2 {
		t.Errorf("version %d, %v", got, err)
	}
}

// TestACommandOnAHugeTicketOpensNoOtherTextsThanItsOwn counts the bytes that are opened of
// a ticket of a megabyte, by a process that has not had it and by one that has.
func TestACommandOnAHugeTicketOpensNoOtherTextsThanItsOwn(t *testing.T) {
	t.Parallel()
	const comments, size, most = 64, 16_000, 40_000 // bytes: one text, as it is sealed
	d := newLog(t)
	id := d.open(t)
	var said []ticket.AddComment
	for i := range comments {
		said = append(said, saying(ann, strings.Repeat(fmt.Sprint(i%10), size)))
		d.must(t)(d.Do(kit.Context(t), Request{}, id, said[i]))
	}
	comment := func(n int) ticket.Subject {
		return ticket.Subject{Field: ticket.FieldComment, CommentID: said[n].CommentID}
	}
	span := &ticket.Span{To: 10}
	for name, c := range map[string]struct {
		commands [2]ticket.Command // by a process that has not had the ticket, and by one that has
		bytes    int64
	}{
		"comments":   {[2]ticket.Command{saying(ann, "one more"), saying(ann, "and one more")}, most / 10},
		"priorities": {[2]ticket.Command{ticket.EditTicket{By: as(rob), Priority: ptr(ticket.High)}, ticket.EditTicket{By: as(rob), Priority: ptr(ticket.Medium)}}, most / 10},
		"statuses":   {[2]ticket.Command{ticket.ChangeStatus{By: as(rob), To: ticket.StatusResolved}, ticket.ChangeStatus{By: as(rob), To: ticket.StatusOpen}}, most / 10},
		"edits":      {[2]ticket.Command{ticket.EditComment{By: as(rob), CommentID: said[0].CommentID, Text: "other"}, ticket.EditComment{By: as(rob), CommentID: said[1].CommentID, Text: "other"}}, most},
		"removals":   {[2]ticket.Command{ticket.RemoveComment{By: as(rob), CommentID: said[2].CommentID}, ticket.RemoveComment{By: as(rob), CommentID: said[3].CommentID}}, most / 10},
		"redactions": {[2]ticket.Command{ticket.RedactText{By: as(rob), Subject: comment(4), Span: span, Reason: "private"}, ticket.RedactText{By: as(rob), Subject: comment(5), Span: span, Reason: "private"}}, most},
		"no edits":   {[2]ticket.Command{ticket.EditComment{By: as(rob), CommentID: said[6].CommentID, Text: said[6].Text}, ticket.EditComment{By: as(rob), CommentID: said[7].CommentID, Text: said[7].Text}}, 2 * most},
	} {
		m := &metered{Store: d.Store}
		here := NewTickets(m, d.Store)
		for i, command := range c.commands {
			m.reset()
			d.must(t)(here.Do(kit.Context(t), Request{}, id, command))
			if got := m.bytes.Load(); got > c.bytes {
				t.Errorf("%s, %d: %d bytes of texts were opened, want at most %d", name, i+1, got, c.bytes)
			}
		}
	}
	now := d.state(t, id)
	for n, want := range []string{"other", "other", "", "", domain.Redacted + said[4].Text[10:], domain.Redacted + said[5].Text[10:], said[6].Text, said[7].Text} {
		if got := now.Comments[said[n].CommentID].Text; got != want {
			t.Errorf("comment %d is %.20q…, want %.20q…", n, got, want)
		}
	}
}

// TestAWaitForOnesTurnEnds takes the turn on a stream for good.
func TestAWaitForOnesTurnEnds(t *testing.T) {
	t.Parallel()
	q, id := newQueues(), uuid.New()
	first, err := q.take(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	late, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := q.take(late, id); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	other, err := q.take(t.Context(), uuid.New()) // another stream's is its own
	if err != nil {
		t.Fatal(err)
	}
	other()
	got := make(chan error)
	go func() {
		next, err := q.take(t.Context(), id)
		if err == nil {
			next()
		}
		got <- err
	}()
	first()
	if err := <-got; err != nil {
		t.Error(err)
	}
	if len(q.waiting) != 0 {
		t.Errorf("%d streams are still somebody's", len(q.waiting))
	}
}

func TestAFullTicketTakesNoMore(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	here := NewTickets(d.Store, d.Store).Within(ticket.Limits{Comments: 3})
	id := long(t, d, 3)
	if _, err := here.Do(kit.Context(t), Request{}, id, saying(ann, "one more")); !errors.Is(err, ticket.ErrFull) {
		t.Errorf("got %v, want %v", err, ticket.ErrFull)
	}
	d.must(t)(here.Do(kit.Context(t), Request{}, id, ticket.ChangeStatus{By: as(ann), To: ticket.StatusClosed}))
}
