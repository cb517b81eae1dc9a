package projections

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// searchChars is how many characters of one ticket are searched, the oldest
// first: a text search vector holds 1 MB at most, and Postgres refuses a larger
// one with an error that would park the event.
const searchChars = 100_000

// What a search looks at in a ticket beside its comments.
var (
	titlePart       = uuid.UUID{15: 1}
	descriptionPart = uuid.UUID{15: 2}
)

// textRow is a row of read.search_texts, with the text in place of its words.
type textRow struct {
	TicketID uuid.UUID
	Part     uuid.UUID
	Internal bool
	Position int64
	Text     string
	Weight   string
}

// "english" leaves other languages' words as they are but for their endings,
// and finds "printers" by "printer".
const (
	// Arrays and not JSON as elsewhere: texts are most of what this projector
	// writes, and Postgres takes half the time to read them so.
	textsFrom = ` FROM unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::bigint[], $5::text[], $6::text[]) AS r
    (ticket_id, part, internal, position, text, weight)`

	textWords = `setweight(to_tsvector('english', r.text), r.weight::"char")`

	writeTextsSQL = `
INSERT INTO search_texts (ticket_id, part, internal, position, chars, words)
SELECT r.ticket_id, r.part, r.internal, r.position, length(r.text), ` + textWords + textsFrom + `
ON CONFLICT (ticket_id, part) DO UPDATE SET
    chars = excluded.chars,
    words = excluded.words`

	editTextsSQL = `
UPDATE search_texts AS t SET chars = length(r.text), words = ` + textWords + textsFrom + `
WHERE t.ticket_id = r.ticket_id AND t.part = r.part`

	removeTextsSQL = `
DELETE FROM search_texts AS t USING unnest($1::uuid[], $2::uuid[]) AS r (ticket_id, part)
WHERE t.ticket_id = r.ticket_id AND t.part = r.part`

	forgetTicketsSQL = `
WITH texts AS (DELETE FROM search_texts WHERE ticket_id = ANY ($1))
DELETE FROM ticket_search WHERE ticket_id = ANY ($1)`

	putTogetherSQL = `
WITH texts AS (
    SELECT ticket_id, position, part, internal, words,
        sum(chars) OVER whole AS upto,
        sum(chars) FILTER (WHERE NOT internal) OVER whole AS public_upto
    FROM search_texts
    WHERE ticket_id = ANY ($1)
    WINDOW whole AS (PARTITION BY ticket_id ORDER BY position, part)
)
INSERT INTO ticket_search (ticket_id, public_words, all_words)
SELECT ticket_id,
    coalesce(read.words_together(words ORDER BY position, part) FILTER (WHERE NOT internal AND public_upto <= $2), ''),
    CASE WHEN bool_or(internal)
        THEN coalesce(read.words_together(words ORDER BY position, part) FILTER (WHERE upto <= $2), '') END
FROM texts
GROUP BY ticket_id
ON CONFLICT (ticket_id) DO UPDATE SET
    public_words = excluded.public_words,
    all_words = excluded.all_words`
)

// ticketSearch keeps read.search_texts and read.ticket_search.
func ticketSearch() eventstore.Follower {
	return withTexts(eventstore.Follower{
		Name:   "ticket_search",
		Tables: []string{"search_texts", "ticket_search"},
		Types: eventstore.Types(ticket.Opened{}, ticket.Retitled{}, ticket.Described{}, ticket.CommentAdded{},
			ticket.CommentEdited{}, ticket.CommentRemoved{}, ticket.Deleted{}),
		Apply: applyTicketSearch,
	}, forgetTicketsSQL)
}

// textKey names a text.
type textKey struct{ ticket, part uuid.UUID }

// searchPage is what a page of events comes to: one entry a text.
type searchPage struct {
	written map[textKey]textRow
	edited  map[textKey]textRow // comments written before the page
	removed map[textKey]textRow
	touched map[[16]byte]bool // tickets whose words changed
	deleted []uuid.UUID       // tickets
}

func applyTicketSearch(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	p := searchPage{
		written: map[textKey]textRow{}, edited: map[textKey]textRow{}, removed: map[textKey]textRow{}, touched: map[[16]byte]bool{},
	}
	for _, e := range events {
		p.fold(e)
	}
	for _, step := range []struct {
		what, sql string
		rows      map[textKey]textRow
	}{
		{"write texts", writeTextsSQL, p.written}, {"edit texts", editTextsSQL, p.edited}, {"remove texts", removeTextsSQL, p.removed},
	} {
		if len(step.rows) == 0 {
			continue
		}
		args := columnsOf(step.rows)
		if step.sql == removeTextsSQL {
			args = args[:2]
		}
		if _, err := tx.Exec(ctx, step.sql, args...); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	if len(p.deleted) > 0 {
		if _, err := tx.Exec(ctx, forgetTicketsSQL, p.deleted); err != nil {
			return fmt.Errorf("forget tickets: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, putTogetherSQL, slices.Collect(maps.Keys(p.touched)), searchChars); err != nil {
		return fmt.Errorf("put words together: %w", err)
	}
	return nil
}

// columnsOf answers rows as arrays, one a column, in the order of textsFrom. Ids
// are plain bytes: pgx would make a text of each uuid.UUID in an array.
func columnsOf(rows map[textKey]textRow) []any {
	n := len(rows)
	tickets, parts := make([][16]byte, 0, n), make([][16]byte, 0, n)
	internals, positions := make([]bool, 0, n), make([]int64, 0, n)
	texts, weights := make([]string, 0, n), make([]string, 0, n)
	for _, r := range rows {
		tickets, parts = append(tickets, r.TicketID), append(parts, r.Part)
		internals, positions = append(internals, r.Internal), append(positions, r.Position)
		texts, weights = append(texts, r.Text), append(weights, r.Weight)
	}
	return []any{tickets, parts, internals, positions, texts, weights}
}

func (p *searchPage) fold(e eventstore.Envelope) {
	switch d := e.Event.(type) {
	case ticket.Opened:
		p.write(e, titlePart, "A", d.Title, false)
		p.write(e, descriptionPart, "B", d.Description, false)
	case ticket.Retitled:
		p.write(e, titlePart, "A", d.Title, false)
	case ticket.Described:
		p.write(e, descriptionPart, "B", d.Description, false)
	case ticket.CommentAdded:
		p.write(e, d.CommentID.UUID, "C", d.Text, d.Internal)
	case ticket.CommentEdited:
		p.edit(textRow{TicketID: e.StreamID, Part: d.CommentID.UUID, Text: d.Text, Weight: "C"})
	case ticket.CommentRemoved:
		key := textKey{e.StreamID, d.CommentID.UUID}
		delete(p.written, key)
		p.removed[key] = textRow{TicketID: key.ticket, Part: key.part}
	case ticket.Deleted:
		p.deleted = append(p.deleted, e.StreamID)
	}
	p.touched[e.StreamID] = true
}

func (p *searchPage) write(e eventstore.Envelope, part uuid.UUID, weight, text string, internal bool) {
	row := textRow{TicketID: e.StreamID, Part: part, Internal: internal, Position: e.Position, Text: text, Weight: weight}
	key := textKey{e.StreamID, part}
	if earlier, here := p.written[key]; here {
		row.Position = earlier.Position // of the event that first brought it, as across pages
	}
	p.written[key] = row
}

func (p *searchPage) edit(row textRow) {
	key := textKey{row.TicketID, row.Part}
	if written, here := p.written[key]; here {
		written.Text = row.Text
		p.written[key] = written
		return
	}
	p.edited[key] = row
}
