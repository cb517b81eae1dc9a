package history

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// became is what became of a comment.
type became struct {
	then, now int64 // positions of what gave its text, until an instant and until now; 0: it was added so
	bytes     int   // of then, as it is stored
	gone      bool  // by now
}

// changeRow is an event by which a comment became another.
type changeRow struct {
	Position  int64
	CommentID uuid.UUID
	Removes   bool
	Bytes     int
}

// editTypes are the events that give a comment another text. Their data have to be read
// to know which: of all tickets of a page there may be many.
var editTypes = eventstore.Types(ticket.CommentEdited{}, ticket.TextRedacted{})

const (
	editedSQL = `
SELECT stream_id, sum(pg_column_size(data))::bigint FROM events
WHERE stream_id = ANY ($1) AND type = ANY ($2)
GROUP BY stream_id`

	changesSQL = `
SELECT position, (data->>'comment_id')::uuid AS comment_id, type = $3 AS removes, pg_column_size(data) AS bytes
FROM events
WHERE stream_id = ANY ($1) AND (type = ANY ($2) OR type = $3) AND data->>'comment_id' IS NOT NULL
ORDER BY position`
)

// changesOf returns what became of comments until a position, and how many of them a page
// has room for: those that are read first, which are the last where back is set.
func (p *Past) changesOf(ctx context.Context, viewer domain.Actor, said []saidRow, until int64, back bool) (map[uuid.UUID]became, int, error) {
	said = slices.Clone(said)
	if back {
		slices.Reverse(said)
	}
	ids := ticketsOf(said)
	edited, err := projections.Pairs[int64](ctx, p.pool, editedSQL, ids, editTypes)
	if err != nil {
		return nil, 0, eventstore.Unreachable(err)
	}
	met := map[uuid.UUID]bool{}
	said = said[:projections.Room(len(said), func(i int) int {
		if met[said[i].TicketID] {
			return 0
		}
		met[said[i].TicketID] = true
		return int(edited[said[i].TicketID])
	})]
	all, err := p.changes(ctx, ticketsOf(said), until)
	if err != nil {
		return nil, 0, err
	}
	room := projections.Room(len(said), func(i int) int { return max(said[i].Bytes, all[said[i].CommentID].bytes) })
	return all, room, nil
}

func ticketsOf(said []saidRow) (ids []uuid.UUID) {
	for _, row := range said {
		if !slices.Contains(ids, row.TicketID) {
			ids = append(ids, row.TicketID)
		}
	}
	return ids
}

// changes returns what became of the comments of tickets until a position.
func (p *Past) changes(ctx context.Context, tickets []uuid.UUID, until int64) (map[uuid.UUID]became, error) {
	rows, _ := p.pool.Query(ctx, changesSQL, tickets, editTypes, ticket.CommentRemoved{}.EventType()) // CollectRows returns its error
	changes, err := pgx.CollectRows(rows, pgx.RowToStructByName[changeRow])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("read what became of comments: %w", err))
	}
	all := map[uuid.UUID]became{}
	for _, c := range changes {
		b := all[c.CommentID]
		switch {
		case c.Removes:
			b.gone = true
		case c.Position <= until:
			b.then, b.bytes, b.now = c.Position, c.Bytes, c.Position
		default:
			b.now = c.Position
		}
		all[c.CommentID] = b
	}
	return all, nil
}

// said returns comments as they read then, as the viewer is shown them.
func (p *Past) said(ctx context.Context, viewer domain.Actor, rows []saidRow, became map[uuid.UUID]became) ([]view.Comment, error) {
	var positions []int64
	for _, row := range rows {
		b := became[row.CommentID]
		positions = append(positions, row.Position, b.then)
		if !ticket.SeesWithdrawn(viewer) {
			positions = append(positions, b.now)
		}
	}
	events, err := p.log.At(ctx, positions...)
	if err != nil {
		return nil, err
	}
	at := map[int64]eventstore.Envelope{}
	var authors []uuid.UUID
	for _, e := range events {
		at[e.Position] = e
		if d, ok := e.Event.(ticket.CommentAdded); ok {
			authors = append(authors, d.Author.UUID)
		}
	}
	names, err := projections.Usernames(ctx, p.pool, authors)
	if err != nil {
		return nil, eventstore.Unreachable(err)
	}
	numbers, err := projections.Pairs[int64](ctx, p.pool,
		`SELECT ticket_id, number FROM read.ticket_history WHERE version = 1 AND ticket_id = ANY ($1)`, ticketsOf(rows))
	if err != nil {
		return nil, eventstore.Unreachable(err)
	}
	shown := make([]view.Comment, len(rows))
	for i, row := range rows {
		var thread view.Thread
		for _, e := range standingNow(viewer, became[row.CommentID], at, row) {
			thread.Apply(e)
		}
		for _, c := range thread.Rows() {
			shown[i] = c.Show(numbers[row.TicketID], names[c.AuthorID])
		}
	}
	return shown, nil
}

// standingNow returns the events that a comment was made of then, as the viewer is shown
// them.
func standingNow(viewer domain.Actor, b became, at map[int64]eventstore.Envelope, row saidRow) []eventstore.Envelope {
	then := []eventstore.Envelope{at[row.Position]}
	if b.then != 0 {
		then = append(then, at[b.then])
	}
	if ticket.SeesWithdrawn(viewer) {
		return then
	}
	all := slices.Clone(then)
	if b.now != b.then {
		all = append(all, at[b.now])
	}
	if b.gone {
		all = append(all, eventstore.Envelope{Event: ticket.CommentRemoved{CommentID: ticket.CommentID{UUID: row.CommentID}}})
	}
	now := ticket.Fold(eventstore.Said(all))
	for i := range then {
		then[i].Event = now.Standing(then[i].Event)
	}
	return then
}
