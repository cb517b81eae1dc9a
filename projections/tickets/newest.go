package tickets

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// The queries of a search by age. Those among the newest tickets, and for words that
// few tickets have, take the same plan whatever the words, and are planned once.

const byAge = " ORDER BY t.created_at DESC, t.id DESC"

// theirs returns columns of tickets that the viewer sees, the newest first, as a query:
// of those of an age that ends before a place, and begins at lower, or if that is not
// known, of at most so many. w gets its arguments, and must have no others.
func (w *where) theirs(viewer domain.Actor, columns string, upper begin, lower *begin, most int) string {
	seen := where{projections.Where{Once: true}}
	reasons := seen.Reasons(viewer)
	seen.bound("<", upper)
	limit := fmt.Sprintf(" LIMIT %d", most)
	if lower != nil {
		seen.bound(">=", *lower)
		limit = ""
	}
	w.Args = seen.Args
	return "SELECT " + columns + " FROM " + seen.From(projections.PresentTickets, reasons, columns, byAge+limit) + byAge + limit
}

// placed are the columns of theirs that an index has.
const placed = "t.created_at, t.id"

// bound adds the condition that a ticket is on a side of where an age begins.
func (w *where) bound(side string, b begin) {
	if b != (begin{}) {
		w.Add("(t.created_at, t.id) "+side+" (?, ?)", b.at, b.id)
	}
}

// best returns the list of a search among the words of alias s that from has, and w has
// the conditions of: these are put in order first, and then only as many tickets are
// looked up as fill the page. with is a query that from names, begins where the age does.
func best(viewer domain.Actor, f projections.TicketFilter, w where, with, from, begins string) projections.List[foundTicket] {
	rank := w.have(viewer, w.query(f))
	found := with + "SELECT s.ticket_id, " + rank + " AS rank, " + begins + " FROM " + from + w.String()
	return inOrder(f, where{projections.Where{Args: w.Args, Once: w.Once}}, found)
}

// inOrder returns the list of the tickets that a query found, the best first: their ids,
// ranks and where their age begins. w has its arguments, and further conditions.
func inOrder(f projections.TicketFilter, w where, found string) projections.List[foundTicket] {
	w.tickets(f)
	return projections.List[foundTicket]{
		From: "(" + found + " ORDER BY rank DESC, ticket_id DESC OFFSET 0) AS s" +
			" CROSS JOIN LATERAL (SELECT * FROM read.tickets WHERE id = s.ticket_id OFFSET 0) AS t",
		Where: w.Where, Key: "s.rank", Cast: "real", ID: "s.ticket_id", Desc: true, Varies: !w.Once, At: foundAt,
		Columns: foundColumns("s.rank", "s.begins_at", "s.begins"),
	}
}

// unaged are the columns of where an age begins, where that is not to be found out.
const unaged = "NULL::timestamptz AS begins_at, NULL::uuid AS begins"

// oldest returns, as the row b, the oldest of the newest of all tickets: nothing where
// there are not as many.
func oldest(words string) string {
	return "(SELECT NULL::timestamptz AS begins_at, ticket_id AS begins FROM " + words + " ORDER BY ticket_id DESC" + fmt.Sprintf(" OFFSET %d LIMIT 1", newestMost-1) + ") AS b"
}

// ofAll returns the list of a search in an age of all tickets, those of the newest with
// where it begins.
func ofAll(viewer domain.Actor, f projections.TicketFilter, at place) projections.List[foundTicket] {
	words := wordsTable(f)
	if len(at.ages) == 0 {
		from := "(SELECT * FROM " + words + " ORDER BY ticket_id DESC" + fmt.Sprintf(" LIMIT %d", newestMost) + ") AS s LEFT JOIN " + oldest(words) + " ON true"
		return best(viewer, f, where{projections.Where{Once: true}}, "", from, "b.begins_at, b.begins")
	}
	w := where{projections.Where{Once: at.age < agesOnce}}
	if lower := at.ages[at.age]; lower != (begin{}) {
		w.Add("s.ticket_id >= ?", lower.id)
	}
	if at.age > 0 {
		w.Add("s.ticket_id < ?", at.ages[at.age-1].id)
	}
	return best(viewer, f, w, "", words+" AS s", unaged)
}

// ofTheirs returns the list of a search in an age of the tickets that the viewer sees,
// with where it begins. Words are looked up ticket by ticket, for many more tickets may
// have them.
func ofTheirs(viewer domain.Actor, f projections.TicketFilter, at place) projections.List[foundTicket] {
	w := where{projections.Where{Once: true}}
	most := sizeOf(viewer, at.age)
	beginning := fmt.Sprintf(" LEFT JOIN (SELECT created_at AS begins_at, id AS begins FROM theirs OFFSET %d LIMIT 1) AS b ON true", most-1)
	words := " CROSS JOIN LATERAL (SELECT * FROM " + wordsTable(f) + " WHERE ticket_id = t.id OFFSET 0) AS s"
	if viewer.Role == domain.RoleUser { // a page is most of their tickets: these are read at once
		theirs := w.theirs(viewer, "t.*", at.ends(), at.begins(), most)
		l := projections.List[foundTicket]{Cast: "real", ID: "t.id", Desc: true, At: foundAt}
		l.From = "(WITH theirs AS MATERIALIZED (" + theirs + ") SELECT * FROM theirs" + beginning + ") AS t" + words
		l.Key = w.have(viewer, w.query(f))
		l.Columns = foundColumns(l.Key, "t.begins_at", "t.begins")
		w.tickets(f)
		l.Where = w.Where
		return l
	}
	theirs := w.theirs(viewer, placed, at.ends(), at.begins(), most)
	return best(viewer, f, w, "WITH theirs AS MATERIALIZED ("+theirs+") ", "theirs AS t"+words+beginning, "b.begins_at, b.begins")
}

// joinWords returns what joins tickets with their words.
func joinWords(f projections.TicketFilter) string {
	return " JOIN " + wordsTable(f) + " AS s ON s.ticket_id = t.id"
}

// olderSQL finds the ticket that is so many before another. Numbers count them, if
// not exactly.
const olderSQL = `
SELECT NULL::timestamptz, id FROM read.tickets
WHERE number <= (SELECT number FROM read.tickets WHERE id = $1) - $2
ORDER BY number DESC LIMIT 1`

// begin finds out where the age of a place begins, unless it is known.
func (r *Reader) begin(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, at *place) error {
	if at.age < len(at.ages) {
		return nil
	}
	if at.age == agesMost {
		at.ages = append(at.ages, begin{})
		return nil
	}
	size := sizeOf(viewer, at.age)
	var w where
	var sql string
	switch {
	case !viewer.SeesAll():
		sql = w.theirs(viewer, placed, at.ends(), nil, size) + fmt.Sprintf(" OFFSET %d", size-1)
	case at.age > 0:
		sql, w.Args = olderSQL, []any{at.ages[at.age-1].id, size}
	default:
		sql = "SELECT begins_at, begins FROM " + oldest(wordsTable(f))
	}
	var found foundTicket
	err := r.pool.QueryRow(ctx, sql, w.Args...).Scan(&found.BeginsAt, &found.Begins)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return eventstore.Unreachable(fmt.Errorf("look for older tickets: %w", err))
	}
	at.ages = append(at.ages, found.begins())
	return nil
}

// few returns the first page of a search for words that few tickets have, compared
// whatever their age. It is not ok where more have them.
func (r *Reader) few(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (s projections.Slice[view.Ticket], ok bool, err error) {
	words, w := where{projections.Where{Once: true}}, where{projections.Where{Once: true}}
	rank := words.have(viewer, words.query(f))
	sql := fmt.Sprintf("SELECT s.ticket_id, %s FROM %s AS s%s LIMIT %d", rank, wordsTable(f), words, comparedMost+1)
	rows, _ := r.pool.Query(ctx, sql, words.Args...) // ForEachRow returns its error
	var ids []uuid.UUID
	var ranks []float32
	var id uuid.UUID
	var of float32
	_, err = pgx.ForEachRow(rows, []any{&id, &of}, func() error {
		ids, ranks = append(ids, id), append(ranks, of)
		return nil
	})
	if err != nil {
		return s, false, eventstore.Unreachable(fmt.Errorf("look for what to compare: %w", err))
	}
	if len(ids) == 0 || len(ids) > comparedMost {
		return s, len(ids) == 0, nil
	}
	found := fmt.Sprintf("SELECT ticket_id, rank, %s FROM unnest((SELECT %s::uuid[]), (SELECT %s::real[])) AS s (ticket_id, rank)",
		unaged, w.Arg(ids), w.Arg(ranks)) // by sub-select, lest the planner counts them and plans anew for each number
	w.VisibleTickets(viewer)
	s, err = r.compared(ctx, viewer, inOrder(f, w, found), p)
	return s, true, err
}
