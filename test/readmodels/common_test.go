package readmodels

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain/ticket"
	"helpdesk/internal/pgid"
	"helpdesk/projections"
	"helpdesk/projections/view"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

// manyTickets are more than are compared, or looked through, at once.
const manyTickets = 9000

// many is what is known of ticket n of manySQL.
type many int64

func (n many) lamps() int64    { return int64(1 + n/6%3) } // how well it matches
func (n many) anns() bool      { return n%2 == 0 }
func (n many) eves() bool      { return n%3 == 0 }
func (n many) toner() bool     { return n <= 2000 && n%20 == 0 } // none of the newest
func (n many) old() bool       { return n <= 6500 }              // more than are put in order
func (n many) beacon() bool    { return n%100 == 0 }
func (n many) torch() bool     { return n%10 == 1 }
func (n many) priority() int64 { return int64(1 + n%3) }

const manySQL = `
INSERT INTO read.tickets
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, n,
    repeat('Lamp ', 1 + n / 6 % 3) || CASE WHEN n <= 2000 AND n % 20 = 0 THEN 'asks for toner ' ELSE '' END
        || CASE WHEN n <= 6500 THEN 'oldie ' ELSE '' END || CASE WHEN n = 7 THEN 'q=x' ELSE '' END,
    CASE WHEN n % 100 = 0 THEN 'beacon' WHEN n % 10 = 1 THEN 'torch' ELSE 'none' END,
    (ARRAY['low','medium','high'])[1 + n % 3], 1 + n % 3, 'closed',
    CASE WHEN n % 2 = 0 THEN $1::uuid ELSE $2 END, CASE WHEN n % 2 = 0 THEN $1::uuid ELSE $2 END, CASE WHEN n % 3 = 0 THEN $3::uuid END,
    '2026-01-01'::timestamptz + n / 4 * interval '1 minute', '2026-01-01', NULL, NULL, NULL, NULL, 0, 0, 1, n
FROM generate_series(1, 9000) AS n`

const manyWordsSQL = `
INSERT INTO read.ticket_search
SELECT id, setweight(to_tsvector('english', title), 'A') || to_tsvector('english', description), NULL FROM read.tickets`

// manyDesk is a desk with many tickets, and what hears its statements.
func manyDesk(t *testing.T) (readers, *listener) {
	t.Helper()
	db := pgtest.New(t)
	owner, ctx := db.OwnerPool(t), kit.Context(t)
	if _, err := owner.Exec(ctx, manySQL, everybody["ann"].ID, everybody["bob"].ID, everybody["eve"].ID); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{manyWordsSQL, `VACUUM ANALYZE read.tickets, read.ticket_search`} {
		if _, err := owner.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	config, err := pgxpool.ParseConfig(db.ServiceURL)
	if err != nil {
		t.Fatal(err)
	}
	ear := &listener{}
	config.ConnConfig.Tracer = ear
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		pgid.Register(conn.TypeMap())
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return newReaders(pool), ear
}

// those returns the numbers of tickets with something, the newest first.
func those(has func(many) bool) (numbers []int64) {
	for n := int64(manyTickets); n > 0; n-- {
		if has(many(n)) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// numbered is the id of ticket n; walk compares these.
func numbered(n int64) uuid.UUID {
	return uuid.MustParse(fmt.Sprintf("00000000-0000-7000-8000-%012x", n))
}

func (r readers) checkPages(t *testing.T, who string, f projections.TicketFilter, size int, want []int64) {
	t.Helper()
	read := func(p projections.Page) (projections.Slice[view.Ticket], error) {
		return r.Tickets(kit.Context(t), everybody[who], f, p)
	}
	forward, back, err := walk(size, read, ticketUUID)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]uuid.UUID, len(want))
	for i, n := range want {
		ids[i] = numbered(n)
	}
	for way, got := range map[string][]uuid.UUID{"forward": forward, "back": back} {
		if diff := gocmp.Diff(ids, got); diff != "" {
			t.Errorf("%s of %d, want %d (-want +got):\n%.2000s", way, len(got), len(want), diff)
		}
	}
}

func TestTheBestOfTheNewestComeFirstOfWordsThatManyTicketsHave(t *testing.T) {
	t.Parallel()
	r, ear := manyDesk(t)
	everything := func(many) bool { return true }
	for name, c := range map[string]struct {
		who    string
		filter projections.TicketFilter
		has    func(many) bool
		ages   []int64 // the lowest number of each
	}{
		"of all":                     {"rob", projections.TicketFilter{Search: "lamp"}, everything, []int64{8001, 4001, 1}},
		"narrowed":                   {"ida", projections.TicketFilter{Search: "lamp", Priorities: []ticket.Priority{ticket.High}}, func(n many) bool { return n.priority() == 3 }, []int64{8001, 4001, 1}},
		"of one in ten":              {"zoe", projections.TicketFilter{Search: "torch"}, many.torch, []int64{8001, 4001, 1}},
		"of few, whatever their age": {"rob", projections.TicketFilter{Search: "beacon"}, many.beacon, []int64{1}},
		"of none":                    {"rob", projections.TicketFilter{Search: "zebra"}, func(many) bool { return false }, []int64{1}},
		"a requester's":              {"ann", projections.TicketFilter{Search: "lamp"}, many.anns, []int64{8402, 6002, 1}},
		"a requester's few":          {"ann", projections.TicketFilter{Search: "beacon"}, many.beacon, []int64{1}},
		"an agent's":                 {"eve", projections.TicketFilter{Search: "lamp"}, many.eves, []int64{8103, 4503, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			age := func(n int64) int { return slices.IndexFunc(c.ages, func(lowest int64) bool { return n >= lowest }) }
			want := those(c.has)
			slices.SortStableFunc(want, func(a, b int64) int {
				return cmp.Or(cmp.Compare(age(a), age(b)), cmp.Compare(many(b).lamps(), many(a).lamps()), cmp.Compare(b, a))
			})
			if c.filter.Search != "lamp" {
				slices.SortStableFunc(want, func(a, b int64) int { return cmp.Or(cmp.Compare(age(a), age(b)), cmp.Compare(b, a)) })
			}
			c.filter.OrderBy = projections.ByRank
			r.checkPages(t, c.who, c.filter, 97, want)
		})
	}
	ear.take()
	s, err := r.Tickets(kit.Context(t), everybody["rob"], projections.TicketFilter{Search: "lamp", OrderBy: projections.ByRank}, projections.Page{Size: 25, Count: true})
	if err != nil || len(ear.take()) != 2 || *s.Count != manyTickets {
		t.Errorf("a page and a count of what all have: %v of %d by some other number of statements than 2", err, *s.Count)
	}
}

func TestAPartOfATitleOrAWordIsFoundWhereverTheTicketsWithItAre(t *testing.T) {
	t.Parallel()
	r, ear := manyDesk(t)
	for name, c := range map[string]struct {
		who, part  string
		has        func(many) bool
		statements int // of the first page
	}{
		"that all have":             {"rob", "lamp", func(many) bool { return true }, 1},
		"that none of the new have": {"rob", "TONER", many.toner, 1},
		"that old ones have":        {"rob", "oldie", many.old, 2},
		"that none has":             {"rob", "zebra", func(many) bool { return false }, 1},
		"that no index finds":       {"rob", "q=", func(n many) bool { return n == 7 }, 1},
		"among a requester's":       {"ann", "toner", many.toner, 1},
		"among an agent's":          {"eve", "toner", func(n many) bool { return n.toner() && n.eves() }, 1},
	} {
		check := func(t *testing.T, f projections.TicketFilter) {
			want := those(c.has)
			f.OrderBy, f.Descending = projections.ByNumber, true
			ear.take()
			if _, err := r.Tickets(kit.Context(t), everybody[c.who], f, projections.Page{Size: 25}); err != nil {
				t.Fatal(err)
			}
			if n := len(ear.take()); n != c.statements {
				t.Errorf("the first page took %d statements, want %d", n, c.statements)
			}
			r.checkPages(t, c.who, f, 97, want)
			slices.Reverse(want)
			f.Descending = false
			r.checkPages(t, c.who, f, 97, want)
			s, err := r.Tickets(kit.Context(t), everybody[c.who], f, projections.Page{Size: 1, Count: true})
			if err != nil || *s.Count != int64(len(want)) {
				t.Errorf("counted %d, %v; want %d", *s.Count, err, len(want))
			}
		}
		t.Run("a part of a title "+name, func(t *testing.T) { check(t, projections.TicketFilter{Title: c.part}) })
		if c.part != "q=" {
			t.Run("a word "+name, func(t *testing.T) { check(t, projections.TicketFilter{Search: c.part}) })
		}
	}
}
