package readmodels

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/comments"
	"helpdesk/projections/history"
	"helpdesk/projections/view"
	"helpdesk/test/kit"
)

// Bounds of what a page of long texts may cost, in bytes: the texts that it shows, and
// those as they are sealed, with what stood before each.
const (
	mostShown  = 700 << 10
	mostOpened = 2 << 20
)

// wholeLog leaves nothing out of an outline: what is read from it is what there is.
type wholeLog struct{ *eventstore.Store }

func (l wholeLog) Outline(ctx context.Context, ids ...uuid.UUID) ([]eventstore.Envelope, error) {
	return l.LoadAll(ctx, ids)
}

// openedLog counts the bytes of texts that are opened.
type openedLog struct {
	*eventstore.Store
	bytes int
}

func (l *openedLog) count(events []eventstore.Envelope) {
	for _, e := range events {
		l.bytes += len(e.Data)
	}
}

func (l *openedLog) Outline(ctx context.Context, ids ...uuid.UUID) ([]eventstore.Envelope, error) {
	events, err := l.Store.Outline(ctx, ids...)
	l.count(events)
	return events, err
}

func (l *openedLog) InFull(ctx context.Context, events []eventstore.Envelope, places []int) ([]eventstore.Envelope, error) {
	whole, err := l.Store.InFull(ctx, events, places)
	for _, i := range places {
		l.count(whole[i : i+1])
	}
	return whole, err
}

func (l *openedLog) At(ctx context.Context, positions ...int64) ([]eventstore.Envelope, error) {
	events, err := l.Store.At(ctx, positions...)
	l.count(events)
	return events, err
}

// longTicket is a ticket of two megabytes of ann's, on which much was edited, removed
// and redacted.
func longTicket(t *testing.T, d *models) ticket.ID {
	t.Helper()
	const comments, size = 130, 16_000
	id, ann, rob := newTicketID(), everybody["ann"], everybody["rob"]
	do := func(c ticket.Command) {
		t.Helper()
		if _, err := d.tickets.Do(kit.Context(t), commands.Request{}, id, c); err != nil {
			t.Fatal(err)
		}
	}
	text := func(n int) string { return fmt.Sprintf("%d %s", n, strings.Repeat("ü", size/2)) }
	by := ticket.By{Actor: rob}
	_, err := d.tickets.Open(kit.Context(t), commands.Request{}, id, ticket.OpenTicket{By: ticket.By{Actor: ann}, Title: "Printer", Description: text(-1)})
	if err != nil {
		t.Fatal(err)
	}
	var said []ticket.CommentID
	for i := range comments {
		c := ticket.CommentID{UUID: kit.NewID()}
		said = append(said, c)
		author := ann
		if i%3 == 0 {
			author = rob
		}
		do(ticket.AddComment{By: ticket.By{Actor: author}, CommentID: c, Text: text(i), Internal: i%9 == 0, Now: time.Now()})
		switch {
		case i%10 == 4:
			do(ticket.EditComment{By: by, CommentID: said[i/2], Text: text(1000 + i), Now: time.Now()})
		case i%10 == 7:
			do(ticket.EditComment{By: by, CommentID: said[i-3], Text: text(i - 3), Now: time.Now()}) // back to what it was
		case i%20 == 5:
			do(ticket.RemoveComment{By: by, CommentID: said[i-2], Now: time.Now()})
		case i%30 == 9:
			do(ticket.RedactText{By: by, Subject: ticket.Subject{Field: ticket.FieldComment, CommentID: c}, Span: &ticket.Span{From: 3, To: 9}, Reason: "a name"})
		case i == 60:
			other := text(-2)
			do(ticket.EditTicket{By: by, Description: &other})
		}
	}
	return id
}

// pages walks a list to its end. Each page is small.
func pages[T any](t *testing.T, opened *openedLog, page func(*projections.Cursor) ([]T, *projections.Cursor, error), bytes func(T) int) (all []T) {
	t.Helper()
	for at, n := (*projections.Cursor)(nil), 0; ; n++ {
		opened.bytes = 0
		some, next, err := page(at)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, one := range some {
			sum += bytes(one)
		}
		if sum > mostShown || opened.bytes > mostOpened {
			t.Errorf("page %d shows %d bytes and opens %d, want at most %d and %d", n+1, sum, opened.bytes, mostShown, mostOpened)
		}
		all = append(all, some...)
		if at = next; at == nil {
			return all
		}
	}
}

func changeBytes(c history.Change) int { return len(fmt.Sprint(c.Before)) + len(fmt.Sprint(c.After)) }

func commentBytes(c view.Comment) int { return len(c.Text) }

func TestALongTicketIsReadInPages(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 1000)
	id := longTicket(t, d)
	d.project(t, fresh)
	ctx, ref := kit.Context(t), ticket.Ref{ID: id}
	whole := wholeLog{d.Store}
	all := d.Stream(t, id.UUID)
	now, past := all[len(all)-1].RecordedAt, all[len(all)*3/5].RecordedAt
	for _, name := range []string{"ann", "rob", "ida"} {
		viewer := everybody[name]
		t.Run(name, func(t *testing.T) {
			opened := &openedLog{Store: d.Store}
			none := &openedLog{}
			want, err := d.AllComments(ctx, viewer, id)
			if err != nil {
				t.Fatal(err)
			}
			got := pages(t, none, func(at *projections.Cursor) ([]view.Comment, *projections.Cursor, error) {
				s, err := d.Thread(ctx, viewer, id, at)
				return s.Items, s.Next, err
			}, commentBytes)
			same(t, "comments", want, got)
			var back []view.Comment
			for at := comments.End(); at != nil; {
				s, err := d.Thread(ctx, viewer, id, at)
				if err != nil {
					t.Fatal(err)
				}
				back, at = append(slices.Clone(s.Items), back...), s.Previous
			}
			same(t, "comments, from the end", want, back)

			entries := pages(t, opened, func(at *projections.Cursor) ([]history.Entry, *projections.Cursor, error) {
				s, err := history.NewReader(opened, d.Pool).Ticket(ctx, viewer, id, projections.Page{Size: 100, Cursor: at})
				return s.Items, s.Next, err
			}, func(e history.Entry) (n int) {
				for _, c := range e.Changes {
					n += changeBytes(c)
				}
				return n
			})
			wanted := pages(t, none, func(at *projections.Cursor) ([]history.Entry, *projections.Cursor, error) {
				s, err := history.NewReader(whole, d.Pool).Ticket(ctx, viewer, id, projections.Page{Size: 100, Cursor: at})
				return s.Items, s.Next, err
			}, func(history.Entry) int { return 0 })
			same(t, "history", wanted, entries)

			for _, instant := range []time.Time{past, now} {
				var first history.PastTicket
				then := pages(t, opened, func(at *projections.Cursor) ([]view.Comment, *projections.Cursor, error) {
					if at == nil {
						first, err = history.NewPast(opened, d.Pool, caughtUp{}).Ticket(ctx, viewer, ref, history.Moment{Instant: instant})
						return first.Comments, first.Next, err
					}
					s, err := history.NewPast(opened, d.Pool, caughtUp{}).Comments(ctx, viewer, instant, &ref, projections.Page{Size: 100, Cursor: at})
					return s.Items, s.Next, err
				}, commentBytes)
				listed := pages(t, opened, func(at *projections.Cursor) ([]view.Comment, *projections.Cursor, error) {
					s, err := history.NewPast(opened, d.Pool, caughtUp{}).Comments(ctx, viewer, instant, &ref, projections.Page{Size: 100, Cursor: at})
					return s.Items, s.Next, err
				}, commentBytes)
				same(t, "comments then", listed, then)
				if instant == now {
					same(t, "comments of now", want, then)
				}
				whole, err := history.NewPast(whole, d.Pool, caughtUp{}).Ticket(ctx, viewer, ref, history.Moment{Instant: instant})
				if err != nil {
					t.Fatal(err)
				}
				same(t, "the ticket then", whole.Ticket, first.Ticket)
			}

			compared := func(log history.StreamLog, opened *openedLog, most func(history.Change) int) []history.Change {
				return pages(t, opened, func(at *projections.Cursor) ([]history.Change, *projections.Cursor, error) {
					diff, err := history.NewPast(log, d.Pool, caughtUp{}).Diff(ctx, viewer, ref, history.Moment{Version: 9}, history.Moment{Instant: now, Version: 0}, at)
					return diff.Changes, diff.Next, err
				}, most)
			}
			same(t, "differences", compared(whole, none, func(history.Change) int { return 0 }), compared(opened, opened, changeBytes))
		})
	}
}

func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%.2000s", what, diff)
	}
}
