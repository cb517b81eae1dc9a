package readmodels

import (
	"strings"
	"testing"
	"time"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/test/kit"
)

// A page of long texts is shorter than was asked for, and leads on to the rest.
func TestAPageHasSoManyBytesAtMost(t *testing.T) {
	t.Parallel()
	const tickets, most = 40, 1 << 20
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 50)
	long := strings.Repeat("x", 20_000) + strings.Repeat("ü", 10_000)
	for n := range int64(tickets) {
		d.append(t, kit.NewID(), 0, time.Time{}, ticket.Opened{
			Number: n + 1, Title: "x", Description: long, Priority: ticket.Low, CreatedBy: everybody["ann"].ID, OpenedBy: everybody["ann"].ID,
		})
	}
	d.project(t, fresh)
	for _, f := range []projections.TicketFilter{{}, {Title: "x"}} {
		var seen []int64
		for p := (projections.Page{Size: 100}); ; {
			slice, err := d.Tickets(kit.Context(t), everybody["rob"], f, p)
			if err != nil {
				t.Fatal(err)
			}
			bytes := 0
			for _, v := range slice.Items {
				bytes += len(v.Description)
				seen = append(seen, v.Number)
			}
			if bytes > most || len(slice.Items) == 0 {
				t.Errorf("a page of %d bytes in %d tickets, want at most %d", bytes, len(slice.Items), most)
			}
			if p.Cursor = slice.Next; p.Cursor == nil {
				break
			}
			if back, err := d.Tickets(kit.Context(t), everybody["rob"], f, projections.Page{Size: 100, Cursor: slice.Next}); err != nil || back.Previous == nil {
				t.Errorf("the page after it does not lead back: %v", err)
			}
		}
		if len(seen) != tickets || seen[0] != tickets || seen[tickets-1] != 1 {
			t.Errorf("the pages have %d tickets: %v", len(seen), seen)
		}
	}
}
