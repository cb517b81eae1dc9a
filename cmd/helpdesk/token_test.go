package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
	"helpdesk/test/pgtest"
)

func TestAnAPITokenFromItsMakingToItsEnd(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := serveLive(t, db, nil)
	l.join(t, "root", domain.RoleAdmin)
	root := l.signIn(t, "root")
	a := root.must(t, http.StatusCreated, "POST", "/api/tokens/", `{"name":"export"}`, key, "t")
	secret := a.field(t, "token").(string)
	bearer := []string{"Authorization", "Bearer " + secret}
	script := l.client(t)
	script.must(t, http.StatusCreated, "POST", "/api/tickets/", `{"title":"By a script","description":"x"}`, bearer...)
	var kind string
	const q = `SELECT actor_kind FROM events WHERE type = 'ticket.opened'`
	if err := db.OwnerPool(t).QueryRow(t.Context(), q).Scan(&kind); err != nil || kind != "token" {
		t.Errorf("the event is by a %q, %v", kind, err)
	}
	list := root.must(t, http.StatusOK, "GET", "/api/tokens/", "")
	if strings.Contains(list.body, secret) || !strings.Contains(list.body, `"last_used_at":"`) {
		t.Errorf("the list is %s", list.body)
	}
	again := root.must(t, http.StatusCreated, "POST", "/api/tokens/", `{"name":"export"}`, key, "t")
	if diff := cmp.Diff(replayed(a), replayed(again), answers); diff != "" || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the repeat (-first +repeat):\n%s", diff)
	}
	other := l.signIn(t, "root").must(t, http.StatusConflict, "POST", "/api/tokens/", `{"name":"export"}`, key, "t")
	if got := other.field(t, "code"); got != "idempotency_key_sealed" {
		t.Errorf("in another session: %v", got)
	}
	root.must(t, http.StatusNoContent, "DELETE", a.header.Get("Location"), "")
	script.must(t, http.StatusUnauthorized, "GET", "/api/me/", "", bearer...)
}

func TestATokenMadeUnderAKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := serveLive(t, db, nil)
	l.join(t, "root", domain.RoleAdmin)
	root := l.signIn(t, "root")
	a := atOnce(t, 20, []*liveClient{root}, "POST", "/api/tokens/", `{"name":"x"}`, key, "t")
	crash(t, db.OwnerPool(t))
	b := root.must(t, http.StatusCreated, "POST", "/api/tokens/", `{"name":"x"}`, key, "t")
	if a.field(t, "id") != b.field(t, "id") {
		t.Errorf("two tokens: %s and %s", a.body, b.body)
	}
	root.must(t, http.StatusOK, "GET", "/api/me/", "", "Authorization", "Bearer "+b.field(t, "token").(string))
	root.must(t, http.StatusUnauthorized, "GET", "/api/me/", "", "Authorization", "Bearer "+a.field(t, "token").(string))
}
