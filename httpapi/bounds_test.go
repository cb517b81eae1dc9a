package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"helpdesk/edge"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
)

// costOf returns what something allocates: how often and how many bytes.
func costOf(do func()) (allocations, bytes uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc
}

// filled repeats pieces, each made of its number, up to a size.
func filled(size int, begin, end string, piece func(int) string) string {
	var b strings.Builder
	b.WriteString(begin)
	for i := 0; b.Len() < size-100; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(piece(i))
	}
	return b.String() + end
}

// heavy returns bodies of a size, each as dear to take apart as it can be.
func heavy(size int) map[string]string {
	nothing := func(int) string { return "0" }
	member := func(i int) string { return fmt.Sprintf(`"m%d":0`, i) }
	long := strings.Repeat("n", size/2)
	return map[string]string{
		"unknown members":        filled(size, "{", "}", member),
		"elements":               filled(size, "[", "]", nothing),
		"a list of operations":   filled(size, `{"operations":[`, "]}", func(int) string { return `{}` }),
		"elements of an unknown": filled(size, `{"x":[`, "]}", nothing),
		"members of a long name": filled(size, `{"`+long+`":{`, "}}", member),
		"control characters":     filled(size, `{"x":[`, "]}", func(int) string { return `"\u0001"` }),
		"lists within lists":     filled(size, "[", "]", func(int) string { return "[[]]" }),
	}
}

func TestNoBodyCostsMoreThanItsBounds(t *testing.T) {
	api := newAPI(t, newFakes(), nil)
	request{name: "admin", method: http.MethodPost, path: "/api/tickets/", body: "{"}.send(api) // the document is read with the first
	for _, route := range api.Routes() {
		if route.Method == http.MethodGet || route.Method == http.MethodDelete || strings.HasPrefix(route.ID, "upload") || route.ID == "receiveMessage" { // a file is no JSON
			continue
		}
		as, bounds := "admin", bind.Proven
		if route.Who == httpapi.Anyone {
			as, bounds = "", bind.Anybody
		}
		path := strings.NewReplacer("{id}", "7").Replace(route.Path)
		for what, body := range heavy(int(bounds.Bytes)) {
			t.Run(route.ID+" with "+what, func(t *testing.T) {
				var p problem.Problem
				allocations, bytes := costOf(func() {
					p = decoded[problem.Problem](t, request{name: as, method: route.Method, path: path, body: body}.send(api))
				})
				if p.Status != http.StatusBadRequest && p.Status != http.StatusNotFound {
					t.Errorf("status %d %s", p.Status, p.Code)
				}
				// Its values and faults, and the checking of the answer; its bytes a few times over.
				if most := uint64(20*bounds.Values + 20_000); allocations > most {
					t.Errorf("%d allocations, want at most %d", allocations, most)
				}
				if most := uint64(8*bounds.Bytes + 4<<20); bytes > most {
					t.Errorf("%d bytes allocated, want at most %d", bytes, most)
				}
			})
		}
		t.Run(route.ID+" with a byte too much", func(t *testing.T) {
			body := `{"x":"` + strings.Repeat("x", int(bounds.Bytes)) + `"}`
			p := decoded[problem.Problem](t, request{name: as, method: route.Method, path: path, body: body}.send(api))
			if want := fmt.Sprint(bounds.Bytes); p.Status != http.StatusRequestEntityTooLarge || !strings.Contains(p.Detail, want) {
				t.Errorf("status %d, %q does not name %s", p.Status, p.Detail, want)
			}
		})
	}
}

func TestRefusalsOfBodiesNameTheLimit(t *testing.T) {
	api := newAPI(t, newFakes(), nil)
	for _, c := range []struct{ as, path, body, code, detail string }{
		{"", "/api/login/", filled(1<<14, "{", "}", func(i int) string { return fmt.Sprintf(`"m%d":0`, i) }), "too_many_values", "at most 100 members"},
		{"admin", "/api/tickets/", filled(1<<20, "{", "}", func(i int) string { return fmt.Sprintf(`"m%d":0`, i) }), "too_many_values", "at most 2000 members"},
		{"admin", "/api/tickets/bulk/", filled(1<<20, `{"operations":[`, "]}", func(int) string { return "{}" }), problem.CodeInvalid, "at most 100 are allowed"},
	} {
		p := decoded[problem.Problem](t, request{name: c.as, method: http.MethodPost, path: c.path, body: c.body}.send(api))
		text := p.Detail
		for _, v := range p.Errors {
			text += " " + v.Pointer + " " + v.Detail
		}
		if p.Code != c.code || !strings.Contains(text, c.detail) || len(p.Errors) > problem.MaxViolations {
			t.Errorf("%s: %s %q, want %s %q", c.path, p.Code, text, c.code, c.detail)
		}
	}
}

func TestAQueryHasSoManyParameters(t *testing.T) {
	api := newAPI(t, newFakes(), nil)
	many := strings.Repeat("a&", 10_000)
	for query, code := range map[string]string{
		many: "too_many_parameters", "status=" + strings.Repeat("open,", 10_000): problem.CodeInvalid,
	} {
		p := decoded[problem.Problem](t, request{name: "admin", method: http.MethodGet, path: "/api/tickets/?" + query}.send(api))
		if p.Status != http.StatusBadRequest || p.Code != code || len(p.Errors) > 1 {
			t.Errorf("%.10s…: %d %s %v", query, p.Status, p.Code, faults(p))
		}
	}
}

// counted counts the hashes that are made, and made to compare.
type counted struct {
	registry
	hashes atomic.Int64
}

func (c *counted) Hash(ctx context.Context, password string) (string, error) {
	c.hashes.Add(1)
	return c.registry.Hash(ctx, password)
}

func (c *counted) Verify(ctx context.Context, password, hash string) (bool, error) {
	c.hashes.Add(1)
	return c.registry.Verify(ctx, password, hash)
}

// TestLimitsAndRulesComeBeforeHashes takes every call that hashes a password, with a
// key and without.
func TestLimitsAndRulesComeBeforeHashes(t *testing.T) {
	const path, change = "/api/register/", "/api/me/password/"
	weak := []request{
		{method: "POST", path: path, body: `{"username":"bob","email":"bob@example.com","password":"short"}`},
		{method: "POST", path: path, body: `{"username":"b ob","email":"bob@example.com","password":"correct horse"}`},
		{method: "POST", path: path, body: `{"username":"bob","email":"bob","password":"correct horse"}`},
		{name: "alice", method: "POST", path: change, body: `{"current_password":"right","new_password":"alice@example.com"}`},
	}
	beyond := []request{
		{method: "POST", path: path, body: `{"username":"bob","email":"bob@example.com","password":"correct horse"}`},
		{name: "alice", method: "POST", path: change, body: `{"current_password":"wrong","new_password":"correct horse"}`},
	}
	for _, head := range [][]string{nil, {"Idempotency-Key: k"}} {
		c := &counted{}
		d := newFakes()
		d.People = c
		api := newAPI(t, d, func(deps *Deps, config *httpapi.Config) {
			config.RateLimit, deps.People, deps.Passwords, deps.Answers = 10_000, c, c, &ledger{}
		})
		for _, r := range weak {
			r.head = head
			if w := r.send(api); w.Code != 400 && w.Code != 422 {
				t.Errorf("%s: status %d", r.body, w.Code)
			}
		}
		if n := c.hashes.Load(); n != 0 {
			t.Errorf("%v: %d hashes for what the rules refuse", head, n)
		}
		for _, r := range beyond {
			r.head = head
			for range max(edge.RegistrationsPerHour, edge.FailuresPerPlace) {
				r.send(api)
			}
			before := c.hashes.Load()
			if w := r.send(api); w.Code != http.StatusTooManyRequests || c.hashes.Load() != before {
				t.Errorf("%v %s beyond the limit: status %d, %d hashes", head, r.path, w.Code, c.hashes.Load()-before)
			}
		}
	}
}

func TestARepeatOfARightPasswordIsNoGuess(t *testing.T) {
	c := &counted{}
	api := newAPI(t, newFakes(), func(deps *Deps, config *httpapi.Config) {
		config.RateLimit, deps.People, deps.Passwords, deps.Answers = 10_000, c, c, &ledger{}
	})
	r := request{name: "alice", method: "POST", path: "/api/me/password/", body: `{"current_password":"right","new_password":"correct horse"}`, head: keyed}
	var codes []int
	for range 2 * edge.FailuresPerPlace {
		codes = append(codes, r.send(api).Code)
	}
	if slices.ContainsFunc(codes, func(code int) bool { return code != http.StatusNoContent }) {
		t.Errorf("got %v", codes)
	}
}
