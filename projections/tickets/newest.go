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
)

// The queries of a search by age. Those among the newest tickets, and for words that
// few tickets have, take the same plan whatever the words, and are planned once.

const byAge = " ORDER BY t.created_at DESC, t.id DESC"

// newestTickets returns so many of the newest tickets that the viewer sees, as a query
// of columns with rest behind it; w has its arguments and nothing else.
func (w *where) newestTickets(viewer domain.Actor, most int, columns, rest string) string {
	theirs := where{projections.Where{Once: true}}
	reasons := theirs.Reasons(viewer)
	w.Args = theirs.Args
	limit := fmt.Sprintf(" LIMIT %d", most)
	return "(SELECT " + columns + " FROM " + theirs.From(projections.PresentTickets, reasons, "t.*", byAge+limit) + byAge + rest + ")"
}

// oldest returns, as the row b, the oldest of so many of the newest tickets that the
// viewer sees: nothing where there are not as many. w has no arguments but those of
// newestTickets.
func (w *where) oldest(viewer domain.Actor, of int, words string) string {
	last := fmt.Sprintf(" OFFSET %d LIMIT 1", of-1)
	if viewer.SeesAll() {
		return "(SELECT NULL::timestamptz AS begins_at, ticket_id AS begins FROM " + words + " ORDER BY ticket_id DESC" + last + ") AS b"
	}
	return w.newestTickets(viewer, of, "t.created_at AS begins_at, t.id AS begins", last) + " AS b"
}

// newest returns the list of a search among the newest tickets that the viewer sees,
// each with where their age begins.
func newest(viewer domain.Actor, f projections.TicketFilter) projections.List[foundTicket] {
	w := where{projections.Where{Once: true}}
	words := wordsTable(f)
	begins := " LEFT JOIN " + w.oldest(viewer, newestOf(viewer), words) + " ON true"
	l := projections.List[foundTicket]{Cast: "real", ID: "t.id", Desc: true, At: foundAt}
	if viewer.SeesAll() {
		l.From = "(SELECT * FROM " + words + " ORDER BY ticket_id DESC" + fmt.Sprintf(" LIMIT %d", newestMost) + ") AS s JOIN " + projections.PresentTickets + " ON t.id = s.ticket_id" + begins
	} else {
		l.From = w.newestTickets(viewer, newestTheirs, "t.*", fmt.Sprintf(" LIMIT %d", newestTheirs)) + " AS t" + lookUpWords(f) + begins
	}
	l.Key = w.have(viewer, w.query(f.Search))
	l.Columns = foundColumns(l.Key, "b.begins_at", "b.begins")
	w.tickets(f)
	l.Where = w.Where
	return l
}

// ofAge returns the list of a search in the age of a place.
func ofAge(viewer domain.Actor, f projections.TicketFilter, at place) projections.List[foundTicket] {
	var w where
	w.Once = at.age < agesOnce || !viewer.SeesAll()
	w.bound(viewer, ">=", at.ages[at.age])
	if at.age > 0 {
		w.bound(viewer, "<", at.ages[at.age-1])
	}
	query, join := w.query(f.Search), joinWords(f)
	if !viewer.SeesAll() {
		join = lookUpWords(f)
	}
	return ranked(viewer, f, w, query, join)
}

// joinWords returns what joins tickets with their words.
func joinWords(f projections.TicketFilter) string {
	return " JOIN " + wordsTable(f) + " AS s ON s.ticket_id = t.id"
}

// lookUpWords returns what joins tickets with their words one by one: many more may
// have the words that are looked for.
func lookUpWords(f projections.TicketFilter) string {
	return " CROSS JOIN LATERAL (SELECT * FROM " + wordsTable(f) + " WHERE ticket_id = t.id OFFSET 0) AS s"
}

// bound adds the condition that a ticket is on a side of where an age begins.
func (w *where) bound(viewer domain.Actor, side string, b begin) {
	switch {
	case b == begin{}:
	case viewer.SeesAll():
		w.Add("s.ticket_id "+side+" ?", b.id)
	default:
		w.Add("(t.created_at, t.id) "+side+" (?, ?)", b.at, b.id)
	}
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
	size, upto := newestOf(viewer), newestOf(viewer)
	for range at.age {
		size *= olderBy
		upto += size
	}
	var w where
	sql := "SELECT begins_at, begins FROM " + w.oldest(viewer, upto, wordsTable(f))
	if at.age > 0 && viewer.SeesAll() {
		sql, w.Args = olderSQL, []any{at.ages[at.age-1].id, size}
	}
	var found foundTicket
	err := r.pool.QueryRow(ctx, sql, w.Args...).Scan(&found.BeginsAt, &found.Begins)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return eventstore.Unreachable(fmt.Errorf("look for older tickets: %w", err))
	}
	at.ages = append(at.ages, found.begins())
	return nil
}

// amongIDs is the condition that a ticket is among some. As a sub-select they are no
// constants, of which the planner would look at each.
const amongIDs = "t.id = ANY ((SELECT ?::uuid[])::uuid[])"

// few returns the list of a search for words that few tickets have, nil where there
// are more.
func (r *Reader) few(ctx context.Context, viewer domain.Actor, f projections.TicketFilter) (*projections.List[foundTicket], error) {
	words, w := where{projections.Where{Once: true}}, where{projections.Where{Once: true}}
	words.have(viewer, words.query(f.Search))
	sql := fmt.Sprintf("SELECT s.ticket_id FROM %s AS s%s LIMIT %d", wordsTable(f), words, comparedMost+1)
	rows, _ := r.pool.Query(ctx, sql, words.Args...) // CollectRows returns its error
	have, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("look for what to compare: %w", err))
	}
	if len(have) > comparedMost {
		return nil, nil
	}
	w.Add(amongIDs, have)
	query := w.query(f.Search)
	l := ranked(viewer, f, w, query, joinWords(f))
	return &l, nil
}
