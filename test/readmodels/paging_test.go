package readmodels

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/view"
	"helpdesk/test/kit"
)

func TestPagingIsStableWhileRowsComeAndGo(t *testing.T) {
	t.Parallel()
	for _, order := range []projections.TicketFilter{
		{}, {OrderBy: projections.ByCreated}, {OrderBy: projections.ByPriority, Descending: true}, {OrderBy: projections.ByNumber}, {OrderBy: projections.ByUpdated, Descending: true},
	} {
		t.Run(fmt.Sprintf("by %q, descending %v", order.OrderBy, order.Descending), func(t *testing.T) {
			t.Parallel()
			d := newModels(t)
			fresh := d.follow(t, 1000)
			at := func(n int) time.Time { return time.Date(2026, 1, 1, 0, n/4, 0, 0, time.UTC) } // ties of four
			number := int64(0)
			open := func(n int) uuid.UUID {
				id := kit.NewID()
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
				return d.Tickets(kit.Context(t), everybody["rob"], order, p)
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
	d := newModels(t)
	fresh := d.follow(t, 1000)
	var ids []uuid.UUID
	for n := range int64(9) {
		ids = append(ids, kit.NewID())
		d.append(t, ids[n], 0, time.Time{}, ticket.Opened{Number: n + 1, Title: "t", Priority: ticket.Low})
	}
	d.project(t, fresh)
	read := func(p projections.Page) []uuid.UUID {
		s, err := d.Tickets(kit.Context(t), everybody["rob"], projections.TicketFilter{OrderBy: projections.ByNumber}, p)
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
