package search

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections"
	"helpdesk/projections/terms"
)

// searchChars is how many characters of one ticket are searched, the oldest
// first: a text search vector holds 1 MB at most, and Postgres refuses a larger
// one with an error that would set aside the event. See [terms.Vector] for sizes.
const searchChars = 100_000

// version is of the terms that texts are cut into.
const version = 2

// textRow is a text that is new to the words of its ticket.
type textRow struct {
	TicketID uuid.UUID `db:"ticket_id"`
	N        int       `db:"n"` // its place among those of its ticket
	Internal bool      `db:"internal"`
	Words    string    `db:"words"`
	Chars    int       `db:"chars"`
	Weight   string    `db:"weight"` // A: a title, B: a description, C: a comment, D: its number

	text    string
	comment uuid.UUID
}

// weights are those of texts that can be redacted.
var weights = map[ticket.Field]string{ticket.FieldTitle: "A", ticket.FieldDescription: "B", ticket.FieldComment: "C"}

var textTable = projections.NewTable[textRow]("ticket_search")

var appendTextsSQL = `
WITH texts AS (
    SELECT r.ticket_id, r.n, r.internal, r.chars, setweight(r.words::tsvector, r.weight::"char") AS words
    FROM ` + textTable.Unnest() + `
), counted AS (
    SELECT ticket_id, n, internal, words,
        coalesce(s.chars, 0) + sum(t.chars) OVER whole AS upto,
        coalesce(s.public_chars, 0) + sum(t.chars) FILTER (WHERE NOT internal) OVER whole AS public_upto
    FROM texts AS t LEFT JOIN ticket_search AS s USING (ticket_id)
    WINDOW whole AS (PARTITION BY ticket_id ORDER BY n)
), added AS (
    SELECT ticket_id, bool_or(internal) AS internal, max(upto) AS chars, max(public_upto) AS public_chars,
        coalesce(read.words_together(words ORDER BY n) FILTER (WHERE NOT internal AND public_upto <= $7), '') AS public_words,
        coalesce(read.words_together(words ORDER BY n) FILTER (WHERE upto <= $7), '') AS all_words
    FROM counted
    GROUP BY ticket_id
), together AS (
    INSERT INTO ticket_search (ticket_id, public_words, all_words, chars, public_chars)
    SELECT ticket_id,
        coalesce(s.public_words, '') || a.public_words,
        CASE WHEN a.internal OR s.all_words IS NOT NULL THEN coalesce(s.all_words, s.public_words, '') || a.all_words END,
        a.chars,
        coalesce(a.public_chars, s.public_chars, 0)
    FROM added AS a LEFT JOIN ticket_search AS s USING (ticket_id)
    ON CONFLICT (ticket_id) DO UPDATE SET
        public_words = excluded.public_words,
        all_words = excluded.all_words,
        chars = excluded.chars,
        public_chars = excluded.public_chars
    RETURNING ticket_id, public_words, all_words
)
UPDATE active_search AS a SET public_words = t.public_words, all_words = t.all_words
FROM together AS t
WHERE a.ticket_id = t.ticket_id`

const (
	activeTicketsSQL = `
INSERT INTO active_search (ticket_id, public_words, all_words)
SELECT ticket_id, public_words, all_words FROM ticket_search WHERE ticket_id = ANY ($1)
ON CONFLICT (ticket_id) DO NOTHING`

	doneTicketsSQL = `DELETE FROM active_search WHERE ticket_id = ANY ($1)`

	forgetTicketsSQL = `
WITH active AS (DELETE FROM active_search WHERE ticket_id = ANY ($1))
DELETE FROM ticket_search WHERE ticket_id = ANY ($1)`
)

// Follower keeps read.ticket_search and, of the tickets that are active,
// read.active_search.
//
// What is written anew comes behind the words a ticket has. Where a text of it became
// another, or went, its words are put together afresh, of all its events.
func Follower() follow.Follower {
	return projections.WithTexts(follow.Follower{
		Name:   projections.TicketWords,
		Tables: []string{"ticket_search", "active_search"},
		Types: eventstore.Types(ticket.Opened{}, ticket.Retitled{}, ticket.Described{}, ticket.CommentAdded{},
			ticket.CommentEdited{}, ticket.CommentRemoved{}, ticket.TextRedacted{}, ticket.Resolved{}, ticket.Closed{}, ticket.Reopened{},
			ticket.Deleted{}, ticket.Restored{}),
		Apply:   applyTicketWords,
		Afresh:  changesText,
		Version: version,
	}, forgetTicketsSQL)
}

// changesText reports whether an event makes another text of one there was, or of none.
func changesText(e domain.Event) bool {
	switch e.(type) {
	case ticket.Retitled, ticket.Described, ticket.CommentEdited, ticket.CommentRemoved:
		return true
	}
	return false
}

// searchPage is what a page of events comes to.
type searchPage struct {
	texts   map[uuid.UUID][]*textRow // of each ticket, in their order
	active  map[uuid.UUID]bool       // whether tickets that became active, or ceased to be, are
	deleted []uuid.UUID              // tickets
}

func applyTicketWords(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	p := searchPage{texts: map[uuid.UUID][]*textRow{}, active: map[uuid.UUID]bool{}}
	for _, e := range events {
		p.fold(e)
	}
	for _, id := range p.deleted {
		delete(p.texts, id)
	}
	texts := p.rows()
	return projections.WriteAll(ctx, tx,
		projections.Write{What: "append texts", SQL: appendTextsSQL, N: len(texts), Args: append(textTable.Args(texts), searchChars)},
		projections.IDsTo("add tickets that are active", activeTicketsSQL, p.became(true)),
		projections.IDsTo("forget tickets that are done", doneTicketsSQL, p.became(false)),
		projections.IDsTo("forget tickets", forgetTicketsSQL, p.deleted),
	)
}

// rows returns the texts, in the order of their tickets.
func (p *searchPage) rows() (rows []*textRow) {
	ids := slices.SortedFunc(maps.Keys(p.texts), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range ids {
		for n, t := range p.texts[id] {
			t.N = n
			if t.text != "" { // it is no number
				t.Words, t.Chars = terms.Vector(t.text, t.Weight == "A")
			}
			rows = append(rows, t)
		}
	}
	return rows
}

// became returns the tickets that the page left active, or made cease to be.
func (p *searchPage) became(active bool) []uuid.UUID {
	var ids []uuid.UUID
	for id, is := range p.active {
		if is == active {
			ids = append(ids, id)
		}
	}
	return ids
}

func (p *searchPage) fold(e eventstore.Envelope) {
	id := e.StreamID
	switch d := e.Event.(type) {
	case ticket.Opened:
		p.add(id, textRow{Weight: "A", text: d.Title})
		p.add(id, textRow{Weight: "B", text: d.Description})
		p.add(id, textRow{Weight: "D", Words: terms.OfNumber(d.Number)})
	case ticket.Retitled:
		p.change(id, "A", uuid.Nil, d.Title)
	case ticket.Described:
		p.change(id, "B", uuid.Nil, d.Description)
	case ticket.CommentAdded:
		p.add(id, textRow{Weight: "C", text: d.Text, Internal: d.Internal, comment: d.CommentID.UUID})
	case ticket.CommentEdited:
		p.change(id, "C", d.CommentID.UUID, d.Text)
	case ticket.TextRedacted:
		p.change(id, weights[d.Field], d.CommentID.UUID, d.Text)
	case ticket.CommentRemoved:
		p.texts[id] = slices.DeleteFunc(p.texts[id], func(t *textRow) bool { return t.comment == d.CommentID.UUID })
	case ticket.Deleted:
		p.deleted = append(p.deleted, id)
	case ticket.Restored: // all of the ticket's events are here with it
		p.deleted = slices.DeleteFunc(p.deleted, func(deleted uuid.UUID) bool { return deleted == id })
	}
	if status, became := ticket.StatusAfter(e.Event); became {
		p.active[id] = status.Active()
	}
}

func (p *searchPage) add(id uuid.UUID, t textRow) {
	t.TicketID = id
	p.texts[id] = append(p.texts[id], &t)
}

// change gives a text of a ticket, which was read from its opening on, another wording.
func (p *searchPage) change(id uuid.UUID, weight string, comment uuid.UUID, text string) {
	for _, t := range p.texts[id] {
		if t.Weight == weight && t.comment == comment {
			t.text = text
		}
	}
}
