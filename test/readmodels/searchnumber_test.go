package readmodels

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/view"
	"helpdesk/test/kit"
)

func TestANumberLeadsToItsTicketFirst(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	ann, bob := everybody["ann"].ID, everybody["bob"].ID
	for i := range 12 { // all but one mention ticket 7; 7 does not
		opened := ticket.Opened{Number: int64(i + 1), Title: "Like 7 and #7", Description: "7", Priority: ticket.Low, CreatedBy: ann}
		if i == 6 {
			opened.Title, opened.Description = "Plain", "Nothing."
		}
		if i == 10 {
			opened.CreatedBy = bob
		}
		d.append(t, numbered(opened.Number), 0, time.Time{}, opened)
	}
	d.project(t, fresh)
	all := []int64{7, 12, 11, 10, 9, 8, 6, 5, 4, 3, 2, 1}
	anns := []int64{7, 12, 10, 9, 8, 6, 5, 4, 3, 2, 1}
	for _, c := range []struct {
		who    string
		filter projections.TicketFilter
		want   []int64
	}{
		{"rob", projections.TicketFilter{Search: "7"}, all},
		{"rob", projections.TicketFilter{Search: " #7 "}, all},
		{"rob", projections.TicketFilter{Search: "#7", CompareMost: 100}, all},
		{"ann", projections.TicketFilter{Search: "#7"}, anns},
		{"bob", projections.TicketFilter{Search: "#7"}, []int64{11}},
		{"rob", projections.TicketFilter{Search: "7", Priorities: []ticket.Priority{ticket.High}}, nil},
		{"rob", projections.TicketFilter{Search: "3"}, []int64{3}},
		{"rob", projections.TicketFilter{Search: "plain 7"}, []int64{7}},
		{"rob", projections.TicketFilter{Search: "700"}, nil},
		{"rob", projections.TicketFilter{Search: "1"}, []int64{1}}, // not 10, 11 and 12
	} {
		c.filter.OrderBy = projections.ByRank
		for size := 1; size <= 13; size++ {
			read := func(p projections.Page) (projections.Slice[view.Ticket], error) {
				p.Count = true
				s, err := d.Tickets(kit.Context(t), everybody[c.who], c.filter, p)
				if err == nil && int(*s.Count) != len(c.want) {
					t.Errorf("%s searches %s: counted %d, want %d", c.who, c.filter.Search, *s.Count, len(c.want))
				}
				return s, err
			}
			forward, back, err := walk(size, read, ticketUUID)
			if err != nil {
				t.Fatal(err)
			}
			want := make([]uuid.UUID, len(c.want))
			for i, n := range c.want {
				want[i] = numbered(n)
			}
			for way, got := range map[string][]uuid.UUID{"forward": forward, "back": back} {
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s searches %s %s by %d (-want +got):\n%s", c.who, c.filter.Search, way, size, diff)
				}
			}
		}
	}
	s, err := d.Tickets(kit.Context(t), everybody["rob"], projections.TicketFilter{Search: "#7", OrderBy: projections.ByNumber}, projections.Page{Size: 100})
	if err != nil || len(s.Items) != len(all) {
		t.Errorf("in another order: %d tickets, %v", len(s.Items), err)
	}
}
