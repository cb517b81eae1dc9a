package main

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/test/pgtest"
)

const key = "Idempotency-Key"

// replayed returns an answer without what a repeat has of its own.
func replayed(a liveAnswer) liveAnswer {
	kept := http.Header{}
	for _, name := range []string{"Content-Type", "Location", "Etag", "Event-Position"} {
		kept[name] = a.header[name]
	}
	return liveAnswer{status: a.status, header: kept, body: a.body}
}

var answers = cmp.AllowUnexported(liveAnswer{})

// atOnce sends the request many times at once, to each of the clients in turn,
// and checks that all got one answer, one of them as the first.
func atOnce(t *testing.T, many int, clients []*liveClient, method, path, body string, header ...string) liveAnswer {
	t.Helper()
	got := make([]liveAnswer, many)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = clients[i%len(clients)].send(t, method, path, body, header...) })
	}
	wg.Wait()
	replays := 0
	for _, a := range got {
		if a.header.Get("Idempotency-Replayed") == "true" {
			replays++
		}
		if diff := cmp.Diff(replayed(got[0]), replayed(a), answers); diff != "" {
			t.Fatalf("two answers to one key (-one +other):\n%s", diff)
		}
	}
	if replays != many-1 {
		t.Errorf("%d of %d answers are replays, want all but one", replays, many)
	}
	return got[0]
}

func TestEqualRequestsAtOnceGetOneAnswer(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	one, other := serveLive(t, db, nil), serveLive(t, db, nil)
	one.join(t, "root", domain.RoleAdmin)
	root := one.signIn(t, "root")
	body := `{"title":"Once","description":"It is broken."}`
	t.Run("in one process", func(t *testing.T) {
		a := atOnce(t, 50, []*liveClient{root}, "POST", "/api/tickets/", body, key, "many-1")
		if a.status != http.StatusCreated {
			t.Fatalf("got %d %s", a.status, a.body)
		}
	})
	t.Run("in two processes", func(t *testing.T) {
		atOnce(t, 50, []*liveClient{root, root.at(other)}, "POST", "/api/tickets/", body, key, "many-2")
	})
	t.Run("of somebody who is not signed in", func(t *testing.T) {
		who := []*liveClient{one.client(t), other.client(t)}
		person := `{"username":"ann","email":"ann@example.com","password":"` + livePassword + `"}`
		if a := atOnce(t, 10, who, "POST", "/api/register/", person, key, "many-3"); a.status != http.StatusCreated {
			t.Fatalf("got %d %s", a.status, a.body)
		}
		a := who[0].must(t, http.StatusUnprocessableEntity, "POST", "/api/register/", strings.Replace(person, "lamp", "rump", 1), key, "many-3")
		if got := a.field(t, "code"); got != "idempotency_key_reused" {
			t.Errorf("another password: got %v", got)
		}
	})
	a := root.must(t, http.StatusOK, "GET", "/api/tickets/?title=once&count=true", "")
	if got := a.field(t, "count"); got != 2.0 {
		t.Errorf("%v tickets were opened, want 2", got)
	}
}

// crash undoes the storing of every answer, as if each process had died after
// its append.
func crash(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	const q = `UPDATE idempotency_keys SET status = NULL, body = NULL, header = NULL, leased_until = clock_timestamp()`
	if _, err := pool.Exec(t.Context(), q); err != nil {
		t.Fatal(err)
	}
}

func TestARepeatAfterACrashIsAnsweredFromWhatWasWritten(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := serveLive(t, db, nil)
	pool := db.OwnerPool(t)
	l.join(t, "root", domain.RoleAdmin)
	l.join(t, "ann", domain.RoleUser)
	root := l.signIn(t, "root")
	for range 3 {
		root.must(t, http.StatusCreated, "POST", "/api/tickets/", `{"title":"x","description":"y"}`)
	}
	for _, c := range []struct{ name, method, path, body string }{
		{"opening", "POST", "/api/tickets/", `{"title":"New","description":"y"}`},
		{"changing", "PATCH", "/api/tickets/1/", `{"title":"Other","assigned_to":"root"}`},
		{"a verb", "POST", "/api/tickets/1/start/", ``},
		{"commenting", "POST", "/api/comments/", `{"ticket":1,"text":"So it is."}`},
		{"changing a person", "PATCH", "/api/users/ann/", `{"first_name":"Ann"}`},
		{"registering", "POST", "/api/register/", `{"username":"bob","email":"bob@example.com","password":"` + livePassword + `"}`},
		{"many at once", "POST", "/api/tickets/bulk/", `{"operations":[{"op":"status","ticket":3,"status":"resolved"},` +
			`{"op":"status","ticket":3,"status":"in-progress"},{"op":"priority","ticket":3,"priority":"high"}]}`},
		{"deleting by number", "DELETE", "/api/tickets/2/", ``},
		{"a new password", "POST", "/api/me/password/", `{"current_password":"` + livePassword + `","new_password":"another-lamp-71"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := strings.ReplaceAll(c.name, " ", "-")
			first := root.send(t, c.method, c.path, c.body, key, id)
			if first.status/100 != 2 {
				t.Fatalf("got %d %s", first.status, first.body)
			}
			crash(t, pool)
			head, err := l.Store.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // taken over, then stored after all
				again := root.send(t, c.method, c.path, c.body, key, id)
				if diff := cmp.Diff(replayed(first), replayed(again), answers); diff != "" {
					t.Errorf("the repeat (-first +repeat):\n%s", diff)
				}
				if again.header.Get("Idempotency-Replayed") != "true" {
					t.Error("the repeat does not say that it is one")
				}
			}
			if after, err := l.Store.Head(t.Context()); err != nil || after != head {
				t.Errorf("the head moved from %d to %d, %v", head, after, err)
			}
		})
	}
}

func TestAnswersOutliveARestart(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	before := serveLive(t, db, nil)
	before.join(t, "root", domain.RoleAdmin)
	root := before.signIn(t, "root")
	body := `{"title":"Once","description":"It is broken."}`
	first := root.must(t, http.StatusCreated, "POST", "/api/tickets/", body, key, "k")
	if err := before.stop(); err != nil {
		t.Fatal(err)
	}
	again := root.at(serveLive(t, db, nil)).send(t, "POST", "/api/tickets/", body, key, "k")
	if diff := cmp.Diff(replayed(first), replayed(again), answers); diff != "" {
		t.Errorf("the repeat (-first +repeat):\n%s", diff)
	}
}

func TestARequestStillAtWorkIsAConflict(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := serveLive(t, db, nil)
	l.join(t, "root", domain.RoleAdmin)
	root := l.signIn(t, "root")
	pool := db.OwnerPool(t)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	if _, err := tx.Exec(t.Context(), `SELECT FROM log_head FOR UPDATE`); err != nil { // appends wait
		t.Fatal(err)
	}
	body := `{"title":"Slow","description":"It is broken."}`
	first := make(chan liveAnswer)
	go func() { first <- root.send(t, "POST", "/api/tickets/", body, key, "slow") }()
	waitUntil(t, pool, `SELECT EXISTS (SELECT FROM idempotency_keys)`) // the first has the key
	second := root.must(t, http.StatusConflict, "POST", "/api/tickets/", body, key, "slow")
	if second.field(t, "code") != "idempotency_key_running" || second.header.Get("Retry-After") == "" {
		t.Errorf("got %s %v", second.body, second.header)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := <-first; a.status != http.StatusCreated {
		t.Errorf("the first got %d %s", a.status, a.body)
	}
	a := root.must(t, http.StatusCreated, "POST", "/api/tickets/", body, key, "slow")
	if a.header.Get("Idempotency-Replayed") != "true" {
		t.Error("the repeat is no replay")
	}
}
