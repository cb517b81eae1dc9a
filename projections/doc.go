// Package projections builds the read models from the log and answers the
// queries on them.
//
// # Projectors
//
// A projector is an [eventstore.Follower]: a name, the events it wants and a
// function that brings its tables up to date with a page of them. It folds the
// page in Go, one row per thing that changed, and writes the rows in one
// statement. The follower machinery of eventstore commits tables and checkpoint
// together, so each event changes each table exactly once, in log order.
//
//	projector      tables               shows
//	ticket_list    read.tickets         every ticket as it is now
//	comment_list   read.comments        every comment as it is now
//	user_list      read.users           everybody as they are now
//	ticket_facts   read.ticket_facts    what the report counts
//	ticket_search  read.ticket_search,  the words of every ticket, with and
//	               read.search_texts    without those of notes among staff
//
// A projector owns its tables: nobody else writes them, and everything in them
// can be dropped and built again from the log. It has no effect besides.
//
// # Queries
//
// [Reader] answers queries for a viewer and shows only what they may see.
// Lists are paged by key: a [Cursor] is a place between two rows, so that rows
// that come and go neither repeat nor hide others. [Feed] reads the log instead
// and tells a viewer of the events of tickets they see.
package projections

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// Followers answers every projector. All of them serve reads: a write is
// visible once all have reached its position.
func Followers() []eventstore.Follower {
	return []eventstore.Follower{ticketList(), commentList(), userList(), ticketFacts(), ticketSearch()}
}

// Names answers the names of all projectors.
func Names() []string {
	var names []string
	for _, f := range Followers() {
		names = append(names, f.Name)
	}
	return names
}

// types answers the stored names of events.
func types(events ...domain.Event) []string {
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = e.EventType()
	}
	return names
}

// writeRows runs a statement whose only parameter is rows as a JSON array.
// Rows travel as JSON in both directions, member for column, which keeps a
// statement readable where twenty parallel arrays would not be.
func writeRows[R any](ctx context.Context, tx pgx.Tx, sql string, rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	data, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("encode rows: %w", err)
	}
	_, err = tx.Exec(ctx, sql, string(data))
	return err
}
