package readmodels

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/test/kit"
)

// formerSQL has the words of all tickets as Postgres cut them once, and says so.
const formerSQL = `
WITH former AS (
    UPDATE read.ticket_search AS s
    SET public_words = setweight(to_tsvector('english', t.title), 'A') || to_tsvector('english', t.description)
    FROM read.tickets AS t WHERE t.id = s.ticket_id
    RETURNING s.ticket_id, s.public_words
), active AS (
    UPDATE read.active_search AS a SET public_words = f.public_words FROM former AS f WHERE f.ticket_id = a.ticket_id
)
UPDATE checkpoints SET version = 1 WHERE name = 'ticket_words'`

func TestASearchFindsTheSameWhileItsTablesAreRebuiltForThisVersion(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	open := func(number int64, title, description string) {
		d.append(t, kit.NewID(), 0, time.Time{}, ticket.Opened{Number: number, Title: title, Description: description, Priority: ticket.Low})
	}
	open(1, "Printers smoking", "Mail of lisa@example.net: the toner")
	open(2, "Printers off", "It smokes no more.")
	d.project(t, fresh)
	owner := d.DB.OwnerPool(t)
	if _, err := owner.Exec(t.Context(), formerSQL); err != nil {
		t.Fatal(err)
	}
	open(3, "Printer of rechnung_2024.pdf", "It smokes.")
	d.project(t, fresh)

	check := func(when string, searches map[string][]int64) {
		t.Helper()
		for _, order := range []projections.TicketOrder{projections.ByRank, projections.ByNumber} {
			for _, statuses := range [][]ticket.Status{nil, {ticket.StatusOpen}} {
				for q, want := range searches {
					ctx, _ := projections.Arrive(t.Context(), fresh)
					f := projections.TicketFilter{Search: q, OrderBy: order, Statuses: statuses}
					s, err := d.Tickets(ctx, everybody["rob"], f, projections.Page{Size: 10})
					if err != nil {
						t.Fatal(err)
					}
					counts, err := d.CountTickets(ctx, everybody["rob"], []projections.TicketFilter{f}, 10, time.Second)
					if err != nil || counts[0] != len(want) {
						t.Errorf("%s, %s by %s: counted %v, %v", when, q, order, counts, err)
					}
					var got []int64
					for _, x := range s.Items {
						got = append(got, x.Number)
					}
					if slices.Sort(got); !slices.Equal(got, want) {
						t.Errorf("%s, %s by %s: got %v, want %v", when, q, order, got, want)
					}
				}
			}
		}
	}
	check("before", map[string][]int64{
		"printer": {1, 2, 3}, "smoked": {1, 2, 3}, "printer -toner": {2, 3}, `"printers smoking"`: {1}, "rechnung": {3}, "lisa@example.net": {1},
	})

	upgrade, err := filepath.Glob("../../migrations/*_terms_read.sql")
	if err != nil || len(upgrade) != 1 {
		t.Fatal(upgrade, err)
	}
	sql, err := os.ReadFile(upgrade[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Exec(t.Context(), string(sql)); err != nil {
		t.Fatal(err)
	}
	kit.Run(t, d.rebuilding(10).Run)
	kit.Poll(t, "the rebuild to be done", func() bool {
		return kit.One[int](t, d.Pool, `SELECT version FROM checkpoints WHERE name = 'ticket_words'`) == 2
	})
	check("after", map[string][]int64{
		"printer": {1, 2, 3}, "smoked": {1, 2, 3}, "printer -toner": {2, 3}, "printer -smoke": nil,
		`"printers smoking"`: {1}, "rechnung": {3}, "lisa": {1}, "2": {2},
	})
}
