package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	over "helpdesk/test/program"
)

const key = "Idempotency-Key"

// replayed returns an answer without what a repeat has of its own.
func replayed(a over.Answer) over.Answer {
	kept := http.Header{}
	for _, name := range []string{"Content-Type", "Location", "Etag", "Event-Position"} {
		kept[name] = a.Header[name]
	}
	return over.Answer{Status: a.Status, Header: kept, Body: a.Body}
}

// atOnce sends the request many times at once, to each of the clients in turn,
// and checks that all got one answer, one of them as the first.
func atOnce(t *testing.T, many int, clients []*over.Client, method, path, body string, header ...string) over.Answer {
	t.Helper()
	got := make([]over.Answer, many)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = clients[i%len(clients)].Do(t.Context(), method, path, body, header...); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	replays := 0
	for _, a := range got {
		if a.Header.Get("Idempotency-Replayed") == "true" {
			replays++
		}
		if diff := cmp.Diff(replayed(got[0]), replayed(a)); diff != "" {
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
	one, other := serveLive(t, db), serveLive(t, db)
	one.join(t, "root", domain.RoleAdmin)
	root := one.SignIn(t, "root").Client
	for name, clients := range map[string][]*over.Client{
		"in one process": {root}, "in two processes": {root, root.At(other.Program)},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"title":"Once ` + name + `","description":"It is broken."}`
			if a := atOnce(t, 50, clients, "POST", "/api/tickets/", body, key, strings.ReplaceAll(name, " ", "-")); a.Status != http.StatusCreated {
				t.Fatalf("got %d %s", a.Status, a.Body)
			}
			a := root.Must(t, http.StatusOK, "GET", "/api/tickets/?count=true&title="+url.QueryEscape("once "+name), nil)
			if got := field(t, a, "count"); got != 1.0 {
				t.Errorf("%v tickets were opened, want 1", got)
			}
		})
	}
	t.Run("of somebody who is not signed in", func(t *testing.T) {
		who := []*over.Client{one.Client(t), other.Client(t)}
		person := `{"username":"ann","email":"ann@example.com","password":"` + over.Secret + `"}`
		if a := atOnce(t, 10, who, "POST", "/api/register/", person, key, "many-3"); a.Status != http.StatusCreated {
			t.Fatalf("got %d %s", a.Status, a.Body)
		}
		a := who[0].Must(t, http.StatusUnprocessableEntity, "POST", "/api/register/", strings.Replace(person, "lamp", "rump", 1), key, "many-3")
		if got := field(t, a, "code"); got != "idempotency_key_reused" {
			t.Errorf("another password: got %v", got)
		}
	})
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
	l := serveLive(t, db)
	pool := db.OwnerPool(t)
	l.join(t, "root", domain.RoleAdmin)
	l.join(t, "ann", domain.RoleUser)
	root := l.SignIn(t, "root")
	for range 3 {
		root.Must(t, http.StatusCreated, "POST", "/api/tickets/", `{"title":"x","description":"y"}`)
	}
	for _, c := range []struct {
		name, method, path string
		body               any
	}{
		{"opening", "POST", "/api/tickets/", `{"title":"New","description":"y"}`},
		{"changing", "PATCH", "/api/tickets/1/", `{"title":"Other","assigned_to":"root"}`},
		{"a verb", "POST", "/api/tickets/1/start/", nil},
		{"commenting", "POST", "/api/comments/", `{"ticket":1,"text":"So it is."}`},
		{"changing a person", "PATCH", "/api/users/ann/", `{"first_name":"Ann"}`},
		{"registering", "POST", "/api/register/", `{"username":"bob","email":"bob@example.com","password":"` + over.Secret + `"}`},
		{"many at once", "POST", "/api/tickets/bulk/", `{"operations":[{"op":"status","ticket":3,"status":"resolved"},` +
			`{"op":"status","ticket":3,"status":"in-progress"},{"op":"priority","ticket":3,"priority":"high"}]}`},
		{"deleting by number", "DELETE", "/api/tickets/2/", nil},
		{"a new password", "POST", "/api/me/password/", `{"current_password":"` + over.Secret + `","new_password":"another-lamp-71"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := strings.ReplaceAll(c.name, " ", "-")
			first := root.Sends(t, c.method, c.path, c.body, key, id)
			if first.Status/100 != 2 {
				t.Fatalf("got %d %s", first.Status, first.Body)
			}
			crash(t, pool)
			head, err := l.Store.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // taken over, then stored after all
				again := root.Sends(t, c.method, c.path, c.body, key, id)
				if diff := cmp.Diff(replayed(first), replayed(again)); diff != "" {
					t.Errorf("the repeat (-first +repeat):\n%s", diff)
				}
				if again.Header.Get("Idempotency-Replayed") != "true" {
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
	before := serveLive(t, db)
	before.join(t, "root", domain.RoleAdmin)
	root := before.SignIn(t, "root")
	body := `{"title":"Once","description":"It is broken."}`
	first := root.Must(t, http.StatusCreated, "POST", "/api/tickets/", body, key, "k")
	if err := before.stop(); err != nil {
		t.Fatal(err)
	}
	again := root.At(serveLive(t, db).Program).Must(t, http.StatusCreated, "POST", "/api/tickets/", body, key, "k")
	if diff := cmp.Diff(replayed(first), replayed(again)); diff != "" {
		t.Errorf("the repeat (-first +repeat):\n%s", diff)
	}
}

func TestARequestStillAtWorkIsAConflict(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := serveLive(t, db)
	l.join(t, "root", domain.RoleAdmin)
	root := l.SignIn(t, "root")
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
	first := make(chan over.Answer)
	go func() {
		a, err := root.Do(t.Context(), "POST", "/api/tickets/", body, key, "slow")
		if err != nil {
			t.Error(err)
		}
		first <- a
	}()
	kit.Poll(t, "the key of the first", func() bool { return kit.One[bool](t, pool, `SELECT EXISTS (SELECT FROM idempotency_keys)`) })
	second := root.Must(t, http.StatusConflict, "POST", "/api/tickets/", body, key, "slow")
	if field(t, second, "code") != "idempotency_key_running" || second.Header.Get("Retry-After") == "" {
		t.Errorf("got %s %v", second.Body, second.Header)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := <-first; a.Status != http.StatusCreated {
		t.Errorf("the first got %d %s", a.Status, a.Body)
	}
	a := root.Must(t, http.StatusCreated, "POST", "/api/tickets/", body, key, "slow")
	if a.Header.Get("Idempotency-Replayed") != "true" {
		t.Error("the repeat is no replay")
	}
}
