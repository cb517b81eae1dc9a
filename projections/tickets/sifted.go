package tickets

import (
	"context"
	"unicode"

	"helpdesk/domain"
	"helpdesk/projections"
	"helpdesk/projections/terms"
	"helpdesk/projections/view"
)

// What is looked through for a part of a title, or for words, at most before the
// planner chooses.
const (
	walkedMost   = 2000 // tickets in the order of the list
	walkedTheirs = 500  // where the viewer sees some of them
	siftedMost   = 6000 // tickets that have it
)

// hasTitle is the same condition to the planner whatever its argument: one that
// hardly any ticket fulfils. It is what ILIKE does, but for the pattern only once.
const hasTitle = "lower(t.title) LIKE (SELECT lower(?::text))"

// sieveOf returns the part of a title or the words that a filter asks for as a sieve,
// and what else it asks for; not ok where it asks for both, or neither, or no index
// finds it.
func sieveOf(viewer domain.Actor, f projections.TicketFilter) (s projections.Sieve, others projections.TicketFilter, ok bool) {
	s.Walked, s.Most = walkedMost, siftedMost
	if !viewer.SeesAll() {
		s.Walked = walkedTheirs
	}
	others = f
	switch {
	case f.Search == "" && indexed(f.Title):
		s.Condition, s.Arg, others.Title = hasTitle, projections.Containing(f.Title), ""
		return s, others, true
	case f.Search != "" && f.Title == "" && !f.Formerly:
		s.Arg, others.Search = terms.Query(f.Search), ""
		s.Joined, _ = haveWords(viewer, "(SELECT ?::tsquery)")
		s.Join = joinWords(f)
		s.Condition = "(SELECT " + s.Joined + " FROM " + wordsTable(f) + " AS s WHERE s.ticket_id = t.id)"
		return s, others, true
	}
	return s, f, false
}

// sifted returns a page of the tickets that others lets through and a sieve of f. What
// many have is soon met by walking the list in its order, what few have is found by an
// index. Statistics do not say which it is: what many have had may be in none of the
// newest. So the list is walked some way, and if that does not fill the page, the index
// is asked; only where too many have it does the planner choose.
func (r *Reader) sifted(ctx context.Context, viewer domain.Actor, f, others projections.TicketFilter, sieve projections.Sieve, p projections.Page) (projections.Slice[view.Ticket], error) {
	views, all, err := list(viewer, others).Sift(ctx, r.pool, p, sieve)
	if err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	if !all {
		return r.page(ctx, viewer, list(viewer, f), p)
	}
	return projections.Map(views, func(v ticketView) view.Ticket { return v.show(viewer) }), nil
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
