package tickets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/terms"
	"helpdesk/projections/view"
)

// ErrTooCommon refuses a search for words that more tickets have than the filter
// lets be compared, among more than twice as many that the viewer sees.
var ErrTooCommon = errors.New("too many tickets have these words")

// foundTicket is a ticketView with how well it matches.
type foundTicket struct {
	ticketView
	Rank     float32
	BeginsAt *time.Time // where the age of the newest tickets begins, if these are searched
	Begins   *uuid.UUID
	age      int
}

// foundColumns are those of a foundTicket.
func foundColumns(rank, beginsAt, begins string) string {
	return ticketColumns + ", " + rank + " AS rank, " + beginsAt + " AS begins_at, " + begins + " AS begins"
}

// begins returns where the age begins.
func (v foundTicket) begins() (b begin) {
	if v.BeginsAt != nil {
		b.at = v.BeginsAt.UTC()
	}
	if v.Begins != nil {
		b.id = *v.Begins
	}
	return b
}

func foundAt(v foundTicket) (string, uuid.UUID) { return v.rank(), v.ID }

// rank returns the rank as a cursor has it.
func (v foundTicket) rank() string { return strconv.FormatFloat(float64(v.Rank), 'g', -1, 32) }

// search narrows a list to the tickets that match the filter's Search, in the
// words the viewer may read, and returns what to list from. Most tickets have no
// internal notes, and no words beside the public ones.
func (w *where) search(viewer domain.Actor, from string, f projections.TicketFilter) (joined string) {
	w.have(viewer, w.query(f))
	return from + joinWords(f)
}

// query returns a search as Postgres reads it: once, and not for every row, in a
// statement that is planned once.
func (w *where) query(f projections.TicketFilter) string {
	query := w.Arg(terms.Query(f.Search)) + "::text::tsquery"
	if f.Formerly {
		query = "(" + query + " || websearch_to_tsquery('english', " + w.Arg(f.Search) + "))"
	}
	if w.Once {
		return "(SELECT " + query + ")"
	}
	return query
}

// have adds the condition that a ticket has the words of a query, and returns
// its rank.
func (w *where) have(viewer domain.Actor, query string) (rank string) {
	condition, words := haveWords(viewer, query)
	w.Add(condition)
	return fmt.Sprintf("ts_rank(%s, %s)", words, query)
}

// haveWords returns the condition that words of alias s have those of a query, and
// where these are.
func haveWords(viewer domain.Actor, query string) (condition, words string) {
	if ticket.SeesInternal(viewer) {
		return "(s.all_words @@ " + query + " OR (s.all_words IS NULL AND s.public_words @@ " + query + "))", "coalesce(s.all_words, s.public_words)"
	}
	return "s.public_words @@ " + query, "s.public_words"
}

// wordsTable returns the table with the words of all tickets that a filter may let
// through: the small one of those that are active, when it asks for no others.
func wordsTable(f projections.TicketFilter) string {
	if len(f.Statuses) == 0 || slices.ContainsFunc(f.Statuses, func(s ticket.Status) bool { return !s.Active() }) {
		return "read.ticket_search"
	}
	return "read.active_search"
}

// ranks returns a page of a search in the order of ranks. A ticket whose texts
// change moves within the list; all others keep their place.
func (r *Reader) ranks(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	if f.CompareMost == 0 {
		return r.foundByAge(ctx, viewer, f, p)
	}
	var w where
	if err := r.narrow(ctx, &w, viewer, f); err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	query := w.query(f)
	return r.compared(ctx, viewer, ranked(viewer, f, w, query), p)
}

// ranked returns the list of a search in the order of ranks, with the conditions of w
// besides.
func ranked(viewer domain.Actor, f projections.TicketFilter, w where, query string) projections.List[foundTicket] {
	l := projections.List[foundTicket]{
		Cast: "real", ID: "t.id", Desc: true, Varies: !w.Once,
		At: foundAt,
	}
	l.From = w.TicketsOf(viewer) + joinWords(f)
	l.Key = w.have(viewer, query)
	l.Columns = foundColumns(l.Key, "NULL::timestamptz", "NULL::uuid")
	w.tickets(f)
	l.Where = w.Where
	return l
}

// compared reads a page of a search in the order of ranks.
func (r *Reader) compared(ctx context.Context, viewer domain.Actor, l projections.List[foundTicket], p projections.Page) (projections.Slice[view.Ticket], error) {
	views, err := l.Page(ctx, r.pool, p)
	if err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	return projections.Map(views, func(v foundTicket) view.Ticket { return v.show(viewer) }), nil
}

// narrow narrows a search to the tickets that have its words, whatever else is
// asked of them, if they are few enough to be compared. If they are not, those the
// viewer sees may be: twice as many, for they are at hand. Else it returns
// [ErrTooCommon].
func (r *Reader) narrow(ctx context.Context, w *where, viewer domain.Actor, f projections.TicketFilter) error {
	var words, seen where
	words.have(viewer, words.query(f))
	have, err := r.some(ctx, "s.ticket_id", wordsTable(f)+" AS s"+words.String(), words.Args, f.CompareMost)
	if err != nil {
		return err
	}
	if len(have) <= f.CompareMost {
		w.Add("t.id = ANY (?)", have)
		return nil
	}
	if viewer.SeesAll() {
		return ErrTooCommon
	}
	reasons := seen.Reasons(viewer)
	seen.tickets(f)
	most := 2 * f.CompareMost
	limit := fmt.Sprintf(" LIMIT %d", most+1)
	theirs, err := r.some(ctx, "t.id", seen.From(projections.PresentTickets, reasons, "t.id", limit), seen.Args, most)
	if err != nil {
		return err
	}
	if len(theirs) > most {
		return ErrTooCommon
	}
	return nil
}

// some returns ids, at most one more than most.
func (r *Reader) some(ctx context.Context, id, from string, args []any, most int) ([]uuid.UUID, error) {
	rows, _ := r.pool.Query(ctx, fmt.Sprintf("SELECT %s FROM %s LIMIT %d", id, from, most+1), projections.Planned(args)...) // CollectRows returns its error
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("look for what to compare: %w", err))
	}
	return ids, nil
}
