package tickets

import (
	"context"
	"fmt"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// What is looked through for a part of a title at most, before the next way is tried.
const (
	walkedMost = 2000 // tickets in the order of the list
	titledMost = 2000 // tickets that have the part, whatever else is asked of them
)

// hasTitle is the same condition to the planner whatever its argument.
const hasTitle = "t.title ILIKE (SELECT ?::text)"

// titled returns a page of the tickets with a part of a title. One that many have
// is soon met by walking the list in its order, one that few have is found by the
// index of titles. Statistics do not say which it is: what many have had may be in
// none of the newest. So the list is walked some way first, and if that does not
// fill the page, the index is asked; only where too many have it does the planner
// choose.
func (r *Reader) titled(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	part, others := projections.Containing(f.Title), f
	others.Title = ""
	walk := list(viewer, others)
	walk.Sieve = &projections.Sieve{Condition: hasTitle, Arg: part, Among: walkedMost}
	walked, err := r.page(ctx, viewer, walk, p)
	if err != nil || walked.Goes(p) {
		return walked, err
	}
	if !indexed(f.Title) {
		return r.page(ctx, viewer, list(viewer, f), p)
	}
	have, err := r.haveTitle(ctx, part)
	if err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	if len(have) > titledMost {
		return r.page(ctx, viewer, list(viewer, f), p)
	}
	few := list(viewer, others)
	few.Where.Add(amongIDs, have)
	few.Varies = false
	return r.page(ctx, viewer, few, p)
}

// amongIDs is the condition that a ticket is among some. As a sub-select they are no
// constants, of which the planner would look at each.
const amongIDs = "t.id = ANY ((SELECT ?::uuid[])::uuid[])"

// haveTitleSQL finds tickets by the index of titles: for a value that it does not
// know the planner never thinks that most tickets have it.
var haveTitleSQL = fmt.Sprintf(`SELECT id FROM read.tickets WHERE title ILIKE (SELECT $1::text) LIMIT %d`, titledMost+1)

// haveTitle returns tickets with a title like a pattern, at most one more than
// titledMost.
func (r *Reader) haveTitle(ctx context.Context, pattern string) ([]uuid.UUID, error) {
	rows, _ := r.pool.Query(ctx, haveTitleSQL, pattern) // CollectRows returns its error
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("look for a title: %w", err))
	}
	return ids, nil
}

// indexed reports whether the index of titles finds a part: by the groups of three
// letters or digits in it.
func indexed(part string) bool {
	run := 0
	for _, r := range part {
		if run++; !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			run = 0
		}
		if run == 3 {
			return true
		}
	}
	return false
}
