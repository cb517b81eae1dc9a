package workspace

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// person puts somebody into the accounts.
func person(t *testing.T, pool *pgxpool.Pool, name string) domain.UserID {
	t.Helper()
	id := domain.UserID{UUID: uuid.New()}
	const q = `INSERT INTO accounts (user_id, username, email, role, is_active, password_hash) VALUES ($1, $2, $3, 'agent', true, '')`
	if _, err := pool.Exec(t.Context(), q, id.UUID, name, name+"@example.com"); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestViewsAreKeptByNameForEachPerson(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	views, ann, eve := NewViews(pool), person(t, pool, "ann"), person(t, pool, "eve")
	for _, v := range []View{{"late", "status=escalated"}, {" Mine ", "assigned_to=me"}, {"late", "order=oldest"}} {
		if err := views.Save(t.Context(), ann, v); err != nil {
			t.Fatal(err)
		}
	}
	check := func(who domain.UserID, want ...View) {
		t.Helper()
		got, err := views.List(t.Context(), who)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	check(ann, View{"late", "order=oldest"}, View{"Mine", "assigned_to=me"})
	check(eve, []View{}...)
	for range 2 {
		if err := views.Remove(t.Context(), ann, "late"); err != nil {
			t.Fatal(err)
		}
	}
	check(ann, View{"Mine", "assigned_to=me"})
	for _, bad := range []View{{"", "x"}, {strings.Repeat("x", NameMax+1), ""}, {"x", strings.Repeat("x", queryMax+1)}} {
		var refused *domain.Error
		if err := views.Save(t.Context(), ann, bad); !errors.As(err, &refused) || refused.Kind != domain.KindInvalid {
			t.Errorf("a view out of shape: %v", err)
		}
	}
}

func TestViewsAreBounded(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	views, ann := NewViews(pool), person(t, pool, "ann")
	for i := range MaxViews {
		if err := views.Save(t.Context(), ann, View{Name: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := views.Save(t.Context(), ann, View{Name: "more"}); !errors.Is(err, ErrTooManyViews) {
		t.Errorf("one more: %v", err)
	}
	if err := views.Save(t.Context(), ann, View{Name: "0", Query: "again"}); err != nil {
		t.Errorf("in the place of another: %v", err)
	}
}

func TestWhoLooksAtATicket(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	viewers := NewViewers(pool)
	ann, eve, rob := person(t, pool, "ann"), person(t, pool, "eve"), person(t, pool, "rob")
	one, other := uuid.New(), uuid.New()
	arrive := func(ticket uuid.UUID, who domain.UserID, want ...string) {
		t.Helper()
		got, err := viewers.Arrive(t.Context(), ticket, who)
		if err != nil || len(got) != len(want) || strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("others: %v, %v, want %v", got, err, want)
		}
	}
	arrive(one, ann)
	arrive(one, eve, "ann")
	arrive(one, ann, "eve")
	arrive(other, rob)
	if err := viewers.Leave(t.Context(), one, eve); err != nil {
		t.Fatal(err)
	}
	arrive(one, ann)
	if _, err := pool.Exec(t.Context(), `UPDATE ticket_viewers SET seen_at = now() - 2 * $1::interval`, Stay); err != nil {
		t.Fatal(err)
	}
	arrive(one, eve) // ann went without a word
	var left int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM ticket_viewers`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d rows are left, %v: those who went are to be removed", left, err)
	}
}

func TestForgettingSomebody(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t).Pool(t)
	ann, eve := person(t, pool, "ann"), person(t, pool, "eve")
	for _, who := range []domain.UserID{ann, eve} {
		if err := NewViews(pool).Save(t.Context(), who, View{Name: "mine"}); err != nil {
			t.Fatal(err)
		}
		if _, err := NewViewers(pool).Arrive(t.Context(), uuid.New(), who); err != nil {
			t.Fatal(err)
		}
	}
	if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return Forget(ann.UUID)(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
	var views, viewers int
	const q = `SELECT (SELECT count(*) FROM saved_views), (SELECT count(*) FROM ticket_viewers)`
	if err := pool.QueryRow(t.Context(), q).Scan(&views, &viewers); err != nil || views != 1 || viewers != 1 {
		t.Errorf("left are %d views and %d viewers, %v; want eve's", views, viewers, err)
	}
}
