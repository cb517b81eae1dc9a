package commands

import (
	"testing"

	"helpdesk/domain/ticket"
	"helpdesk/test/kit"
)

// BenchmarkLongStream comments on tickets that have comments already, by the process
// that wrote the last one and by one that has to load the ticket.
func BenchmarkLongStream(b *testing.B) {
	d := log{Log: kit.New(b)}
	for _, c := range []struct {
		name     string
		comments int
		kept     bool
	}{{"new", 0, true}, {"500", 500, true}, {"new_loaded", 0, false}, {"500_loaded", 500, false}} {
		b.Run(c.name, func(b *testing.B) {
			d.Tickets = NewTickets(d.Store, d.Store)
			id := newTicketID()
			comment := func() {
				if !c.kept {
					d.kept = nil
				}
				_, err := d.Do(b.Context(), Request{}, id, ticket.AddComment{By: as(ann), CommentID: ticket.CommentID{UUID: kit.NewID()}, Text: "It still smokes, and smells."})
				if err != nil {
					b.Fatal(err)
				}
			}
			if _, err := d.Open(b.Context(), Request{}, id, opening()); err != nil {
				b.Fatal(err)
			}
			for range c.comments {
				comment()
			}
			b.ResetTimer()
			for range b.N {
				comment()
			}
		})
	}
}
