package search

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections"
)

// searchChars is how many characters of one ticket are searched, the oldest
// first: a text search vector holds 1 MB at most, and Postgres refuses a larger
// one with an error that would set aside the event.
const searchChars = 100_000

// What a search looks at in a ticket beside its comments.
var (
	titlePart       = uuid.UUID{15: 1}
	descriptionPart = uuid.UUID{15: 2}
)

// textRow is a row of read.search_texts, with the text in place of its words.
type textRow struct {
	TicketID uuid.UUID `db:"ticket_id"`
	Part     uuid.UUID `db:"part"`
	Internal bool      `db:"internal"`
	Position int64     `db:"position"`
	Text     string    `db:"text"`
	Weight   string    `db:"weight"`
}

// "english" leaves other languages' words as they are but for their endings,
// and finds "printers" by "printer".
var (
	textTable = projections.NewTable[textRow]("search_texts")
	textsFrom = ` FROM ` + textTable.Unnest()
	keyTable  = projections.NewTable[textKey]("search_texts")

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
DELETE FROM search_texts AS t USING ` + keyTable.Unnest() + `
WHERE t.ticket_id = r.ticket_id AND t.part = r.part`

	forgetTicketsSQL = `
WITH texts AS (DELETE FROM search_texts WHERE ticket_id = ANY ($1)),
    active AS (DELETE FROM active_search WHERE ticket_id = ANY ($1))
DELETE FROM ticket_search WHERE ticket_id = ANY ($1)`

	doneTicketsSQL = `DELETE FROM active_search WHERE ticket_id = ANY ($1)`

	putTogetherSQL = `
WITH texts AS (
    SELECT ticket_id, position, part, internal, words,
        sum(chars) OVER whole AS upto,
        sum(chars) FILTER (WHERE NOT internal) OVER whole AS public_upto
    FROM search_texts
    WHERE ticket_id = ANY ($1)
    WINDOW whole AS (PARTITION BY ticket_id ORDER BY position, part)
), together AS (
    INSERT INTO ticket_search (ticket_id, public_words, all_words)
    SELECT ticket_id,
        coalesce(read.words_together(words ORDER BY position, part) FILTER (WHERE NOT internal AND public_upto <= $2), ''),
        CASE WHEN bool_or(internal)
            THEN coalesce(read.words_together(words ORDER BY position, part) FILTER (WHERE upto <= $2), '') END
    FROM texts
    GROUP BY ticket_id
    ON CONFLICT (ticket_id) DO UPDATE SET
        public_words = excluded.public_words,
        all_words = excluded.all_words
    RETURNING ticket_id, public_words, all_words
)
INSERT INTO active_search (ticket_id, public_words, all_words)
SELECT ticket_id, public_words, all_words FROM together
WHERE ticket_id = ANY ($3) OR ticket_id IN (SELECT ticket_id FROM active_search WHERE ticket_id = ANY ($1))
ON CONFLICT (ticket_id) DO UPDATE SET
    public_words = excluded.public_words,
    all_words = excluded.all_words`
)

// Follower keeps read.search_texts, read.ticket_search and, of the tickets
// that are active, read.active_search.
func Follower() follow.Follower {
	return projections.WithTexts(follow.Follower{
		Name:   projections.TextSearch,
		Tables: []string{"search_texts", "ticket_search", "active_search"},
		Types: eventstore.Types(ticket.Opened{}, ticket.Retitled{}, ticket.Described{}, ticket.CommentAdded{},
			ticket.CommentEdited{}, ticket.CommentRemoved{}, ticket.TextRedacted{}, ticket.Resolved{}, ticket.Closed{}, ticket.Reopened{},
			ticket.Deleted{}),
		Apply: applyTextSearch,
	}, forgetTicketsSQL)
}

// textKey names a text.
type textKey struct {
	TicketID uuid.UUID `db:"ticket_id"`
	Part     uuid.UUID `db:"part"`
}

// searchPage is what a page of events comes to: one entry a text.
type searchPage struct {
	written map[textKey]textRow
	edited  map[textKey]textRow // comments written before the page
	removed []*textKey
	touched map[uuid.UUID]bool // tickets whose words changed, or whose work goes on
	active  map[uuid.UUID]bool // whether tickets that became active, or ceased to be, are
	deleted []uuid.UUID        // tickets
}

func applyTextSearch(ctx context.Context, tx pgx.Tx, events []eventstore.Envelope) error {
	p := searchPage{
		written: map[textKey]textRow{}, edited: map[textKey]textRow{}, touched: map[uuid.UUID]bool{}, active: map[uuid.UUID]bool{},
	}
	for _, e := range events {
		p.fold(e)
	}
	return projections.WriteAll(ctx, tx,
		textsTo("write texts", writeTextsSQL, p.written),
		textsTo("edit texts", editTextsSQL, p.edited),
		projections.Write{What: "remove texts", SQL: removeTextsSQL, N: len(p.removed), Args: keyTable.Args(p.removed)},
		projections.IDsTo("forget tickets", forgetTicketsSQL, p.deleted),
		projections.Write{
			What: "put words together", SQL: putTogetherSQL, N: len(p.touched),
			Args: []any{slices.Collect(maps.Keys(p.touched)), searchChars, p.became(true)},
		},
		projections.IDsTo("forget tickets that are done", doneTicketsSQL, p.became(false)),
	)
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

// textsTo is a statement with the columns of rows, in the order of textsFrom.
func textsTo(what, sql string, texts map[textKey]textRow) projections.Write {
	rows := make([]*textRow, 0, len(texts))
	for _, t := range texts {
		rows = append(rows, &t)
	}
	slices.SortFunc(rows, func(a, b *textRow) int { return cmp.Compare(a.Position, b.Position) })
	return projections.Write{What: what, SQL: sql, N: len(rows), Args: textTable.Args(rows)}
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
	case ticket.TextRedacted:
		p.edit(redacted(e.StreamID, d))
	case ticket.CommentRemoved:
		key := textKey{e.StreamID, d.CommentID.UUID}
		delete(p.written, key)
		p.removed = append(p.removed, &key)
	case ticket.Deleted:
		p.deleted = append(p.deleted, e.StreamID)
	}
	status, became := ticket.StatusAfter(e.Event)
	if became {
		p.active[e.StreamID] = status.Active()
	}
	if !became || status.Active() {
		p.touched[e.StreamID] = true
	}
}

// redacted returns what is left to search of a text.
func redacted(id uuid.UUID, d ticket.TextRedacted) textRow {
	row := textRow{TicketID: id, Part: d.CommentID.UUID, Text: d.Text, Weight: "C"}
	switch d.Field {
	case ticket.FieldTitle:
		row.Part, row.Weight = titlePart, "A"
	case ticket.FieldDescription:
		row.Part, row.Weight = descriptionPart, "B"
	}
	return row
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
