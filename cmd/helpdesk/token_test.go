package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
	"helpdesk/test/pgtest"
	over "helpdesk/test/program"
)

func TestAnAPITokenFromItsMakingToItsEnd(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := serveLive(t, db)
	l.join(t, "root", domain.RoleAdmin)
	root := l.SignIn(t, "root")
	a := root.Must(t, http.StatusCreated, "POST", "/api/tokens/", `{"name":"export"}`, key, "t")
	secret := field(t, a, "token").(string)
	bearer := []string{"Authorization", "Bearer " + secret}
	script := l.Client(t)
	script.Must(t, http.StatusCreated, "POST", "/api/tickets/", `{"title":"By a script","description":"x"}`, bearer...)
	var kind string
	const q = `SELECT actor_kind FROM events WHERE type = 'ticket.opened'`
	if err := db.OwnerPool(t).QueryRow(t.Context(), q).Scan(&kind); err != nil || kind != "token" {
		t.Errorf("the event is by a %q, %v", kind, err)
	}
	list := root.Must(t, http.StatusOK, "GET", "/api/tokens/", nil)
	if strings.Contains(string(list.Body), secret) || !strings.Contains(string(list.Body), `"last_used_at":"`) {
		t.Errorf("the list is %s", list.Body)
	}
	again := root.Must(t, http.StatusCreated, "POST", "/api/tokens/", `{"name":"export"}`, key, "t")
	if diff := cmp.Diff(replayed(a), replayed(again)); diff != "" || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the repeat (-first +repeat):\n%s", diff)
	}
	other := l.SignIn(t, "root").Must(t, http.StatusConflict, "POST", "/api/tokens/", `{"name":"export"}`, key, "t")
	if got := field(t, other, "code"); got != "idempotency_key_sealed" {
		t.Errorf("in another session: %v", got)
	}
	root.Must(t, http.StatusNoContent, "DELETE", a.Header.Get("Location"), nil)
	script.Must(t, http.StatusUnauthorized, "GET", "/api/me/", nil, bearer...)
}

func TestATokenMadeUnderAKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := serveLive(t, db)
	l.join(t, "root", domain.RoleAdmin)
	root := l.SignIn(t, "root")
	a := atOnce(t, 20, []*over.Client{root.Client}, "POST", "/api/tokens/", `{"name":"x"}`, key, "t")
	crash(t, db.OwnerPool(t))
	b := root.Must(t, http.StatusCreated, "POST", "/api/tokens/", `{"name":"x"}`, key, "t")
	if field(t, a, "id") != field(t, b, "id") {
		t.Errorf("two tokens: %s and %s", a.Body, b.Body)
	}
	root.Must(t, http.StatusOK, "GET", "/api/me/", nil, "Authorization", "Bearer "+field(t, b, "token").(string))
	root.Must(t, http.StatusUnauthorized, "GET", "/api/me/", nil, "Authorization", "Bearer "+field(t, a, "token").(string))
}
