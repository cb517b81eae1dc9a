package projections

import (
	"context"
	"fmt"
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
	TicketID uuid.UUID `json:"ticket_id"`
	Part     uuid.UUID `json:"part"`
	Internal bool      `json:"internal"`
	Position int64     `json:"position"`
	Text     string    `json:"text"`
	Weight   string    `json:"weight"`
}

// "english" leaves other languages' words as they are but for their endings,
// and finds "printers" by "printer".
const (
	textsFrom = ` FROM json_to_recordset($1::json) AS r
    (ticket_id uuid, part uuid, internal boolean, position bigint, text text, weight "char")`

	textWords = `setweight(to_tsvector('english', r.text), r.weight)`

	writeTextsSQL = `
INSERT INTO read.search_texts (ticket_id, part, internal, position, chars, words)
SELECT r.ticket_id, r.part, r.internal, r.position, length(r.text), ` + textWords + textsFrom + `
ON CONFLICT (ticket_id, part) DO UPDATE SET
    chars = excluded.chars,
    words = excluded.words`

	editTextsSQL = `
UPDATE read.search_texts AS t SET chars = length(r.text), words = ` + textWords + textsFrom + `
WHERE t.ticket_id = r.ticket_id AND t.part = r.part`

	removeTextsSQL = `
DELETE FROM read.search_texts AS t USING json_to_recordset($1::json) AS r (ticket_id uuid, part uuid)
WHERE t.ticket_id = r.ticket_id AND t.part = r.part`

	forgetTicketsSQL = `
WITH texts AS (DELETE FROM read.search_texts WHERE ticket_id = ANY ($1))
DELETE FROM read.ticket_search WHERE ticket_id = ANY ($1)`

	putTogetherSQL = `
WITH texts AS (
    SELECT ticket_id, position, part, internal, words,
        sum(chars) OVER whole AS upto,
        sum(chars) FILTER (WHERE NOT internal) OVER whole AS public_upto
    FROM read.search_texts
    WHERE ticket_id = ANY ($1)
    WINDOW whole AS (PARTITION BY ticket_id ORDER BY position, part)
)
INSERT INTO read.ticket_search (ticket_id, public_words, all_words)
SELECT ticket_id,
    coalesce(read.words_together(words ORDER BY position, part) FILTER (WHERE NOT internal AND public_upto <= $2), ''),
    coalesce(read.words_together(words ORDER BY position, part) FILTER (WHERE upto <= $2), '')
FROM texts
GROUP BY ticket_id
ON CONFLICT (ticket_id) DO UPDATE SET
    public_words = excluded.public_words,
    all_words = excluded.all_words`
)

// ticketSearch keeps read.search_texts and read.ticket_search.
func ticketSearch() eventstore.Follower {
	return eventstore.Follower{
		Name: "ticket_search",
		Types: eventstore.Types(ticket.Opened{}, ticket.Retitled{}, ticket.Described{}, ticket.CommentAdded{},
			ticket.CommentEdited{}, ticket.CommentRemoved{}, ticket.Deleted{}),
		Apply: applyTicketSearch,
	}
}

// textKey names a text.
type textKey struct{ ticket, part uuid.UUID }

// searchPage is what a page of events comes to: one entry a text.
type searchPage struct {
	written map[textKey]textRow
	edited  map[textKey]textRow // comments written before the page
	removed map[textKey]textRow
	touched []uuid.UUID // tickets whose words changed
	deleted []uuid.UUID // tickets
}

func applyTicketSearch(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	p := searchPage{written: map[textKey]textRow{}, edited: map[textKey]textRow{}, removed: map[textKey]textRow{}}
	for _, e := range events {
		p.fold(e)
	}
	for _, step := range []struct {
		what, sql string
		rows      map[textKey]textRow
	}{
		{"write texts", writeTextsSQL, p.written}, {"edit texts", editTextsSQL, p.edited}, {"remove texts", removeTextsSQL, p.removed},
	} {
		if err := eventstore.WriteRows(ctx, tx, step.sql, values(step.rows)); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	if len(p.deleted) > 0 {
		if _, err := tx.Exec(ctx, forgetTicketsSQL, p.deleted); err != nil {
			return fmt.Errorf("forget tickets: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, putTogetherSQL, p.touched, searchChars); err != nil {
		return fmt.Errorf("put words together: %w", err)
	}
	return nil
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
	if !slices.Contains(p.touched, e.StreamID) {
		p.touched = append(p.touched, e.StreamID)
	}
}

func (p *searchPage) write(e eventstore.Envelope, part uuid.UUID, weight, text string, internal bool) {
	p.written[textKey{e.StreamID, part}] = textRow{
		TicketID: e.StreamID, Part: part, Internal: internal, Position: e.Position, Text: text, Weight: weight,
	}
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
