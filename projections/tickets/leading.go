package tickets

import (
	"context"
	"errors"

	"helpdesk/domain"
	"helpdesk/projections"
	"helpdesk/projections/terms"
	"helpdesk/projections/view"
)

// besideLeading is the key of a cursor beside the ticket that a search leads to.
const besideLeading = "#"

// leading returns a page of a search that may be the number of a ticket: then this comes
// first, before the best of the others.
func (r *Reader) leading(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	number, ok := terms.Number(f.Search)
	if !ok {
		return r.ranks(ctx, viewer, f, p)
	}
	first, err := r.numbered(ctx, viewer, f, number)
	if errors.Is(err, domain.ErrNotFound) {
		return r.ranks(ctx, viewer, f, p)
	}
	if err != nil {
		return projections.Slice[view.Ticket]{}, err
	}
	f.Except = first.ID
	beside := func(back bool) *projections.Cursor {
		return &projections.Cursor{Key: besideLeading, ID: first.ID, Back: back}
	}
	led := p.Cursor == nil // whether the page begins with the ticket
	switch after := p.Cursor != nil && p.Cursor.Key == besideLeading; {
	case after && p.Cursor.Back:
		p.Cursor, p.Size, led = nil, 1, true
	case after:
		p.Cursor = nil
		s, err := r.others(ctx, viewer, f, p)
		s.Previous = beside(true)
		return s, err
	}
	others := p
	if led {
		others.Size = max(p.Size-1, 1)
	}
	s, err := r.others(ctx, viewer, f, others)
	switch {
	case err != nil:
		return s, err
	case led && p.Size == 1:
		if len(s.Items) > 0 {
			s.Next = beside(false)
		}
		s.Items = []view.Ticket{first}
	case led:
		s.Items = append([]view.Ticket{first}, s.Items...)
	case p.Back() && s.Previous == nil && len(s.Items) == p.Size:
		s.Previous = beside(true)
	case p.Back() && s.Previous == nil:
		if len(s.Items) == 0 {
			s.Next = beside(false)
		}
		s.Items = append([]view.Ticket{first}, s.Items...)
	}
	return s, nil
}

// others returns a page of a search without the ticket it leads to, which it counts.
func (r *Reader) others(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	s, err := r.ranks(ctx, viewer, f, p)
	if s.Count != nil {
		*s.Count++
	}
	return s, err
}

// numbered returns the ticket with a number if the filter lets it through, whatever its
// words, and the viewer sees it, else [domain.ErrNotFound].
func (r *Reader) numbered(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, number int64) (view.Ticket, error) {
	w := where{projections.Where{Once: true}}
	w.Add("t.number = ?", number)
	w.VisibleTickets(viewer)
	w.tickets(f)
	v, err := projections.One[ticketView](ctx, r.pool, "ticket of a number", ticketsSQL+w.String(), w.Args...)
	return v.show(viewer), err
}
