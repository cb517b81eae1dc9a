package readmodels

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
	"helpdesk/test/kit"
)

// world is a desk with a history, projected, and what the log says of it.
type world struct {
	*models
	log    []eventstore.Envelope
	want   tables
	states map[uuid.UUID]ticket.State
	// What is compared with it: the lists of now, or of an instant.
	list func(context.Context, domain.Actor, projections.TicketFilter, projections.Page) (projections.Slice[view.Ticket], error)
	sees func(viewer domain.Actor, id uuid.UUID) bool
	now  map[uuid.UUID]ticket.State // of a past world: what became of it; else nil
}

func newWorld(t *testing.T) world {
	t.Helper()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 1000)
	c := newCrowd(d, 42)
	for c.written < 280 {
		c.act(t)
	}
	d.project(t, fresh)
	w := world{models: d, log: d.log(t), list: d.Tickets}
	w.want, w.states = fold(w.log)
	w.sees = func(viewer domain.Actor, id uuid.UUID) bool { return w.states[id].VisibleTo(viewer) }
	if len(w.want.tickets) < 40 || len(w.want.comments) < 30 {
		t.Fatalf("only %d tickets and %d comments", len(w.want.tickets), len(w.want.comments))
	}
	return w
}

// expected returns what a list is to hold, in order.
func (w world) expected(viewer domain.Actor, f projections.TicketFilter) []uuid.UUID {
	var rows []view.TicketRow
	for _, r := range w.want.tickets {
		if w.sees(viewer, r.ID) && matches(viewer, r, f) && (f.Title == "" || w.titled(viewer, r) == r.Title) {
			rows = append(rows, r)
		}
	}
	if f.OrderBy == "" {
		f.OrderBy, f.Descending = projections.ByCreated, true
	}
	slices.SortFunc(rows, func(a, b view.TicketRow) int {
		c := cmp.Or(compare(viewer, a, b, f.OrderBy), bytes.Compare(a.ID[:], b.ID[:]))
		if f.Descending {
			return -c
		}
		return c
	})
	ids := []uuid.UUID{}
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return ids
}

func compare(viewer domain.Actor, a, b view.TicketRow, by projections.TicketOrder) int {
	switch by {
	case projections.ByUpdated:
		return updatedFor(viewer, a).Compare(updatedFor(viewer, b))
	case projections.ByPriority:
		return cmp.Compare(a.PriorityRank, b.PriorityRank)
	case projections.ByNumber:
		return cmp.Compare(a.Number, b.Number)
	}
	return a.CreatedAt.Compare(b.CreatedAt)
}

// updatedFor returns when a ticket last changed, by what somebody may know of.
func updatedFor(viewer domain.Actor, r view.TicketRow) time.Time {
	if viewer.Role == domain.RoleUser && r.PublicUpdatedAt != nil {
		return *r.PublicUpdatedAt
	}
	return r.UpdatedAt
}

func matches(viewer domain.Actor, r view.TicketRow, f projections.TicketFilter) bool {
	assigned := domain.UserID{}
	if r.AssignedTo != nil {
		assigned.UUID = *r.AssignedTo
	}
	return (len(f.Statuses) == 0 || slices.Contains(f.Statuses, r.Status)) &&
		(len(f.Priorities) == 0 || slices.Contains(f.Priorities, r.Priority)) &&
		(f.AssignedTo == nil || *f.AssignedTo == assigned) &&
		(!f.Unassigned || assigned.IsZero()) &&
		(f.CreatedBy == nil || f.CreatedBy.UUID == r.CreatedBy) &&
		strings.Contains(strings.ToLower(r.Title), strings.ToLower(f.Title)) &&
		(f.CreatedAfter == nil || !r.CreatedAt.Before(*f.CreatedAfter)) &&
		(f.CreatedBefore == nil || r.CreatedAt.Before(*f.CreatedBefore)) &&
		(f.UpdatedAfter == nil || !updatedFor(viewer, r).Before(*f.UpdatedAfter)) &&
		(f.UpdatedBefore == nil || updatedFor(viewer, r).Before(*f.UpdatedBefore))
}

// walk reads a whole list page by page, forward and then back again, and
// answers the ids it saw each way.
func walk[T any](size int, read func(projections.Page) (projections.Slice[T], error), id func(T) uuid.UUID) (forward, back []uuid.UUID, err error) {
	forward, back = []uuid.UUID{}, []uuid.UUID{}
	var s projections.Slice[T]
	for p := (projections.Page{Size: size}); ; p.Cursor = s.Next {
		if len(forward) > 10_000 {
			return nil, nil, errors.New("the pages have no end")
		}
		if s, err = read(p); err != nil {
			return nil, nil, err
		}
		if p.Cursor == nil && s.Previous != nil {
			return nil, nil, errors.New("something precedes the first page")
		}
		if len(s.Items) > size {
			return nil, nil, fmt.Errorf("%d items on a page of %d", len(s.Items), size)
		}
		for _, item := range s.Items {
			forward = append(forward, id(item))
		}
		if s.Next == nil {
			break
		}
	}
	for {
		for _, item := range slices.Backward(s.Items) {
			back = append(back, id(item))
		}
		if s.Previous == nil {
			break
		}
		if s, err = read(projections.Page{Size: size, Cursor: s.Previous}); err != nil {
			return nil, nil, err
		}
		if s.Next == nil {
			return nil, nil, errors.New("nothing follows a page that was gone back to")
		}
	}
	slices.Reverse(back)
	return forward, back, nil
}

func ticketUUID(v view.Ticket) uuid.UUID { return v.ID }

func TestListsOfTickets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	t.Run("any viewer, filter, order and page size", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			viewer := everybody[rapid.SampledFrom([]string{"ann", "bob", "eve", "max", "zoe", "rob", "ida", "nemo", "timer"}).Draw(rt, "viewer")]
			f := w.anyFilter(rt)
			w.checkList(t, viewer, f, rapid.SampledFrom([]int{3, 10, 100}).Draw(rt, "page size"))
			w.checkCounts(t, viewer, f)
			if t.Failed() {
				rt.FailNow()
			}
		})
	})
	t.Run("everybody sees what the rules show them", func(t *testing.T) {
		for name, viewer := range everybody {
			w.checkList(t, viewer, projections.TicketFilter{}, 100)
			for id, state := range w.states {
				got, err := w.Ticket(kit.Context(t), viewer, ticket.Ref{ID: ticket.ID{UUID: id}})
				if state.VisibleTo(viewer) != (err == nil) || (err != nil && !errors.Is(err, domain.ErrNotFound)) {
					t.Errorf("%s asks for %s: got %v, visible is %v", name, id, err, state.VisibleTo(viewer))
				}
				if err == nil {
					w.checkTicket(t, viewer, got)
				}
			}
		}
	})
	t.Run("each order both ways", func(t *testing.T) {
		for _, by := range []projections.TicketOrder{projections.ByCreated, projections.ByUpdated, projections.ByPriority, projections.ByNumber} {
			for _, desc := range []bool{false, true} {
				w.checkList(t, everybody["rob"], projections.TicketFilter{OrderBy: by, Descending: desc}, 4)
			}
		}
	})
	t.Run("parts of titles", func(t *testing.T) {
		for _, part := range []string{
			"printer", "PRINTER", "0%", "%", "_", "e_c", "100", `\`, `k\s`, "'", `"`, "ünï", "straße", "王", "<b>", "$1", "?", "?%", "fire", "  ", "nothing of the kind",
		} {
			w.checkList(t, everybody["rob"], projections.TicketFilter{Title: part}, 100)
		}
	})
	t.Run("bounds of time are inclusive below and exclusive above", func(t *testing.T) {
		for _, r := range w.want.tickets[:10] {
			created, updated := r.CreatedAt, r.UpdatedAt
			w.checkList(t, everybody["rob"], projections.TicketFilter{CreatedAfter: &created}, 100)
			w.checkList(t, everybody["rob"], projections.TicketFilter{CreatedBefore: &created}, 100)
			w.checkList(t, everybody["rob"], projections.TicketFilter{UpdatedAfter: &updated}, 100)
			w.checkList(t, everybody["rob"], projections.TicketFilter{UpdatedBefore: &updated}, 100)
			w.checkList(t, everybody["rob"], projections.TicketFilter{CreatedAfter: &created, CreatedBefore: ptr(created.Add(time.Microsecond))}, 100)
		}
	})
	t.Run("ids by number", func(t *testing.T) {
		for _, r := range w.want.tickets {
			if got, err := w.TicketID(kit.Context(t), ticket.Ref{Number: r.Number}); err != nil || got.UUID != r.ID {
				t.Errorf("number %d: got %v, %v, want %v", r.Number, got, err, r.ID)
			}
		}
		for id, s := range w.states {
			if s.Deleted {
				if got, err := w.TicketID(kit.Context(t), ticket.Ref{Number: s.Number}); err != nil || got.UUID != id {
					t.Errorf("number of deleted %s: got %v, %v", id, got, err)
				}
			}
		}
		if _, err := w.TicketID(kit.Context(t), ticket.Ref{Number: 1_000_000}); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("got %v, want %v", err, domain.ErrNotFound)
		}
		unknown := newTicketID()
		if got, err := w.TicketID(kit.Context(t), ticket.Ref{ID: unknown}); err != nil || got != unknown {
			t.Errorf("an id is its own answer: got %v, %v", got, err)
		}
	})
}

func (w world) anyFilter(rt *rapid.T) projections.TicketFilter {
	maybe := func(what string) bool { return rapid.IntRange(0, 3).Draw(rt, "with "+what) == 0 }
	person := rapid.SampledFrom([]string{"ann", "eve", "max", "rob", "nemo"})
	instant := func(what string) *time.Time {
		if !maybe(what) {
			return nil
		}
		r := rapid.SampledFrom(w.want.tickets).Draw(rt, what)
		return ptr(r.CreatedAt.Add(time.Duration(rapid.IntRange(-1, 1).Draw(rt, "off by")) * time.Microsecond))
	}
	f := projections.TicketFilter{
		CreatedAfter: instant("created after"), CreatedBefore: instant("created before"),
		UpdatedAfter: instant("updated after"), UpdatedBefore: instant("updated before"),
		OrderBy:    rapid.SampledFrom([]projections.TicketOrder{"", projections.ByCreated, projections.ByUpdated, projections.ByPriority, projections.ByNumber}).Draw(rt, "order"),
		Descending: rapid.Bool().Draw(rt, "descending"),
	}
	if maybe("statuses") {
		f.Statuses = rapid.SliceOfN(rapid.SampledFrom([]ticket.Status{
			ticket.StatusOpen, ticket.StatusInProgress, ticket.StatusResolved, ticket.StatusClosed, ticket.StatusEscalated,
		}), 1, 3).Draw(rt, "statuses")
	}
	if maybe("priorities") {
		f.Priorities = rapid.SliceOfN(rapid.SampledFrom([]ticket.Priority{ticket.Low, ticket.Medium, ticket.High}), 1, 2).Draw(rt, "priorities")
	}
	if maybe("assignee") {
		f.AssignedTo = ptr(everybody[person.Draw(rt, "assignee")].ID)
	}
	if maybe("requester") {
		f.CreatedBy = ptr(everybody[person.Draw(rt, "requester")].ID)
	}
	if maybe("title") {
		f.Title = rapid.SampledFrom([]string{"printer", "100", "%", "_", "E", `\`}).Draw(rt, "title")
	}
	f.Unassigned = maybe("unassigned")
	return f
}

// checkList compares a whole list, forward and back, with what the log says.
func (w world) checkList(t *testing.T, viewer domain.Actor, f projections.TicketFilter, size int) {
	t.Helper()
	want := w.expected(viewer, f)
	forward, back, err := walk(size, func(p projections.Page) (projections.Slice[view.Ticket], error) {
		p.Count = p.Cursor == nil || p.Cursor.Back
		s, err := w.list(kit.Context(t), viewer, f, p)
		if err == nil && p.Count && *s.Count != int64(len(want)) {
			t.Errorf("count: got %d, want %d of %+v", *s.Count, len(want), f)
		}
		if err == nil && !p.Count && s.Count != nil {
			t.Error("counted without being asked")
		}
		for _, item := range s.Items {
			w.checkTicket(t, viewer, item)
		}
		return s, err
	}, ticketUUID)
	if err != nil {
		t.Fatalf("%+v by %d: %v", f, size, err)
	}
	if diff := gocmp.Diff(want, forward); diff != "" {
		t.Errorf("%s, %+v by %d, forward (-want +got):\n%s", viewer.Role, f, size, diff)
	}
	if diff := gocmp.Diff(want, back); diff != "" {
		t.Errorf("%s, %+v by %d, back (-want +got):\n%s", viewer.Role, f, size, diff)
	}
}

// checkTicket compares what is shown of a ticket with its row.
// checkCounts counts a filter beside another that nothing fits.
func (w world) checkCounts(t *testing.T, viewer domain.Actor, f projections.TicketFilter) {
	t.Helper()
	want := len(w.expected(viewer, f))
	for _, most := range []int{3, 1000} {
		counts, err := w.CountTickets(kit.Context(t), viewer, []projections.TicketFilter{{Search: "nowhere"}, f}, most, time.Minute)
		if err != nil || counts[0] != 0 || counts[1] != min(want, most) {
			t.Errorf("counts up to %d: got %v, %v, want %d of %+v", most, counts, err, want, f)
		}
	}
}

func (w world) checkTicket(t *testing.T, viewer domain.Actor, got view.Ticket) {
	t.Helper()
	i := slices.IndexFunc(w.want.tickets, func(r view.TicketRow) bool { return r.ID == got.ID })
	if i < 0 {
		t.Errorf("ticket %s is none of the log", got.ID)
		return
	}
	r := w.want.tickets[i]
	comments := 0
	for _, c := range w.states[r.ID].Comments {
		if !c.Internal || ticket.SeesInternal(viewer) {
			comments++
		}
	}
	want := view.Ticket{
		ID: r.ID, Number: r.Number, Title: w.titled(viewer, r), Description: w.reads(viewer, r.Description, w.now[r.ID].Description),
		Priority: r.Priority, Status: r.Status,
		CreatedBy: w.person(r.CreatedBy), CreatedAt: r.CreatedAt, UpdatedAt: updatedFor(viewer, r), FirstResponseAt: r.FirstResponseAt,
		ResolvedAt: r.ResolvedAt, ClosedAt: r.ClosedAt, EscalatedAt: r.EscalatedAt, CommentCount: comments, Version: w.counted(viewer, r), Position: r.Position, Replied: r.Reply != nil,
		AttachmentCount: r.PublicFiles, HadFiles: r.Attached,
	}
	if ticket.SeesInternal(viewer) {
		want.AttachmentCount += r.InternalFiles
	}
	if r.AssignedTo != nil {
		want.AssignedTo = ptr(w.person(*r.AssignedTo))
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("ticket as %s sees it (-want +got):\n%s", viewer.Role, diff)
	}
}

func (w world) person(id uuid.UUID) view.Person {
	for _, u := range w.want.users {
		if u.ID == id {
			return view.Person{ID: id, Username: u.Username}
		}
	}
	return view.Person{ID: id}
}
