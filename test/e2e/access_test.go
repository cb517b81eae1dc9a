package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// recordsOf returns the summaries of the records of access in somebody's history,
// as p reads it.
func recordsOf(t *testing.T, p *program.Person, username string) (all []string) {
	t.Helper()
	page := program.Get[program.List[entryView]](t, p, "/api/users/"+username+"/history/?page_size=100")
	for _, e := range page.Results {
		if strings.HasPrefix(e.Type, "access.") {
			all = append(all, e.Summary)
		}
	}
	return all
}

func TestAccessIsOnRecord(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db)
	const from = " from 127.0.0.1 with lynx/2."
	lynx := []string{"User-Agent", "lynx/2"}
	d.Join(t, "ada", "user")
	auditor := d.Join(t, "aud", "auditor")
	as := d.Client(t)
	as.Must(t, http.StatusUnauthorized, "POST", "/api/login/", object{"username": "ADA", "password": "kerfuffle-9"}, lynx...)
	as.Must(t, http.StatusOK, "POST", "/api/login/", program.Credentials("ada"), lynx...)
	as.Must(t, http.StatusUnauthorized, "POST", "/api/login/", object{"username": "kerfuffle-9", "password": "kerfuffle-9"}, lynx...)
	want := []string{"ada signed in from 127.0.0.1 with Go-http-client/1.1.",
		"Somebody tried in vain to sign in as ada" + from, "ada signed in" + from}
	if diff := cmp.Diff(want, recordsOf(t, d.Admin, "ada")); diff != "" {
		t.Errorf("of ada (-want +got):\n%s", diff)
	}

	auditor.Must(t, http.StatusOK, "GET", "/api/tickets/?status=open", nil, lynx...)
	auditor.Must(t, http.StatusNotFound, "GET", "/api/tickets/7/", nil, lynx...)
	auditor.Must(t, http.StatusForbidden, "POST", "/api/tickets/", program.Opening("x"), lynx...)
	want = []string{"aud signed in from 127.0.0.1 with Go-http-client/1.1.",
		"aud read GET /api/tickets?status=open" + from, "aud read GET /api/tickets/7" + from,
		"aud read GET /api/users/aud/history?page_size=100 from 127.0.0.1 with Go-http-client/1.1."} // recorded before it is answered
	if diff := cmp.Diff(want, recordsOf(t, auditor, "aud")); diff != "" {
		t.Errorf("of the auditor (-want +got):\n%s", diff)
	}

	var token struct{ ID, Token string }
	d.Admin.Must(t, http.StatusCreated, "POST", "/api/tokens/", object{"name": "robot"}).Into(t, &token)
	for range 3 {
		d.Client(t).Must(t, http.StatusOK, "GET", "/api/me/", nil, "Authorization", "Bearer "+token.Token, "User-Agent", "lynx/2")
	}
	if got := recordsOf(t, d.Admin, "root"); len(got) != 2 || got[1] != "root used their API token "+token.ID+from {
		t.Errorf("of the admin: %q", got)
	}
	recordsInTheLog(t, d, db, auditor)
}

// recordsInTheLog looks at how the records are stored, and at what an erasure
// leaves of them.
func recordsInTheLog(t *testing.T, d *program.Helpdesk, db *pgtest.DB, auditor *program.Person) {
	t.Helper()
	log := events(db.Dump(t))
	for _, secret := range []string{"kerfuffle", "lynx", "127.0.0.1", "/api/tickets"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q in clear", secret)
		}
	}
	unknown, _ := feed(t, d.Admin, 0, "&type=access.unknown_sign_in_failed")
	if len(unknown) != 1 || fmt.Sprint(unknown[0].Data) != "map[network:127.0.0.0/24]" {
		t.Errorf("of a name that nobody has there is %+v", unknown)
	}
	read := func() (all []logged) {
		all, _ = feed(t, d.Admin, 0, "&type=access.record_read")
		return all
	}
	before := read()
	if len(before) != 3 || before[0].Data["query"] != "status=open" || before[0].StreamType != "access" || before[0].Actor.Username != "aud" {
		t.Fatalf("what the auditor read: %+v", before)
	}
	d.Runs(t, "", "people", "erase", auditor.ID, "--yes")
	if told, _ := feed(t, d.Admin, 0, "&type=user.texts_erased"); len(told) != 1 || len(told[0].Data["streams"].([]any)) != 1 {
		t.Errorf("read models are told to read again %+v, want the auditor's own stream alone", told)
	}
	for _, e := range read() {
		if e.Data["path"] != "[erased]" || e.Data["address"] != "[erased]" || e.Data["method"] != "GET" {
			t.Errorf("once the auditor is erased: %+v", e)
		}
	}
}
