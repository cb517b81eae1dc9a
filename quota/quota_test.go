package quota_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/quota"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func take(t *testing.T, q *quota.Quota, person, id uuid.UUID) time.Duration {
	t.Helper()
	wait, err := q.Take(kit.Context(t), person, id)
	if err != nil {
		t.Fatal(err)
	}
	return wait
}

// Two processes let somebody do as much as one.
func TestTheHourIsOfAllProcesses(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	const most = 10
	processes := []*quota.Quota{quota.New(db.Pool(t), "tickets", most), quota.New(db.Pool(t), "tickets", most)}
	people := []uuid.UUID{uuid.New(), uuid.New()}
	var let [2]atomic.Int64
	var all sync.WaitGroup
	for i := range 120 {
		all.Go(func() {
			if take(t, processes[i%2], people[i/2%2], uuid.New()) == 0 {
				let[i/2%2].Add(1)
			}
		})
	}
	all.Wait()
	for i := range let {
		if got := let[i].Load(); got != most {
			t.Errorf("one of two people did %d things, want %d", got, most)
		}
	}
}

func TestAnHour(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	q, other := quota.New(db.Pool(t), "tickets", 2), quota.New(db.Pool(t), "comments", 1)
	ann, first := uuid.New(), uuid.New()
	ago := func(d string) {
		t.Helper()
		const sql = `UPDATE person_hours SET taken_at = (SELECT array_agg(at - $1::interval ORDER BY at) FROM unnest(taken_at) AS at)`
		if _, err := db.OwnerPool(t).Exec(t.Context(), sql, d); err != nil {
			t.Fatal(err)
		}
	}
	wants := func(what string, got, least, most time.Duration) {
		t.Helper()
		if got < least || got > most {
			t.Errorf("%s: wait for %v, want %v to %v", what, got, least, most)
		}
	}
	wants("the first", take(t, q, ann, first), 0, 0)
	ago("20 minutes")
	wants("the second", take(t, q, ann, uuid.New()), 0, 0)
	wants("a third", take(t, q, ann, uuid.New()), 39*time.Minute, 40*time.Minute)
	wants("the first again", take(t, q, ann, first), 0, 0)
	wants("another person", take(t, q, uuid.New(), uuid.New()), 0, 0)
	wants("another thing", take(t, other, ann, uuid.New()), 0, 0)
	ago("40 minutes")
	wants("when the first is an hour ago", take(t, q, ann, uuid.New()), 0, 0)
	wants("when the second is not", take(t, q, ann, uuid.New()), 19*time.Minute, 20*time.Minute)
}
