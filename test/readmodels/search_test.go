package readmodels

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/terms"
	"helpdesk/projections/tickets"
	"helpdesk/test/kit"
)

// searchDesk is a desk with a few tickets of ann's, by their number.
func searchDesk(t *testing.T) (*models, map[int64]uuid.UUID) {
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 3) // pages break between a text and its edit
	ids := map[int64]uuid.UUID{}
	open := func(number int64, title, description string, more ...domain.Event) {
		id := kit.NewID()
		ids[number] = id
		ann := everybody["ann"].ID
		events := append([]domain.Event{ticket.Opened{
			Number: number, Title: title, Description: description, Priority: ticket.Low, CreatedBy: ann, OpenedBy: ann,
		}}, more...)
		d.append(t, id, 0, time.Time{}, events...)
	}
	comment := func(n byte, text string, internal bool) ticket.CommentAdded {
		return ticket.CommentAdded{CommentID: ticket.CommentID{UUID: uuid.UUID{0: 1, 15: n}}, Author: everybody["eve"].ID, Text: text, Internal: internal}
	}
	edited := func(n byte, text string) ticket.CommentEdited {
		return ticket.CommentEdited{CommentID: ticket.CommentID{UUID: uuid.UUID{0: 1, 15: n}}, Text: text}
	}
	open(1, "The printer smokes", "It smells of burnt toast.")
	open(2, "Broken screen", "Next to the printer.", comment(1, "Somebody dropped a zeppelin on it.", false))
	open(3, "No network", "Since noon.", comment(2, "The printer works, though.", false), comment(3, "Customer is a walrus.", true))
	open(4, "Was a printer", "Was toast.", ticket.Retitled{Title: "Now a scanner"}, ticket.Described{Description: "Now jam."})
	open(5, "Comments", "That change.", comment(4, "aardvark", false), edited(4, "badger"), comment(5, "capybara", true), edited(5, "dingo"),
		comment(6, "emu", false), ticket.CommentRemoved{CommentID: ticket.CommentID{UUID: uuid.UUID{0: 1, 15: 6}}})
	open(6, "A printer that is gone", "Deleted.", ticket.Deleted{})
	d.project(t, fresh)
	return d, ids
}

// searched returns the numbers a viewer finds, in their order.
func searched(t *testing.T, d *models, who, q string) (numbers []int64) {
	t.Helper()
	s, err := d.Tickets(kit.Context(t), everybody[who], projections.TicketFilter{Search: q, OrderBy: projections.ByRank}, projections.Page{Size: 100})
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	for _, x := range s.Items {
		numbers = append(numbers, x.Number)
	}
	return numbers
}

func TestASearchFindsWordsWhereverTheViewerMayReadThem(t *testing.T) {
	t.Parallel()
	d, _ := searchDesk(t)
	for _, c := range []struct {
		who, q string
		want   []int64
	}{
		{"rob", "printer", []int64{1, 2, 3}}, // title before description before comment
		{"ann", "PRINTERS", []int64{1, 2, 3}},
		{"bob", "printer", nil},
		{"eve", "printer", nil},
		{"zoe", "printer", []int64{1, 2, 3}},
		{"nemo", "printer", nil},
		{"rob", "printer toast", []int64{1}}, // in different texts of one ticket
		{"rob", "screen zeppelin", []int64{2}},
		{"rob", `"burnt toast"`, []int64{1}},
		{"rob", `"toast burnt"`, nil},
		{"rob", "printer -toast -screen", []int64{3}},
		{"rob", "toast or zeppelin", []int64{1, 2}},
		{"rob", "walrus", []int64{3}},
		{"ida", "walrus", []int64{3}},
		{"ann", "walrus", nil}, // an internal note
		{"ann", "network -walrus", []int64{3}},
		{"rob", "scanner jam", []int64{4}},
		{"rob", "badger dingo", []int64{5}},
		{"ann", "badger", []int64{5}},
		{"ann", "dingo", nil},
		{"rob", "aardvark", nil},
		{"rob", "capybara", nil},
		{"rob", "emu", nil},
		{"rob", "gone", nil},
		{"rob", "the", []int64{1}}, // of titles alone
		{"rob", `((( & | ! :* '' " \`, nil},
		{"rob", strings.Repeat("x", 200), nil},
	} {
		got := searched(t, d, c.who, c.q)
		if strings.Contains(c.q, " or ") {
			slices.Sort(got)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s searches %s (-want +got):\n%s", c.who, c.q, diff)
		}
	}
}

// checkSearched holds the words of all tickets, and of the active ones,
// against a fold of the log.
func (d *models) checkSearched(t *testing.T, want tables) {
	t.Helper()
	type wordsRow struct{ TicketID, PublicWords, AllWords string }
	public, internal := map[uuid.UUID]string{}, map[uuid.UUID]string{} // terms of their texts
	add := func(to map[uuid.UUID]string, id uuid.UUID, text string, title bool) {
		vector, _ := terms.Vector(text, title)
		to[id] += " " + vector
	}
	for _, c := range want.comments {
		if c.Internal {
			add(internal, c.TicketID, c.Text, false)
		} else {
			add(public, c.TicketID, c.Text, false)
		}
	}
	wordsOf := func(vectors string) (words string) {
		if err := d.Pool.QueryRow(kit.Context(t), `SELECT strip($1::text::tsvector)::text`, vectors).Scan(&words); err != nil {
			t.Fatal(err)
		}
		return words
	}
	var every, active []wordsRow
	for _, x := range want.tickets {
		add(public, x.ID, x.Title, true)
		add(public, x.ID, x.Description, false)
		public[x.ID] += " " + terms.OfNumber(x.Number)
		row := wordsRow{TicketID: x.ID.String(), PublicWords: wordsOf(public[x.ID])}
		if x.InternalComments > 0 {
			row.AllWords = wordsOf(public[x.ID] + internal[x.ID])
		}
		every = append(every, row)
		if x.Status.Active() {
			active = append(active, row)
		}
	}
	const words = `SELECT ticket_id::text, strip(public_words)::text AS public_words, coalesce(strip(all_words)::text, '') AS all_words FROM read.`
	for table, want := range map[string][]wordsRow{"ticket_search": every, "active_search": active} {
		if diff := cmp.Diff(want, all[wordsRow](t, d, words+table+` ORDER BY ticket_id`), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("read.%s (-fold of the log +table):\n%s", table, diff)
		}
	}
}

func TestASearchAmongTicketsThatWantWork(t *testing.T) {
	t.Parallel()
	for _, pageSize := range []int{1, 4, 100} { // what becomes of a ticket is in one page, or in several
		d := newModels(t)
		d.register(t)
		fresh := d.follow(t, pageSize)
		for i, events := range [][]domain.Event{
			{},
			{ticket.Started{}},
			{ticket.Escalated{Reason: "waited"}},
			{ticket.Resolved{}},
			{ticket.Closed{}},
			{ticket.Resolved{}, ticket.Reopened{}},
			{ticket.Resolved{}, ticket.Reopened{}, ticket.Closed{}},
			{ticket.Resolved{}, ticket.Retitled{Title: "A lamp that works again"}},
			{ticket.Resolved{}, ticket.Retitled{Title: "A lamp that is dark again"}, ticket.Reopened{}},
			{ticket.Retitled{Title: "A lamp that flickers"}},
			{ticket.Deleted{}},
		} {
			opened := ticket.Opened{Number: int64(i + 1), Title: "A lamp that is dark", Description: "At night.", Priority: ticket.Low}
			d.append(t, kit.NewID(), 0, time.Time{}, append([]domain.Event{opened}, events...)...)
		}
		d.project(t, fresh)
		want, _ := fold(d.log(t))
		d.checkSearched(t, want)
		for name, c := range map[string]struct {
			statuses []ticket.Status
			q        string
			want     []int64
		}{
			"active":              {[]ticket.Status{ticket.StatusOpen, ticket.StatusInProgress, ticket.StatusEscalated}, "lamp", []int64{10, 9, 6, 3, 2, 1}},
			"open":                {[]ticket.Status{ticket.StatusOpen}, "dark lamp", []int64{9, 6, 1}},
			"open, other words":   {[]ticket.Status{ticket.StatusOpen}, "flickers", []int64{10}},
			"open or closed":      {[]ticket.Status{ticket.StatusOpen, ticket.StatusClosed}, "dark lamp", []int64{9, 7, 6, 5, 1}},
			"resolved":            {[]ticket.Status{ticket.StatusResolved}, "lamp", []int64{8, 4}},
			"of any status":       {nil, "lamp", []int64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
			"active, no such":     {[]ticket.Status{ticket.StatusOpen}, "zebra", nil},
			"escalated, words of": {[]ticket.Status{ticket.StatusEscalated}, "dark", []int64{3}},
		} {
			f := projections.TicketFilter{Search: c.q, Statuses: c.statuses, OrderBy: projections.ByNumber, Descending: true}
			s, err := d.Tickets(kit.Context(t), everybody["rob"], f, projections.Page{Size: 20, Count: true})
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, x := range s.Items {
				got = append(got, x.Number)
			}
			if diff := cmp.Diff(c.want, got); diff != "" || int(*s.Count) != len(c.want) {
				t.Errorf("%s, in pages of %d events: count %d (-want +got):\n%s", name, pageSize, *s.Count, diff)
			}
		}
	}
}

func TestASearchNarrowsLikeAnyFilter(t *testing.T) {
	t.Parallel()
	d, _ := searchDesk(t)
	s, err := d.Tickets(kit.Context(t), everybody["rob"], projections.TicketFilter{Search: "printer", OrderBy: projections.ByNumber, Descending: true, Title: "e"}, projections.Page{Size: 10, Count: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for _, x := range s.Items {
		got = append(got, x.Number)
	}
	if diff := cmp.Diff([]int64{3, 2, 1}, got); diff != "" || *s.Count != 3 {
		t.Errorf("count %d (-want +got):\n%s", *s.Count, diff)
	}
}

func TestWordsThatTooManyTicketsHaveAreNotCompared(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	for i := range 12 {
		events := []domain.Event{ticket.Opened{
			Number: int64(i + 1), Title: fmt.Sprintf("Lamp of row %d", i/4), Description: "It is dark.", Priority: ticket.Low, CreatedBy: everybody["ann"].ID,
		}}
		if i%2 == 0 {
			events = append(events, ticket.Closed{})
		}
		d.append(t, kit.NewID(), 0, time.Time{}, events...)
	}
	d.project(t, fresh)
	open := []ticket.Status{ticket.StatusOpen}
	for name, c := range map[string]struct {
		who    string
		filter projections.TicketFilter
		found  int
		err    error
	}{
		"as many as may be":        {"rob", projections.TicketFilter{Search: "lamp", CompareMost: 12}, 12, nil},
		"one more":                 {"rob", projections.TicketFilter{Search: "lamp", CompareMost: 11}, 0, tickets.ErrTooCommon},
		"any number":               {"rob", projections.TicketFilter{Search: "lamp"}, 12, nil},
		"half of them are active":  {"rob", projections.TicketFilter{Search: "lamp", CompareMost: 6, Statuses: open}, 6, nil},
		"and those are too many":   {"rob", projections.TicketFilter{Search: "lamp", CompareMost: 5, Statuses: open}, 0, tickets.ErrTooCommon},
		"few have another word":    {"rob", projections.TicketFilter{Search: `lamp "row 1"`, CompareMost: 4}, 4, nil},
		"none has it":              {"rob", projections.TicketFilter{Search: "zebra", CompareMost: 1}, 0, nil},
		"narrowed besides":         {"rob", projections.TicketFilter{Search: `"row 1"`, CompareMost: 4, Statuses: open}, 2, nil},
		"theirs are few enough":    {"ann", projections.TicketFilter{Search: "lamp", CompareMost: 6}, 12, nil},
		"theirs are too many":      {"ann", projections.TicketFilter{Search: "lamp", CompareMost: 5}, 0, tickets.ErrTooCommon},
		"theirs are few otherwise": {"ann", projections.TicketFilter{Search: "dark", CompareMost: 3, Statuses: open}, 6, nil},
		"nothing is theirs":        {"bob", projections.TicketFilter{Search: "lamp", CompareMost: 1}, 0, nil},
		"what they work on":        {"eve", projections.TicketFilter{Search: "lamp", CompareMost: 1}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c.filter.OrderBy = projections.ByRank
			s, err := d.Tickets(kit.Context(t), everybody[c.who], c.filter, projections.Page{Size: 100})
			if !errors.Is(err, c.err) || len(s.Items) != c.found {
				t.Errorf("%d tickets, %v; want %d, %v", len(s.Items), err, c.found, c.err)
			}
		})
	}
}

func TestPagesOfASearchByRank(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	const tickets = 60
	for i := range tickets { // many of equal rank, some of others
		d.append(t, kit.NewID(), 0, time.Time{}, ticket.Opened{
			Number: int64(i + 1), Title: strings.Repeat("needle ", 1+i%3), Description: fmt.Sprint("in the hay ", i), Priority: ticket.Low,
		})
	}
	d.project(t, fresh)
	var there, back []int64
	f, p := projections.TicketFilter{Search: "needle", OrderBy: projections.ByRank, CompareMost: tickets}, projections.Page{Size: 7}
	var last projections.Page
	for {
		s, err := d.Tickets(kit.Context(t), everybody["rob"], f, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range s.Items {
			there = append(there, x.Number)
		}
		if last = p; s.Next == nil {
			break
		}
		p.Cursor = s.Next
	}
	for p = last; ; {
		s, err := d.Tickets(kit.Context(t), everybody["rob"], f, p)
		if err != nil {
			t.Fatal(err)
		}
		var page []int64
		for _, x := range s.Items {
			page = append(page, x.Number)
		}
		back = append(page, back...)
		if s.Previous == nil {
			break
		}
		p.Cursor = s.Previous
	}
	if diff := cmp.Diff(there, back); diff != "" {
		t.Errorf("the way back (-there +back):\n%s", diff)
	}
	slices.Sort(there)
	if len(slices.Compact(there)) != tickets {
		t.Errorf("met %d tickets, want %d", len(slices.Compact(there)), tickets)
	}
}

func TestATicketOfManyWordsIsSearchedUpToABound(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	words := func(from int) string { // as many different ones as fit
		var b strings.Builder
		for i := from; b.Len() < 19_990; i++ {
			fmt.Fprintf(&b, "%x ", 1<<20+i)
		}
		return b.String()
	}
	events := []domain.Event{ticket.Opened{Number: 1, Title: "Whale", Description: "x", Priority: ticket.Low}}
	for i := range 80 { // 1.6 MB: more than a vector may hold
		events = append(events, ticket.CommentAdded{CommentID: ticket.CommentID{UUID: kit.NewID()}, Text: words(i * 5000), Internal: i%2 == 1})
	}
	d.append(t, kit.NewID(), 0, time.Time{}, events...)
	d.project(t, fresh)
	if got := searched(t, d, "rob", "whale "+fmt.Sprintf("%x", 1<<20+1)); len(got) != 1 {
		t.Errorf("the oldest words: %v", got)
	}
}
