package tickets

import (
	"context"
	"unicode"

	"helpdesk/domain"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// What is looked through for a part of a title at most, before the planner chooses.
const (
	walkedMost   = 2000 // tickets in the order of the list
	walkedTheirs = 500  // where the viewer sees some of them
	titledMost   = 6000 // tickets that have the part
)

// hasTitle is the same condition to the planner whatever its argument: one that
// hardly any ticket fulfils. It is what ILIKE does, but for the pattern only once.
const hasTitle = "lower(t.title) LIKE (SELECT lower(?::text))"

// titled returns a page of the tickets with a part of a title. One that many have
// is soon met by walking the list in its order, one that few have is found by the
// index of titles. Statistics do not say which it is: what many have had may be in
// none of the newest. So the list is walked some way, and if that does not fill the
// page, the index is asked; only where too many have it does the planner choose.
func (r *Reader) titled(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	if !indexed(f.Title) {
		return r.page(ctx, viewer, list(viewer, f), p)
	}
	others := f
	others.Title = ""
	sieve := projections.Sieve{Condition: hasTitle, Arg: projections.Containing(f.Title), Walked: walkedMost, Most: titledMost}
	if !viewer.SeesAll() {
		sieve.Walked = walkedTheirs
	}
	sifted, all, err := list(viewer, others).Sift(ctx, r.pool, p, sieve)
	if err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	if !all {
		return r.page(ctx, viewer, list(viewer, f), p)
	}
	return projections.Map(sifted, func(v ticketView) view.Ticket { return v.show(viewer) }), nil
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
