package readmodels

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// walk reads a whole list page by page, forward and then back again, and
// returns the ids it saw each way.
func walk[T any](size int, read func(projections.Page) (projections.Slice[T], error), id func(T) uuid.UUID) (forward, back []uuid.UUID, err error) {
	forward, back = []uuid.UUID{}, []uuid.UUID{}
	var s projections.Slice[T]
	for p := (projections.Page{Size: size}); ; p.Cursor = s.Next {
		if len(forward) > 10_000 {
			return nil, nil, errors.New("the pages have no end")
		}
		if s, err = read(p); err != nil {
			return nil, nil, err
		}
		if p.Cursor == nil && s.Previous != nil {
			return nil, nil, errors.New("something precedes the first page")
		}
		if len(s.Items) > size {
			return nil, nil, fmt.Errorf("%d items on a page of %d", len(s.Items), size)
		}
		for _, item := range s.Items {
			forward = append(forward, id(item))
		}
		if s.Next == nil {
			break
		}
	}
	for {
		for _, item := range slices.Backward(s.Items) {
			back = append(back, id(item))
		}
		if s.Previous == nil {
			break
		}
		if s, err = read(projections.Page{Size: size, Cursor: s.Previous}); err != nil {
			return nil, nil, err
		}
		if s.Next == nil {
			return nil, nil, errors.New("nothing follows a page that was gone back to")
		}
	}
	slices.Reverse(back)
	return forward, back, nil
}

func ticketUUID(v view.Ticket) uuid.UUID { return v.ID }

func TestListsOfTickets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	t.Run("any viewer, filter, order and page size", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			viewer := everybody[rapid.SampledFrom([]string{"ann", "bob", "eve", "max", "zoe", "rob", "ida", "nemo", "timer"}).Draw(rt, "viewer")]
			f := w.anyFilter(rt)
			w.checkList(t, viewer, f, rapid.SampledFrom([]int{3, 10, 100}).Draw(rt, "page size"))
			w.checkCounts(t, viewer, f)
			if t.Failed() {
				rt.FailNow()
			}
		})
	})
	t.Run("everybody sees what the rules show them", func(t *testing.T) {
		for name, viewer := range everybody {
			w.checkList(t, viewer, projections.TicketFilter{}, 100)
			for id, state := range w.states {
				got, err := w.Ticket(testContext(t), viewer, ticket.Ref{ID: ticket.ID{UUID: id}})
				if state.VisibleTo(viewer) != (err == nil) || (err != nil && !errors.Is(err, domain.ErrNotFound)) {
					t.Errorf("%s asks for %s: got %v, visible is %v", name, id, err, state.VisibleTo(viewer))
				}
				if err == nil {
					w.checkTicket(t, viewer, got)
				}
			}
		}
	})
	t.Run("each order both ways", func(t *testing.T) {
		for _, by := range []projections.TicketOrder{projections.ByCreated, projections.ByUpdated, projections.ByPriority, projections.ByNumber} {
			for _, desc := range []bool{false, true} {
				w.checkList(t, everybody["rob"], projections.TicketFilter{OrderBy: by, Descending: desc}, 4)
			}
		}
	})
	t.Run("parts of titles", func(t *testing.T) {
		for _, part := range []string{
			"printer", "PRINTER", "0%", "%", "_", "e_c", "100", `\`, `k\s`, "'", `"`, "ünï", "straße", "王", "<b>", "$1", "?", "?%", "fire", "  ", "nothing of the kind",
		} {
			w.checkList(t, everybody["rob"], projections.TicketFilter{Title: part}, 100)
		}
	})
	t.Run("bounds of time are inclusive below and exclusive above", func(t *testing.T) {
		for _, r := range w.want.tickets[:10] {
			created, updated := r.CreatedAt, r.UpdatedAt
			w.checkList(t, everybody["rob"], projections.TicketFilter{CreatedAfter: &created}, 100)
			w.checkList(t, everybody["rob"], projections.TicketFilter{CreatedBefore: &created}, 100)
			w.checkList(t, everybody["rob"], projections.TicketFilter{UpdatedAfter: &updated}, 100)
			w.checkList(t, everybody["rob"], projections.TicketFilter{UpdatedBefore: &updated}, 100)
			w.checkList(t, everybody["rob"], projections.TicketFilter{CreatedAfter: &created, CreatedBefore: ptr(created.Add(time.Microsecond))}, 100)
		}
	})
	t.Run("ids by number", func(t *testing.T) {
		for _, r := range w.want.tickets {
			if got, err := w.TicketID(testContext(t), ticket.Ref{Number: r.Number}); err != nil || got.UUID != r.ID {
				t.Errorf("number %d: got %v, %v, want %v", r.Number, got, err, r.ID)
			}
		}
		for id, s := range w.states {
			if s.Deleted {
				if _, err := w.TicketID(testContext(t), ticket.Ref{Number: s.Number}); !errors.Is(err, domain.ErrNotFound) {
					t.Errorf("number of deleted %s: got %v, want %v", id, err, domain.ErrNotFound)
				}
			}
		}
		if _, err := w.TicketID(testContext(t), ticket.Ref{Number: 1_000_000}); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("got %v, want %v", err, domain.ErrNotFound)
		}
		unknown := newTicketID()
		if got, err := w.TicketID(testContext(t), ticket.Ref{ID: unknown}); err != nil || got != unknown {
			t.Errorf("an id is its own answer: got %v, %v", got, err)
		}
	})
}

func TestPagingIsStableWhileRowsComeAndGo(t *testing.T) {
	t.Parallel()
	for _, order := range []projections.TicketFilter{
		{}, {OrderBy: projections.ByCreated}, {OrderBy: projections.ByPriority, Descending: true}, {OrderBy: projections.ByNumber}, {OrderBy: projections.ByUpdated, Descending: true},
	} {
		t.Run(fmt.Sprintf("by %q, descending %v", order.OrderBy, order.Descending), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			fresh := d.follow(t, 1000)
			at := func(n int) time.Time { return time.Date(2026, 1, 1, 0, n/4, 0, 0, time.UTC) } // ties of four
			number := int64(0)
			open := func(n int) uuid.UUID {
				id := newID()
				number++
				d.append(t, id, 0, at(n), ticket.Opened{Number: number, Title: "t", Priority: []ticket.Priority{ticket.Low, ticket.Medium, ticket.High}[n%3]})
				return id
			}
			var stay []uuid.UUID
			for n := range 40 {
				stay = append(stay, open(n))
			}
			d.project(t, fresh)
			read := func(p projections.Page) (projections.Slice[view.Ticket], error) {
				return d.Tickets(testContext(t), everybody["rob"], order, p)
			}
			var added []uuid.UUID
			pages := 0
			disturbed := func(p projections.Page) (projections.Slice[view.Ticket], error) {
				s, err := read(p)
				pages++
				if len(added) > 0 && pages%2 == 0 { // the oldest guests leave again
					d.append(t, added[0], 1, time.Time{}, ticket.Deleted{})
					added = added[1:]
				}
				added = append(added, open(pages*7%40), open(pages*11%40))
				d.project(t, fresh)
				return s, err
			}
			forward, back, err := walk(3, disturbed, ticketUUID)
			if err != nil {
				t.Fatal(err)
			}
			calm, _, err := walk(100, read, ticketUUID)
			if err != nil {
				t.Fatal(err)
			}
			want := only(calm, stay)
			for way, got := range map[string][]uuid.UUID{"forward": forward, "back": back} {
				if diff := gocmp.Diff(want, only(got, stay)); diff != "" {
					t.Errorf("%s, those that stayed (-want +got):\n%s", way, diff)
				}
				slices.SortFunc(got, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
				if len(slices.Compact(slices.Clone(got))) != len(got) {
					t.Errorf("%s, something was shown twice", way)
				}
			}
		})
	}
}

// only returns those of all that are among some, in their order.
func only(all, some []uuid.UUID) []uuid.UUID {
	return slices.DeleteFunc(slices.Clone(all), func(id uuid.UUID) bool { return !slices.Contains(some, id) })
}

func TestARowTheCursorStoodOnMayGo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	fresh := d.follow(t, 1000)
	var ids []uuid.UUID
	for n := range int64(9) {
		ids = append(ids, newID())
		d.append(t, ids[n], 0, time.Time{}, ticket.Opened{Number: n + 1, Title: "t", Priority: ticket.Low})
	}
	d.project(t, fresh)
	read := func(p projections.Page) []uuid.UUID {
		s, err := d.Tickets(testContext(t), everybody["rob"], projections.TicketFilter{OrderBy: projections.ByNumber}, p)
		if err != nil {
			t.Fatal(err)
		}
		var got []uuid.UUID
		for _, item := range s.Items {
			got = append(got, item.ID)
		}
		return got
	}
	cursor := projections.Cursor{Key: "3", ID: ids[2]}
	d.append(t, ids[2], 1, time.Time{}, ticket.Deleted{})
	d.project(t, fresh)
	if diff := gocmp.Diff(ids[3:6], read(projections.Page{Size: 3, Cursor: &cursor})); diff != "" {
		t.Errorf("after it (-want +got):\n%s", diff)
	}
	cursor.Back = true
	if diff := gocmp.Diff(ids[:2], read(projections.Page{Size: 3, Cursor: &cursor})); diff != "" {
		t.Errorf("before it (-want +got):\n%s", diff)
	}
}
