package tickets

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/projections"
	"helpdesk/projections/terms"
	"helpdesk/projections/view"
)

// The best of all tickets with a word can't be known without comparing all of them,
// and there may be a hundred thousand. So tickets are compared with those of their
// age: first the newest that the viewer sees, then four times as many that are older,
// and so on until the page is full. Words that few tickets have are compared whatever
// the age.

const (
	newestMost   = 1000 // tickets are of the first age
	newestTheirs = 300  // if the viewer sees some of them
	olderBy      = 4    // times as many are of the next
	agesMost     = 9    // the last has all that are left
	agesOnce     = 2    // are so small that all their tickets may be looked at
	comparedMost = 500  // tickets that have the words are compared whatever their age
)

// begin is the oldest ticket of an age; the zero one is of the last. Who sees all
// tickets has them in the order of their ids, which tell when they were opened, as
// words have no other; others by the instant.
type begin struct {
	at time.Time
	id uuid.UUID
}

func (b begin) String() string { return projections.TimeKey(b.at) + "/" + b.id.String() }

// sizeOf returns how many tickets that the viewer sees are of an age.
func sizeOf(viewer domain.Actor, age int) int {
	size := newestTheirs
	if viewer.SeesAll() {
		size = newestMost
	}
	for range age {
		size *= olderBy
	}
	return size
}

// place is where a page of a search by age begins.
type place struct {
	rank string // "": at the beginning, or the end, of the age
	id   uuid.UUID
	age  int
	ages []begin // those that are known, from the newest on
}

// key returns all but the id as a cursor has it: "rank age begins…".
func (p place) key() string {
	words := []string{p.rank, strconv.Itoa(p.age)}
	for _, b := range p.ages {
		words = append(words, b.String())
	}
	return strings.Join(words, " ")
}

// placeOf reads a cursor of ours. It is not aged where the tickets were compared
// whatever their age.
func placeOf(c projections.Cursor) (p place, aged bool) {
	words := strings.Fields(c.Key)
	if len(words) < 3 {
		return place{}, false
	}
	p = place{rank: words[0], id: c.ID}
	p.age, _ = strconv.Atoi(words[1]) // we made it
	for _, word := range words[2:] {
		at, id, _ := strings.Cut(word, "/")
		b := begin{id: uuid.MustParse(id)}
		b.at, _ = time.Parse(time.RFC3339Nano, at)
		p.ages = append(p.ages, b)
	}
	return p, true
}

// last reports whether no age follows in the direction of reading.
func (p place) last(back bool) bool {
	if back {
		return p.age == 0
	}
	return p.ages[p.age] == begin{}
}

// ends returns where the age of a place ends: where the one before begins.
func (p place) ends() begin {
	if p.age == 0 {
		return begin{}
	}
	return p.ages[p.age-1]
}

// begins returns where the age of a place begins, nil where that is not known yet.
func (p place) begins() *begin {
	switch {
	case p.age < len(p.ages):
		return &p.ages[p.age]
	case p.age == agesMost:
		return &begin{}
	}
	return nil
}

// foundByAge returns a page of a search.
func (r *Reader) foundByAge(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (s projections.Slice[view.Ticket], err error) {
	var w where
	query := w.query(f)
	whole := ranked(viewer, f, w, query)
	at, aged := place{}, true
	if p.Cursor != nil {
		at, aged = placeOf(*p.Cursor)
	}
	page := p
	page.Count = false
	if aged {
		s, err = r.byAge(ctx, viewer, f, page, at)
	} else {
		s, err = r.compared(ctx, viewer, whole, page)
	}
	if err == nil && p.Count {
		s.Count, err = whole.Count(ctx, r.pool)
	}
	return s, err
}

// byAge reads a page from a place on, age by age.
func (r *Reader) byAge(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page, at place) (projections.Slice[view.Ticket], error) {
	back, first := p.Back(), p.Cursor == nil
	if _, number := terms.Number(f.Search); first && number { // few tickets have it, as a rule
		if few, ok, err := r.few(ctx, viewer, f, p); ok || err != nil {
			return few, err
		}
		first = false // and more have it than that
	}
	var met []foundTicket // in the order in which they are read
	for {
		some, err := r.ofAge(ctx, viewer, f, &at, back, p.Size+1-len(met))
		if err != nil {
			return projections.Slice[view.Ticket]{}, err
		}
		if met = append(met, some...); len(met) > p.Size || at.last(back) {
			break
		}
		if first && at.age == 0 {
			if few, ok, err := r.few(ctx, viewer, f, p); ok || err != nil {
				return few, err
			}
		}
		if at.rank = ""; back {
			at.age--
		} else {
			at.age++
		}
	}
	l := projections.List[foundTicket]{At: func(v foundTicket) (string, uuid.UUID) {
		return place{rank: v.rank(), age: v.age, ages: at.ages}.key(), v.ID
	}}
	return projections.Map(l.Cut(met, p, back), func(v foundTicket) view.Ticket { return v.show(viewer) }), nil
}

// ofAge reads the best of an age from a place on, or going back the worst, at most so
// many. It finds out where the age begins.
func (r *Reader) ofAge(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, at *place, back bool, most int) ([]foundTicket, error) {
	list := ofTheirs
	if viewer.SeesAll() {
		list = ofAll
		if at.age > 0 {
			if err := r.begin(ctx, viewer, f, at); err != nil {
				return nil, err
			}
		}
	}
	l := list(viewer, f, *at)
	page := projections.Page{Size: most}
	switch {
	case at.rank != "":
		page.Cursor = &projections.Cursor{Key: at.rank, ID: at.id, Back: back}
	case back:
		page.Cursor = &projections.Cursor{Key: "-Infinity", Back: true}
	}
	s, err := l.Page(ctx, r.pool, page)
	if err != nil {
		return nil, err
	}
	if at.begins() == nil && len(s.Items) > 0 {
		at.ages = append(at.ages, s.Items[0].begins())
	}
	if err := r.begin(ctx, viewer, f, at); err != nil {
		return nil, err
	}
	for i := range s.Items {
		s.Items[i].age = at.age
	}
	if back {
		slices.Reverse(s.Items)
	}
	return s.Items, nil
}
