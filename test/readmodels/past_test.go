package readmodels

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/projections/view"
	"helpdesk/test/kit"
)

// caughtUp is read models that have come as far as anybody may want.
type caughtUp struct{}

func (caughtUp) Wait(context.Context, int64, ...string) error { return nil }

func (d *models) past() *history.Past { return history.NewPast(d.Store, d.Pool, caughtUp{}) }

// asOf returns the world as it was known at an instant, as present viewers see it.
func (w world) asOf(at time.Time) world {
	then := world{models: w.models, now: w.states}
	for _, e := range w.log {
		if !e.RecordedAt.After(at) {
			then.log = append(then.log, e)
		}
	}
	then.want, then.states = fold(then.log)
	then.want.users = w.want.users // people are shown by the names they have now
	then.sees = func(viewer domain.Actor, id uuid.UUID) bool {
		return w.states[id].VisibleTo(viewer) || (w.states[id].Deleted && (viewer.Admin() || viewer.Role == domain.RoleAuditor))
	}
	then.list = func(ctx context.Context, viewer domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
		return w.past().Tickets(ctx, viewer, at, f, p)
	}
	return then
}

// instant returns when the nth event was recorded, give or take.
func (w world) instant(n int, add time.Duration) time.Time { return w.log[n].RecordedAt.Add(add) }

func TestListsOfThePast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	t.Run("any instant, viewer, filter, order and page size", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			off := time.Duration(rapid.IntRange(-1, 1).Draw(rt, "off by")) * time.Microsecond
			then := w.asOf(w.instant(rapid.IntRange(0, len(w.log)-1).Draw(rt, "event"), off))
			viewer := everybody[rapid.SampledFrom([]string{"ann", "bob", "eve", "max", "zoe", "rob", "ida", "nemo", "timer"}).Draw(rt, "viewer")]
			then.checkList(t, viewer, w.anyFilter(rt), rapid.SampledFrom([]int{3, 10, 100}).Draw(rt, "page size"))
			if t.Failed() {
				rt.FailNow()
			}
		})
	})
	t.Run("each order both ways, before anything and now", func(t *testing.T) {
		for _, at := range []time.Time{w.instant(0, -time.Hour), w.instant(len(w.log)/2, 0), w.instant(len(w.log)-1, 0)} {
			for _, by := range []projections.TicketOrder{"", projections.ByCreated, projections.ByUpdated, projections.ByPriority, projections.ByNumber} {
				for _, desc := range []bool{false, true} {
					w.asOf(at).checkList(t, everybody["ida"], projections.TicketFilter{OrderBy: by, Descending: desc}, 7)
				}
			}
		}
	})
	t.Run("parts of titles", func(t *testing.T) {
		then := w.asOf(w.instant(len(w.log)*2/3, 0))
		for _, part := range []string{"printer", "PRINTER", "0%", "%", "_", `\`, "'", "straße", "王", "$1", "?", "  ", "nothing of the kind"} {
			then.checkList(t, everybody["rob"], projections.TicketFilter{Title: part}, 100)
		}
	})
}

func TestTicketsOfThePast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := 0; n < len(w.log); n += 20 {
		then := w.asOf(w.instant(n, 0))
		for name, viewer := range everybody {
			for id := range w.states {
				got, err := w.past().Ticket(kit.Context(t), viewer, ticket.Ref{ID: ticket.ID{UUID: id}}, history.Moment{Instant: w.instant(n, 0)})
				want := then.states[id].Exists && then.sees(viewer, id)
				if want != (err == nil) || (err != nil && !errors.Is(err, domain.ErrNotFound)) {
					t.Fatalf("%s asks for %s at event %d: got %v, want it shown: %v", name, id, n, err, want)
				}
				if err != nil {
					continue
				}
				then.checkTicket(t, viewer, got.Ticket)
				if diff := gocmp.Diff(then.commentsOf(viewer, id), got.Comments, lost); diff != "" {
					t.Errorf("comments of %s as %s saw them at event %d (-want +got):\n%s", id, name, n, diff)
				}
			}
		}
	}
}

// commentsOf returns the comments of a ticket that a viewer sees, by the log.
func (w world) commentsOf(viewer domain.Actor, id uuid.UUID) []view.Comment {
	all := []view.Comment{}
	for _, c := range w.want.comments {
		if c.TicketID == id && (!c.Internal || ticket.SeesInternal(viewer)) {
			all = append(all, view.Comment{
				ID: c.ID, Ticket: id, TicketNumber: w.states[id].Number, Author: w.person(c.AuthorID),
				Text: w.said(viewer, id, c.ID, c.Text), Internal: c.Internal, CreatedAt: c.CreatedAt, EditedAt: c.EditedAt,
				Attachments: w.filesOf(viewer, c.ID),
			})
		}
	}
	slices.SortFunc(all, func(a, b view.Comment) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return all
}

func TestCommentsOfThePast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var order []uuid.UUID // in which they were added
	for _, e := range w.log {
		if d, ok := e.Event.(ticket.CommentAdded); ok {
			order = append(order, d.CommentID.UUID)
		}
	}
	for n := 10; n < len(w.log); n += 60 {
		at := w.instant(n, 0)
		then := w.asOf(at)
		for name, viewer := range everybody {
			want := map[uuid.UUID][]view.Comment{} // by ticket; all of them under the zero id
			for id := range then.states {
				if then.sees(viewer, id) {
					want[id] = then.commentsOf(viewer, id)
				}
				want[uuid.Nil] = append(want[uuid.Nil], want[id]...)
			}
			for id, want := range want {
				slices.SortFunc(want, func(a, b view.Comment) int { return cmp.Compare(slices.Index(order, a.ID), slices.Index(order, b.ID)) })
				w.checkCommentsThen(t, name, at, id, want)
			}
		}
	}
	s, err := w.past().Comments(kit.Context(t), everybody["rob"], w.instant(10, 0), &ticket.Ref{Number: 1_000_000}, projections.Page{Size: 3, Count: true})
	if err != nil || len(s.Items) > 0 || *s.Count != 0 {
		t.Errorf("of a number that nobody has: got %+v, %v", s, err)
	}
}

func (w world) checkCommentsThen(t *testing.T, who string, at time.Time, id uuid.UUID, want []view.Comment) {
	t.Helper()
	ref := &ticket.Ref{ID: ticket.ID{UUID: id}}
	if id == uuid.Nil {
		ref = nil
	}
	got := []view.Comment{}
	forward, back, err := walk(9, func(p projections.Page) (projections.Slice[view.Comment], error) {
		p.Count = true
		s, err := w.past().Comments(kit.Context(t), everybody[who], at, ref, p)
		if err == nil && *s.Count != int64(len(want)) {
			t.Errorf("count as %s sees them: got %d, want %d", who, *s.Count, len(want))
		}
		if p.Cursor == nil || !p.Cursor.Back {
			got = append(got, s.Items...)
		}
		return s, err
	}, func(c view.Comment) uuid.UUID { return c.ID })
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(view.Comment{}, "Attachments")); diff != "" {
		t.Errorf("comments of %s as %s saw them at %s (-want +got):\n%s", id, who, at, diff)
	}
	if diff := gocmp.Diff(forward, back); diff != "" {
		t.Errorf("forward and back (-forward +back):\n%s", diff)
	}
}

func TestAVersionIsTheTicketRightAfterItsEvent(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 1000)
	id, ann, eve := newTicketID(), everybody["ann"], everybody["eve"]
	note := ticket.CommentID{UUID: kit.NewID()}
	d.append(t, id.UUID, 0, time.Time{},
		ticket.Opened{Number: 7, Title: "First", Description: "d", Priority: ticket.Low, CreatedBy: ann.ID, OpenedBy: ann.ID},
		ticket.Retitled{Title: "Second"}, // two events of one append
		ticket.CommentAdded{CommentID: note, Author: eve.ID, Text: "psst", Internal: true})
	d.append(t, id.UUID, 3, time.Time{}, ticket.CommentEdited{CommentID: note, Text: "hush"}, ticket.Resolved{})
	d.append(t, id.UUID, 5, time.Time{}, ticket.Deleted{})
	d.project(t, fresh)

	past, admin, ref := d.past(), everybody["rob"], ticket.Ref{Number: 7} // a number leads to a deleted ticket too
	for version, want := range map[int]string{1: "First", 2: "Second", 5: "Second"} {
		got, err := past.Ticket(kit.Context(t), admin, ref, history.Moment{Version: version})
		if err != nil || got.Version != version || got.Title != want {
			t.Errorf("version %d: got %+v, %v, want title %s", version, got.Ticket, err, want)
		}
	}
	for _, at := range []history.Moment{{Version: 6}, {Version: 7}, {Instant: time.Now().Add(-time.Hour)}} {
		if _, err := past.Ticket(kit.Context(t), admin, ref, at); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%+v: got %v, want %v", at, err, domain.ErrNotFound)
		}
	}
	if _, err := past.Ticket(kit.Context(t), ann, ref, history.Moment{Version: 1}); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("a requester's own that is deleted: got %v, want %v", err, domain.ErrNotFound)
	}
	if _, err := past.Ticket(kit.Context(t), admin, ticket.Ref{Number: 8}, history.Moment{Version: 1}); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("no such number: got %v, want %v", err, domain.ErrNotFound)
	}
	later := history.Moment{Instant: time.Now().Add(time.Hour)}
	if _, err := past.Ticket(kit.Context(t), admin, ref, later); !errors.Is(err, history.ErrFuture) {
		t.Errorf("an instant to come: got %v, want %v", err, history.ErrFuture)
	}
	if _, err := past.Tickets(kit.Context(t), admin, later.Instant, projections.TicketFilter{}, projections.Page{Size: 9}); !errors.Is(err, history.ErrFuture) {
		t.Errorf("a list of an instant to come: got %v, want %v", err, history.ErrFuture)
	}
}

func TestADifferenceNamesWhatIsAnother(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 1000)
	id, ann, eve := newTicketID(), everybody["ann"], everybody["eve"]
	kept, note, gone := ticket.CommentID{UUID: kit.NewID()}, ticket.CommentID{UUID: kit.NewID()}, ticket.CommentID{UUID: kit.NewID()}
	d.append(t, id.UUID, 0, time.Time{},
		ticket.Opened{Number: 7, Title: "First", Description: "d", Priority: ticket.Low, CreatedBy: ann.ID, OpenedBy: ann.ID},
		ticket.CommentAdded{CommentID: gone, Author: ann.ID, Text: "oh"})
	d.append(t, id.UUID, 2, time.Time{},
		ticket.Retitled{Title: "Second"}, ticket.Assigned{AssignedTo: eve.ID}, ticket.CommentRemoved{CommentID: gone},
		ticket.CommentAdded{CommentID: note, Author: eve.ID, Text: "psst", Internal: true},
		ticket.CommentAdded{CommentID: kept, Author: eve.ID, Text: "fine"}, ticket.CommentEdited{CommentID: kept, Text: "fine!"})
	d.append(t, id.UUID, 8, time.Time{}, ticket.Retitled{Title: "First"})
	d.project(t, fresh)

	diff := func(who string, from, to int) []history.Change {
		t.Helper()
		got, err := d.past().Diff(kit.Context(t), everybody[who], ticket.Ref{ID: id}, history.Moment{Version: from}, history.Moment{Version: to}, nil)
		if err != nil || got.From.Version != from || got.To.Version != to {
			t.Errorf("%s, %d to %d: got %+v, %v", who, from, to, got, err)
		}
		return got.Changes
	}
	retitled, assigned := history.Change{Field: "title", Before: "First", After: "Second"}, history.Change{Field: "assigned_to", Before: nil, After: "eve"}
	removed, noted, said := history.Change{Field: "comment", Before: "oh", After: nil}, history.Change{Field: "comment", Before: nil, After: "psst"}, history.Change{Field: "comment", Before: nil, After: "fine!"}
	withdrawn := history.Change{Field: "comment", Before: "[withdrawn]", After: nil}
	for _, c := range []struct {
		who      string
		from, to int
		want     []history.Change
	}{
		{"rob", 2, 8, []history.Change{retitled, assigned, removed, noted, said}},
		// Ann counts without the note, which is the sixth event.
		{"ann", 2, 7, []history.Change{{Field: "title", Before: "First", After: "[withdrawn]"}, assigned, withdrawn, said}},
		{"ann", 2, 8, []history.Change{assigned, withdrawn, said}},
		{"ann", 7, 6, []history.Change{{Field: "comment", Before: "fine!", After: "[withdrawn]"}}},
		{"ann", 5, 6, []history.Change{{Field: "comment", Before: nil, After: "[withdrawn]"}}},
		{"rob", 5, 6, []history.Change{noted}},
		{"ann", 4, 4, nil},
	} {
		if diff := gocmp.Diff(c.want, diff(c.who, c.from, c.to)); diff != "" {
			t.Errorf("%s, %d to %d (-want +got):\n%s", c.who, c.from, c.to, diff)
		}
	}
	for _, to := range []history.Moment{{Version: 10}, {Instant: time.Now().Add(-time.Hour)}} {
		if _, err := d.past().Diff(kit.Context(t), ann, ticket.Ref{ID: id}, history.Moment{Version: 1}, to, nil); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("to %+v: got %v, want %v", to, err, domain.ErrNotFound)
		}
	}
	if _, err := d.past().Diff(kit.Context(t), everybody["bob"], ticket.Ref{ID: id}, history.Moment{Version: 1}, history.Moment{Version: 2}, nil); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("of somebody else's ticket: got %v, want %v", err, domain.ErrNotFound)
	}
}

func TestTheLastPositionAtAnInstant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := func(instant time.Time) int64 {
		t.Helper()
		position, err := w.past().Settled(kit.Context(t), instant)
		if err != nil {
			t.Fatal(err)
		}
		return position
	}
	for i, e := range w.log {
		want := e.Position
		for _, after := range w.log[i+1:] { // of the same append
			if after.RecordedAt.After(e.RecordedAt) {
				break
			}
			want = after.Position
		}
		if got := at(e.RecordedAt); got != want {
			t.Errorf("when event %d was recorded: got %d, want %d", e.Position, got, want)
		}
	}
	if got := at(w.instant(0, -time.Microsecond)); got != 0 {
		t.Errorf("before anything: got %d, want 0", got)
	}
}

func TestAnInstantIsNotSettledWhileAnAppendIsUnderWay(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	tx, err := d.Pool.Begin(kit.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	if _, err := tx.Exec(kit.Context(t), `SELECT FROM log_head WHERE id = 1 FOR UPDATE`); err != nil { // as appends do
		t.Fatal(err)
	}
	var now time.Time
	var xid string
	if err := tx.QueryRow(kit.Context(t), `SELECT clock_timestamp(), pg_current_xact_id()::xid::text`).Scan(&now, &xid); err != nil {
		t.Fatal(err)
	}
	settled := make(chan int64)
	go func() {
		position, err := d.past().Settled(kit.Context(t), now)
		if err != nil {
			t.Error(err)
		}
		settled <- position
	}()
	const waiting = `SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND transactionid::text = $1 AND NOT granted`
	for n := 0; n == 0; {
		if err := d.Pool.QueryRow(kit.Context(t), waiting, xid).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case got := <-settled:
		t.Errorf("settled at %d while an append was under way", got)
	default:
	}
	insert := `INSERT INTO events (position, stream_id, stream_type, version, event_id, type, schema_version, data, actor_kind, correlation_id, occurred_at, recorded_at)
VALUES (1, $1, 'ticket', 1, $1, 'ticket.deleted', 1, '{}', 'system', '', $2, $2)`
	if _, err := tx.Exec(kit.Context(t), insert, kit.NewID(), now); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(kit.Context(t), `UPDATE log_head SET position = 1, recorded_at = $1`, now); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(kit.Context(t)); err != nil {
		t.Fatal(err)
	}
	if got := <-settled; got != 1 {
		t.Errorf("settled at %d, want the append under way among it", got)
	}
}

// behind is read models that do not come so far.
type behind struct{ asked int64 }

func (b *behind) Wait(_ context.Context, position int64, _ ...string) error {
	b.asked = position
	return &domain.Error{Kind: domain.KindUnavailable, Code: "not_yet"}
}

func TestAListOfThePastWaitsForTheReadModels(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	var last eventstore.Appended
	for range 3 {
		last = d.append(t, kit.NewID(), 0, time.Time{}, ticket.Opened{Number: int64(last.Position) + 1, Title: "t", Description: "d", Priority: ticket.Low})
	}
	fresh := &behind{}
	var now time.Time
	if err := d.Pool.QueryRow(kit.Context(t), `SELECT clock_timestamp()`).Scan(&now); err != nil {
		t.Fatal(err)
	}
	_, err := history.NewPast(d.Store, d.Pool, fresh).Tickets(kit.Context(t), everybody["rob"], now, projections.TicketFilter{}, projections.Page{Size: 9})
	var refused *domain.Error
	if !errors.As(err, &refused) || refused.Kind != domain.KindUnavailable || fresh.asked != last.Position {
		t.Errorf("got %v after waiting for %d, want it unavailable at %d", err, fresh.asked, last.Position)
	}
}
