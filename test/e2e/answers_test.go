package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// An answer is the ticket as this very command left it, whatever a projection shows.
func TestAWriteAnswersAnewWhileItsProjectionIsPaused(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	v := d.Admin.Opens(t, "Before")
	d.Runs(t, "", "projections", "pause", "ticket_list")
	for n, title := range []string{"Then", "After"} {
		a := d.Admin.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": title})
		if got, tag := program.Read[program.Ticket](t, a), fmt.Sprintf(`"%d"`, n+2); got.Title != title || got.Version != n+2 || a.Header.Get("ETag") != tag {
			t.Errorf("answered %q, version %d, ETag %s; want %q and %s", got.Title, got.Version, a.Header.Get("ETag"), title, tag)
		}
		asked := d.Admin.Sends(t, "GET", v.Path(), nil, "Min-Event-Position", a.Header.Get("Event-Position"))
		if got := refused(t, asked, http.StatusServiceUnavailable).Code; got != "projection_paused" {
			t.Errorf("a read with Min-Event-Position: %s, want projection_paused", got)
		}
	}
	d.Runs(t, "", "projections", "resume", "ticket_list")
	if got := d.Admin.Sees(t, v); got.Title != "After" || got.Version != 3 {
		t.Errorf("after it is resumed: %+v", got)
	}
}

// TestNoAnswerIsOfAnothersWrite has two people write to one ticket at once, 150 times:
// each answer has what its own command said, and a version that no other answer has.
func TestNoAnswerIsOfAnothersWrite(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	v := d.Admin.Opens(t, "0")
	const rounds, writers = 150, 2
	versions := map[int]string{}
	var mu sync.Mutex
	for round := range rounds {
		var writing sync.WaitGroup
		for w := range writers {
			writing.Go(func() {
				title := fmt.Sprintf("round %d of writer %d", round, w)
				a, err := d.Admin.Do(t.Context(), "PATCH", v.Path(), object{"title": title})
				if err != nil || a.Status != http.StatusOK {
					t.Errorf("%s: %v, %d %s", title, err, a.Status, a.Body)
					return
				}
				got := program.Read[program.Ticket](t, a)
				mu.Lock()
				defer mu.Unlock()
				if got.Title != title || a.Header.Get("ETag") != fmt.Sprintf(`"%d"`, got.Version) {
					t.Errorf("%s was answered with %q, version %d and ETag %s", title, got.Title, got.Version, a.Header.Get("ETag"))
				}
				if other, twice := versions[got.Version]; twice {
					t.Errorf("%s and %s both have version %d", title, other, got.Version)
				}
				versions[got.Version] = title
			})
		}
		writing.Wait()
	}
	if got := d.Admin.Sees(t, v); got.Version != 1+rounds*writers || len(versions) != rounds*writers {
		t.Errorf("%d answers, and the ticket is at version %d", len(versions), got.Version)
	}
}

// A repeat whose stored answer is gone is refused for as long as the command is remembered:
// it neither acts again nor gets an old answer. Then it acts anew.
func TestARepeatIsNotAnsweredForEver(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db)
	v := d.Admin.Opens(t, "Before")
	retitles := func(status int) program.Answer {
		t.Helper()
		return d.Admin.Must(t, status, "PATCH", v.Path(), object{"title": "Once"}, "Idempotency-Key", "once")
	}
	forget := func(table string) {
		t.Helper()
		if _, err := db.Pool(t).Exec(t.Context(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
	}
	retitles(http.StatusOK)
	d.Admin.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "Later"})
	forget("idempotency_keys")
	if got := refused(t, retitles(http.StatusConflict), http.StatusConflict).Code; got != "idempotency_key_repeated" {
		t.Errorf("without its stored answer the repeat got %s", got)
	}
	forget("commands")
	forget("idempotency_keys")
	if anew := retitles(http.StatusOK); isReplay(anew) || program.Read[program.Ticket](t, anew).Version != 4 {
		t.Errorf("the repeat of a forgotten command was answered with %s", anew.Body)
	}
}
