package e2e

import (
	"net/http"
	"strings"
	"testing"

	"helpdesk/test/program"
)

// mailbox is a mailbox as the API shows it.
type mailbox struct {
	ID              string
	Name            string
	Address         string
	DefaultPriority string `json:"default_priority"`
	Strangers       string
	ReopenDays      int     `json:"reopen_days"`
	ImportBefore    *string `json:"import_before"`
	Acknowledge     bool
	IsActive        bool `json:"is_active"`
	Version         int
}

// addMailbox adds a mailbox as the admin, which acknowledges nothing unless that is asked for.
func addMailbox(t *testing.T, d *program.Helpdesk, more ...object) mailbox {
	t.Helper()
	body := program.Object{"name": "Support", "address": "support@example.com", "acknowledge": false}
	for _, m := range more {
		body = body.With(m)
	}
	return program.Read[mailbox](t, d.Admin.Must(t, http.StatusCreated, "POST", "/api/mailboxes/", body))
}

func TestMailboxesAreConfigured(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	const all = "/api/mailboxes/"
	body := object{"name": "Support", "address": "support@example.com"}
	first := d.Admin.Must(t, http.StatusCreated, "POST", all, body, "Idempotency-Key", "one")
	m := program.Read[mailbox](t, first)
	want := mailbox{ID: m.ID, Name: "Support", Address: "support@example.com", DefaultPriority: "low", Strangers: "accept", ReopenDays: 14, Acknowledge: true, IsActive: true, Version: 1}
	if m != want || first.Header.Get("ETag") != `"1"` || first.Header.Get("Location") != all+m.ID+"/" {
		t.Errorf("got %+v, %v, want %+v", m, first.Header, want)
	}
	again := d.Admin.Must(t, http.StatusCreated, "POST", all, body, "Idempotency-Key", "one")
	if program.Read[mailbox](t, again) != m || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the same again: got %s", again.Body)
	}
	path := all + m.ID + "/"
	for name, c := range map[string]struct {
		body   object
		status int
		code   string
	}{
		"a name that another has":       {object{"name": "SUPPORT", "address": "other@example.com"}, 409, "name_taken"},
		"an address that another has":   {object{"name": "Other", "address": "Support@Example.com"}, 409, "address_taken"},
		"what is no address":            {object{"name": "Other", "address": "support"}, 400, "email"},
		"another priority":              {object{"name": "Other", "address": "o@example.com", "default_priority": "urgent"}, 400, "enum"},
		"history that is to come":       {object{"name": "Other", "address": "o@example.com", "import_before": "2999-01-01T00:00:00Z"}, 400, "import_before"},
		"days beyond what there may be": {object{"name": "Other", "address": "o@example.com", "reopen_days": 3651}, 400, "maximum"},
	} {
		if a := d.Admin.Sends(t, "POST", all, c.body); a.Status != c.status || !strings.Contains(string(a.Body), c.code) {
			t.Errorf("%s: got %d %s, want %d %s", name, a.Status, a.Body, c.status, c.code)
		}
	}
	changed := d.Admin.Must(t, http.StatusOK, "PATCH", path, object{"strangers": "refuse", "reopen_days": 3, "acknowledge": false, "import_before": "2026-01-01T00:00:00Z"}, "If-Match", `"1"`)
	if m = program.Read[mailbox](t, changed); m.Strangers != "refuse" || m.ReopenDays != 3 || m.Acknowledge || m.ImportBefore == nil || m.Version != 2 || changed.Header.Get("ETag") != `"2"` {
		t.Errorf("changed to %+v", m)
	}
	d.Admin.Must(t, http.StatusBadRequest, "PATCH", path, object{"import_before": "2999-01-01T00:00:00Z"})
	d.Admin.Must(t, http.StatusPreconditionFailed, "PATCH", path, object{"strangers": "accept"}, "If-Match", `"1"`)
	d.Admin.Must(t, http.StatusOK, "PATCH", path, object{"is_active": false, "import_before": nil})
	read := d.Admin.Must(t, http.StatusOK, "GET", path, nil)
	if m = program.Read[mailbox](t, read); m.IsActive || m.ImportBefore != nil || m.Version != 4 {
		t.Errorf("archived it is %+v", m)
	}
	d.Admin.Must(t, http.StatusNotModified, "GET", path, nil, "If-None-Match", read.Header.Get("ETag"))
	other := addMailbox(t, d, object{"name": "Accounts", "address": "accounts@example.com"})
	for query, want := range map[string]string{"": "Accounts Support", "?is_active=true": "Accounts", "?is_active=false": "Support"} {
		var names []string
		for _, m := range program.Get[program.List[mailbox]](t, d.Admin, all+query).Results {
			names = append(names, m.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("listed with %q: got %s, want %s", query, got, want)
		}
	}
	history := d.Admin.Must(t, http.StatusOK, "GET", path+"history/", nil)
	for _, said := range []string{"root added the mailbox Support.", "root changed the mailbox Support.", "root archived the mailbox.", `"field":"strangers","before":"accept","after":"refuse"`} {
		if !strings.Contains(string(history.Body), said) {
			t.Errorf("the history does not say %s: %s", said, history.Body)
		}
	}
	for _, role := range []string{"user", "agent", "auditor"} {
		p := d.Join(t, "some"+role, role)
		for _, a := range []program.Answer{
			p.Sends(t, "GET", all, nil), p.Sends(t, "GET", path, nil), p.Sends(t, "GET", path+"history/", nil), p.Sends(t, "POST", all, object{"name": "X", "address": "x@example.com"}),
			p.Sends(t, "PATCH", "/api/mailboxes/"+other.ID+"/", object{"is_active": false}),
		} {
			if a.Status != http.StatusForbidden {
				t.Errorf("%s: got %d %s, want 403", role, a.Status, a.Body)
			}
		}
	}
	d.Admin.Must(t, http.StatusNotFound, "PATCH", "/api/mailboxes/01234567-89ab-7def-8123-456789abcdef/", object{"is_active": false})
}
