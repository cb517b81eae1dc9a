package httpapi_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/httpapi"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/tokens"
)

// vault stands in for the API tokens: the secret "hd_<name>" acts for whoever
// has that name, "hd_<name>_reads" reads in theirs.
type vault struct {
	tokens []auth.Token // of whoever asks
	made   auth.Token
}

func (v *vault) Create(_ context.Context, _ user.ID, t auth.Token) (string, auth.Token, error) {
	v.made = t
	t.CreatedAt = noon
	return "hd_made", t, nil
}

func (v *vault) List(context.Context, user.ID) ([]auth.Token, error) { return v.tokens, nil }

func (v *vault) Revoke(_ context.Context, _ user.ID, id uuid.UUID) error {
	if !slices.ContainsFunc(v.tokens, func(t auth.Token) bool { return t.ID == id }) {
		return domain.ErrNotFound
	}
	return nil
}

func (v *vault) Lookup(_ context.Context, secret string) (auth.Token, user.Account, error) {
	name, reads := strings.CutSuffix(strings.TrimPrefix(secret, auth.TokenPrefix), "_reads")
	a, ok := accounts[name]
	if !ok {
		return auth.Token{}, user.Account{}, auth.ErrNoToken
	}
	return auth.Token{ID: tokenID(1), ReadOnly: reads, UseDue: true}, a, nil
}

func tokenID(n byte) uuid.UUID { return uuid.UUID{0: 1, 6: 0x70, 8: 0x80, 15: n} }

func TestWhatAnAPITokenMayDo(t *testing.T) {
	const (
		all, reads = "Authorization: Bearer hd_alice", "Authorization: bEARER  hd_alice_reads"
		write      = `{"title":"a","description":"b"}`
	)
	cases := []struct {
		name, session, head, call, body string
		status                          int
		code                            string
	}{
		{"a token reads", "", all, "GET /api/tickets/7/", "", 200, ""},
		{"a token writes", "", all, "POST /api/tickets/", write, 201, ""},
		{"a token that only reads reads", "", reads, "GET /api/tickets/7/", "", 200, ""},
		{"a token that only reads does not write", "", reads, "POST /api/tickets/", write, 403, "token_read_only"},
		{"an unknown token", "", "Authorization: Bearer hd_nobody", "GET /api/me/", "", 401, "invalid_token"},
		{"an unknown token beside a good cookie", "alice", "Authorization: Bearer hd_nobody", "GET /api/me/", "", 401, "invalid_token"},
		{"another scheme", "alice", "Authorization: Basic YTpi", "GET /api/me/", "", 401, "invalid_token"},
		{"no token at all", "", "Authorization: Bearer", "GET /api/me/", "", 401, "invalid_token"},
		{"a token beyond all measure", "", "Authorization: Bearer hd_" + strings.Repeat("a", 300), "GET /api/me/", "", 401, "invalid_token"},
		{"a token does not sign out", "", all, "POST /api/logout/", "", 403, "session_required"},
		{"a token changes no password", "", all, "POST /api/me/password/", `{"current_password":"right","new_password":"x"}`, 403, "session_required"},
		{"a token deactivates nobody", "", all, "POST /api/me/deactivate/", "", 403, "session_required"},
		{"a token makes no token", "", all, "POST /api/tokens/", `{"name":"x"}`, 403, "session_required"},
		{"a token lists tokens", "", reads, "GET /api/tokens/", "", 200, ""},
		{"a token revokes itself", "", all, "DELETE /api/tokens/" + tokenID(1).String() + "/", "", 204, ""},
		{"a token revokes no other", "", all, "DELETE /api/tokens/" + tokenID(2).String() + "/", "", 403, "session_required"},
		{"a session revokes any", "alice", "Accept: */*", "DELETE /api/tokens/" + tokenID(2).String() + "/", "", 204, ""},
		{"there is no such token", "alice", "Accept: */*", "DELETE /api/tokens/" + tokenID(9).String() + "/", "", 404, "not_found"},
		{"a path that is no id", "alice", "Accept: */*", "DELETE /api/tokens/x/", "", 404, "not_found"},
		{"a token of one's own", "alice", "Accept: */*", "GET /api/tokens/" + tokenID(2).String() + "/", "", 200, ""},
		{"a token of nobody's", "alice", "Accept: */*", "GET /api/tokens/" + tokenID(9).String() + "/", "", 404, "not_found"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			api := newAPI(t, newFakes(), func(deps *Deps, _ *httpapi.Config) {
				deps.Tokens = &vault{tokens: []auth.Token{{ID: tokenID(2), CreatedAt: noon}, {ID: tokenID(1), CreatedAt: noon}}}
			})
			method, path, _ := strings.Cut(c.call, " ")
			w := request{name: c.session, method: method, path: path, body: c.body, head: []string{c.head}}.send(api)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d\n%s", w.Code, c.status, w.Body)
			}
			if c.status >= 400 && decoded[problem.Problem](t, w).Code != c.code {
				t.Errorf("got %s, want %s", w.Body, c.code)
			}
			challenge := w.Header().Get("WWW-Authenticate")
			if c.status == 401 && challenge != `Bearer realm="helpdesk", error="invalid_token"` {
				t.Errorf("WWW-Authenticate: %s", challenge)
			}
			if c.code == "token_read_only" && !strings.Contains(challenge, "insufficient_scope") {
				t.Errorf("WWW-Authenticate: %s", challenge)
			}
		})
	}
}

func TestOnlyACookieIsCheckedForItsOrigin(t *testing.T) {
	for head, want := range map[string]int{"Accept: */*": 403, "Authorization: Bearer hd_alice": 201} {
		t.Run(head, func(t *testing.T) {
			w := request{
				name: "alice", method: http.MethodPost, path: "/api/tickets/", body: `{"title":"a","description":"b"}`,
				head: []string{"Sec-Fetch-Site: cross-site", head},
			}.send(newAPI(t, newFakes(), nil))
			if w.Code != want {
				t.Errorf("status %d, want %d", w.Code, want)
			}
		})
	}
}

func TestMakingAToken(t *testing.T) {
	v := &vault{}
	api := newAPI(t, newFakes(), func(deps *Deps, _ *httpapi.Config) { deps.Tokens = v })
	make := func(body string, head ...string) request {
		return request{name: "alice", method: http.MethodPost, path: "/api/tokens/", body: body, head: head}
	}
	w := make(`{"name":" nightly ","read_only":true,"expires_at":"2026-02-01T00:00:00+01:00"}`, keyed...).send(api)
	got := decoded[tokens.APITokenWithSecret](t, w)
	want := auth.Token{ID: got.ID, Name: "nightly", ReadOnly: true, ExpiresAt: ptr(time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC))}
	if diff := cmp.Diff(want, v.made); w.Code != http.StatusCreated || got.Token != "hd_made" || diff != "" {
		t.Errorf("status %d\n%s (-want +got):\n%s", w.Code, w.Body, diff)
	}
	if at := w.Header().Get("Location"); at != "/api/tokens/"+got.ID.String()+"/" {
		t.Errorf("Location: %s", at)
	}
	again := make(`{"name":" nightly ","read_only":true,"expires_at":"2026-02-01T00:00:00+01:00"}`, keyed...).send(api)
	if again.Header().Get("Idempotency-Replayed") != "true" || again.Body.String() != w.Body.String() {
		t.Errorf("the repeat: %d %s", again.Code, again.Body)
	}
	for body, fault := range map[string]string{
		`{"name":""}`: "/name required", `{"name":"a\nb"}`: "/name control_character", `{}`: "/name required",
		`{"name":"a","expires_at":"2026-01-31T12:00:00Z"}`: "/expires_at past", `{"name":"a","expires_at":"soon"}`: "/expires_at format",
		`{"name":"` + strings.Repeat("a", 101) + `"}`: "/name max_length",
	} {
		t.Run(body, func(t *testing.T) {
			w := make(body).send(api)
			if diff := cmp.Diff([]string{fault}, faults(decoded[problem.Problem](t, w))); w.Code != 400 || diff != "" {
				t.Errorf("status %d (-want +got):\n%s", w.Code, diff)
			}
		})
	}
}

func TestATokensSecretIsStoredForItsCredentialAlone(t *testing.T) {
	book := &ledger{}
	api := newAPI(t, newFakes(), func(deps *Deps, _ *httpapi.Config) { deps.Answers = book })
	request{name: "alice", method: http.MethodPost, path: "/api/tokens/", body: `{"name":"x"}`, head: keyed}.send(api)
	for _, c := range book.rows {
		if c.Answer == nil || !c.Answer.Sealed || strings.Contains(string(c.Answer.Body), "hd_") {
			t.Errorf("stored: %+v", c.Answer)
		}
	}
	if len(book.rows) != 1 {
		t.Errorf("%d answers were stored", len(book.rows))
	}
}

func ptr[T any](v T) *T { return &v }
