package readmodels

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/internal/localpg"
	"helpdesk/migrations"
	"helpdesk/projections"
	"helpdesk/projections/people"
	"helpdesk/projections/reports"
	"helpdesk/projections/view"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

func TestListsOfComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	comments := slices.Clone(w.want.comments)
	slices.SortFunc(comments, func(a, b view.CommentRow) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
	for name, viewer := range everybody {
		visible := map[uuid.UUID][]view.Comment{uuid.Nil: {}} // by ticket; all of them under the zero id
		for _, c := range comments {
			s := w.states[c.TicketID]
			sees := s.VisibleTo(viewer) && (!c.Internal || ticket.SeesInternal(viewer))
			want := view.Comment{
				ID: c.ID, Ticket: c.TicketID, TicketNumber: s.Number, Author: w.person(c.AuthorID),
				Text: c.Text, Internal: c.Internal, CreatedAt: c.CreatedAt, EditedAt: c.EditedAt,
			}
			got, err := w.Comment(kit.Context(t), viewer, ticket.CommentID{UUID: c.ID})
			switch {
			case sees && err == nil:
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Errorf("comment as %s sees it (-want +got):\n%s", name, diff)
				}
			case sees || !errors.Is(err, domain.ErrNotFound):
				t.Errorf("%s asks for comment %s: got %v, visible is %v", name, c.ID, err, sees)
			}
			if sees {
				visible[uuid.Nil] = append(visible[uuid.Nil], want)
				visible[c.TicketID] = append(visible[c.TicketID], want)
			}
		}
		for id := range w.states {
			if _, ok := visible[id]; !ok {
				visible[id] = []view.Comment{}
			}
		}
		for id, want := range visible {
			w.checkComments(t, name, viewer, id, want)
		}
	}
}

func (w world) checkComments(t *testing.T, name string, viewer domain.Actor, id uuid.UUID, want []view.Comment) {
	t.Helper()
	of := &ticket.ID{UUID: id}
	if id == uuid.Nil {
		of = nil
	} else {
		got, err := w.AllComments(kit.Context(t), viewer, *of)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("all comments of %s as %s sees them (-want +got):\n%s", id, name, diff)
		}
	}
	ids := []uuid.UUID{}
	for _, c := range want {
		ids = append(ids, c.ID)
	}
	forward, back, err := walk(7, func(p projections.Page) (projections.Slice[view.Comment], error) {
		p.Count = true
		s, err := w.Comments(kit.Context(t), viewer, of, p)
		if err == nil && *s.Count != int64(len(want)) {
			t.Errorf("count as %s sees them: got %d, want %d", name, *s.Count, len(want))
		}
		return s, err
	}, func(c view.Comment) uuid.UUID { return c.ID })
	if err != nil {
		t.Fatal(err)
	}
	for way, got := range map[string][]uuid.UUID{"forward": forward, "back": back} {
		if diff := gocmp.Diff(ids, got); diff != "" {
			t.Errorf("comments of %s as %s sees them, %s (-want +got):\n%s", id, name, way, diff)
		}
	}
}

func TestListsOfUsers(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	fresh := d.follow(t, 1000)
	ids := map[string]uuid.UUID{}
	for _, p := range []struct {
		name, first, last string
		role              domain.Role
	}{
		{"ann", "Ann", "Lee", domain.RoleUser}, {"Bob", "Bob", "de Vries", domain.RoleUser}, {"carl_x", "", "", domain.RoleAgent},
		{"carlyx", "", "", domain.RoleAgent}, {"Dora", "100%", "", domain.RoleAdmin}, {"Ümit", "Ümit", "Öz", domain.RoleAuditor},
		{"ünal", "", "", domain.RoleUser}, {"Žofie", "", "", domain.RoleUser}, {"zoe", "", "", domain.RoleUser}, {"王", "", "", domain.RoleAgent},
		{"İnci", "", "", domain.RoleUser}, {"ΣΊΣΥΦΟΣ", "", "", domain.RoleUser},
	} {
		id := user.ID{UUID: kit.NewID()}
		ids[p.name] = id.UUID
		c := user.Register{
			By: user.By{Actor: domain.System()}, Username: p.name, Email: fmt.Sprintf("mail%d@example.com", len(ids)),
			FirstName: p.first, LastName: p.last, Role: p.role,
		}
		if _, err := d.people.Register(kit.Context(t), commands.Request{}, id, c, "hash"); err != nil {
			t.Fatal(err)
		}
	}
	edit := user.EditUser{By: user.By{Actor: domain.System()}, ID: user.ID{UUID: ids["zoe"]}, Active: ptr(false)}
	if _, err := d.people.Edit(kit.Context(t), commands.Request{}, edit); err != nil {
		t.Fatal(err)
	}
	d.project(t, fresh)

	list := func(t *testing.T, f people.Filter, size int) (forward, back []uuid.UUID) {
		t.Helper()
		forward, back, err := walk(size, func(p projections.Page) (projections.Slice[view.User], error) { return d.Users(kit.Context(t), f, p) }, func(u view.User) uuid.UUID { return u.ID })
		if err != nil {
			t.Fatal(err)
		}
		return forward, back
	}
	t.Run("every page size shows everybody once, in one order", func(t *testing.T) {
		whole, _ := list(t, people.Filter{}, 100)
		if len(whole) != len(ids) {
			t.Fatalf("got %d, want %d", len(whole), len(ids))
		}
		for _, size := range []int{1, 2, 5} {
			forward, back := list(t, people.Filter{}, size)
			if diff := gocmp.Diff(whole, forward); diff != "" {
				t.Errorf("by %d, forward (-want +got):\n%s", size, diff)
			}
			if diff := gocmp.Diff(whole, back); diff != "" {
				t.Errorf("by %d, back (-want +got):\n%s", size, diff)
			}
		}
		if diff := gocmp.Diff([]uuid.UUID{ids["ann"], ids["Bob"], ids["carl_x"], ids["carlyx"], ids["Dora"]}, whole[:5]); diff != "" {
			t.Errorf("without regard to case (-want +got):\n%s", diff)
		}
	})
	t.Run("filters", func(t *testing.T) {
		for _, c := range []struct {
			name   string
			filter people.Filter
			want   []string
		}{
			{"part of a username", people.Filter{Search: "CARL"}, []string{"carl_x", "carlyx"}},
			{"an underscore is itself", people.Filter{Search: "l_x"}, []string{"carl_x"}},
			{"a percent sign is itself", people.Filter{Search: "0%"}, []string{"Dora"}},
			{"a name in two parts", people.Filter{Search: "ann lee"}, []string{"ann"}},
			{"a last name", people.Filter{Search: "de vries"}, []string{"Bob"}},
			{"an address", people.Filter{Search: "MAIL3@"}, []string{"carl_x"}},
			{"an address, when only names are looked at", people.Filter{Search: "mail3@", NamesOnly: true}, nil},
			{"a name, when only names are looked at", people.Filter{Search: "vries", NamesOnly: true}, []string{"Bob"}},
			{"letters beyond ASCII in another case", people.Filter{Search: "ÜNAL"}, []string{"ünal"}},
			{"letters without their accents", people.Filter{Search: "Unal"}, []string{"ünal"}},
			{"letters with an accent of their own", people.Filter{Search: "u\u0308nal", NamesOnly: true}, []string{"ünal"}},
			{"names the other way round", people.Filter{Search: "lee  ann"}, []string{"ann"}},
			{"nobody", people.Filter{Search: "nobody"}, nil},
			{"agents", people.Filter{Role: domain.RoleAgent}, []string{"carl_x", "carlyx", "王"}},
			{"who is not active", people.Filter{Active: ptr(false)}, []string{"zoe"}},
			{"active auditors", people.Filter{Active: ptr(true), Role: domain.RoleAuditor}, []string{"Ümit"}},
			{"all at once", people.Filter{Active: ptr(true), Role: domain.RoleUser, Search: "b"}, []string{"Bob"}},
		} {
			want := []uuid.UUID{}
			for _, name := range c.want {
				want = append(want, ids[name])
			}
			got, _ := list(t, c.filter, 2)
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
			s, err := d.Users(kit.Context(t), c.filter, projections.Page{Size: 1, Count: true})
			if err != nil || *s.Count != int64(len(want)) {
				t.Errorf("%s, count: got %v, %v, want %d", c.name, s.Count, err, len(want))
			}
		}
	})
	t.Run("one of them", func(t *testing.T) {
		got, err := d.User(kit.Context(t), user.ID{UUID: ids["Bob"]})
		if err != nil {
			t.Fatal(err)
		}
		if got.Username != "Bob" || got.NameEmail() != "Bob de Vries - mail2@example.com" {
			t.Errorf("got %+v, %q", got, got.NameEmail())
		}
		if _, err := d.User(kit.Context(t), user.ID{UUID: kit.NewID()}); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("got %v, want %v", err, domain.ErrNotFound)
		}
		if got := (view.User{Username: "x", Email: "m"}).NameEmail(); got != "x - m" {
			t.Errorf("without a name: got %q", got)
		}
	})
}

// A given database may know no emails but those of ASCII.
func TestUsersArePagedWhateverTheLocaleOfTheDatabase(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Empty())
	super, err := pgx.Connect(kit.Context(t), db.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer super.Close(kit.Context(t))
	name := db.Name + "_c"
	create := `CREATE DATABASE ` + name + ` TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C' OWNER ` + localpg.OwnerRole
	if _, err := super.Exec(kit.Context(t), create); err != nil {
		t.Fatal(err)
	}
	there := func(address string) string { return strings.Replace(address, db.Name, name, 1) }
	if err := migrations.Up(kit.Context(t), there(db.OwnerURL), localpg.ServiceRole); err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(kit.Context(t), there(db.ServiceURL))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for i, username := range []string{"Émile", "émile", "Ümit", "ünal", "Zoe", "zoe2", "ÄÖ"} {
		const q = `INSERT INTO read.users VALUES ($1, $2, $3, '', '', 'user', true, now(), now(), 1)`
		if _, err := pool.Exec(kit.Context(t), q, kit.NewID(), username, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	list := func(size int) (forward, back []uuid.UUID) {
		forward, back, err := walk(size, func(p projections.Page) (projections.Slice[view.User], error) {
			return people.NewReader(pool).Users(kit.Context(t), people.Filter{}, p)
		}, func(u view.User) uuid.UUID { return u.ID })
		if err != nil {
			t.Fatal(err)
		}
		return forward, back
	}
	whole, _ := list(100)
	forward, back := list(1)
	if diff := gocmp.Diff(whole, forward); diff != "" || len(whole) != 7 {
		t.Errorf("forward (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff(whole, back); diff != "" {
		t.Errorf("back (-want +got):\n%s", diff)
	}
}

func TestTheReportWorkedOutByHand(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	fresh := d.follow(t, 1000)
	to := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	from := to.Add(-7 * 24 * time.Hour)
	number := int64(0)
	open := func(at time.Time) uuid.UUID {
		id := kit.NewID()
		number++
		d.append(t, id, 0, at, ticket.Opened{Number: number, Title: "t", Priority: ticket.Low})
		return id
	}
	const tick = time.Microsecond
	edge := open(from)                          // the window begins after it
	first := open(from.Add(tick))               // the first instant within
	final := open(to)                           // the last
	open(to.Add(tick))                          // too late
	old := open(from.Add(-30 * 24 * time.Hour)) // before, and resolved within
	middle := from.Add(72 * time.Hour)
	d.append(t, first, 1, middle, ticket.Resolved{})
	d.append(t, first, 2, middle, ticket.Reopened{})
	d.append(t, first, 3, middle, ticket.Resolved{}) // counts once
	d.append(t, final, 1, to, ticket.Escalated{})
	d.append(t, final, 2, to, ticket.Started{})
	d.append(t, final, 3, to, ticket.Escalated{}) // counts once
	d.append(t, old, 1, middle, ticket.Resolved{})
	d.append(t, old, 2, middle, ticket.Reopened{}) // counts, whatever became of it
	d.append(t, edge, 1, from, ticket.Escalated{}) // the window begins after it
	d.append(t, first, 4, time.Time{}, ticket.Deleted{})
	late := d.append(t, kit.NewID(), 0, middle, ticket.Opened{Number: 99, Title: "recorded last", Priority: ticket.Low})
	d.project(t, fresh)
	events := d.log(t)
	before := events[late.Position-2].RecordedAt // the append before the last

	for _, c := range []struct {
		name  string
		query reports.Query
		want  reports.Report
	}{
		{"seven days", reports.Query{To: to, Days: 7}, reports.Report{Opened: 3, Resolved: 2, Escalated: 1}},
		{"eight days take the edge in", reports.Query{To: to, Days: 8}, reports.Report{Opened: 4, Resolved: 2, Escalated: 2}},
		{"seven days up to a microsecond later", reports.Query{To: to.Add(tick), Days: 7}, reports.Report{Opened: 3, Resolved: 2, Escalated: 1}},
		{"seven days up to a microsecond earlier", reports.Query{To: to.Add(-tick), Days: 7}, reports.Report{Opened: 3, Resolved: 2, Escalated: 1}},
		{"a day", reports.Query{To: to, Days: 1}, reports.Report{Opened: 1, Resolved: 0, Escalated: 1}},
		{"a year", reports.Query{To: to, Days: 366}, reports.Report{Opened: 5, Resolved: 2, Escalated: 2}},
		{"the week before", reports.Query{To: from, Days: 7}, reports.Report{Opened: 1, Resolved: 0, Escalated: 1}},
		{"as was known before the last was recorded", reports.Query{To: to, Days: 7, KnownAt: before}, reports.Report{Opened: 2, Resolved: 2, Escalated: 1}},
		{"as was known at the last", reports.Query{To: to, Days: 7, KnownAt: events[late.Position-1].RecordedAt}, reports.Report{Opened: 3, Resolved: 2, Escalated: 1}},
		{"as was known before there was anything", reports.Query{To: to, Days: 7, KnownAt: to.AddDate(-9, 0, 0)}, reports.Report{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := d.Report(kit.Context(t), c.query)
			if err != nil {
				t.Fatal(err)
			}
			c.want.To, c.want.From = c.query.To, c.query.To.Add(-time.Duration(c.query.Days)*24*time.Hour)
			c.want.AsOfPosition = late.Position
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}

	recent := open(time.Time{})
	d.append(t, recent, 1, time.Time{}, ticket.Resolved{})
	d.project(t, fresh)
	got, err := d.Report(kit.Context(t), reports.Query{Days: 7})
	if err != nil {
		t.Fatal(err)
	}
	if got.To.Sub(got.From) != 7*24*time.Hour || got.To.Before(d.log(t)[0].RecordedAt) {
		t.Errorf("a window up to now: got (%v, %v]", got.From, got.To)
	}
	if got.Resolved < 1 || got.AsOfPosition != late.Position+2 {
		t.Errorf("up to now: got %+v", got)
	}
}

func TestTheReportOfAnEmptyLog(t *testing.T) {
	t.Parallel()
	got, err := newModels(t).Report(kit.Context(t), reports.Query{Days: 7})
	if err != nil || got.Opened+got.Resolved+got.Escalated+got.AsOfPosition != 0 {
		t.Errorf("got %+v, %v, want nothing counted", got, err)
	}
}
