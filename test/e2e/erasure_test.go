package e2e

import (
	"archive/zip"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"helpdesk/test/mailserver"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// words stand nowhere but in what Gudrun wrote, or in who she is.
var words = []string{
	"gudrun", "gudrun@example.com", "Brynhild", "Sigurdsdottir", // who she is
	"quicksilver", "marmalade", "xylophone", "kerfuffle", "obfuscate", "zeppelin", // what she wrote
}

func TestSomebodyErasedIsGoneAndHistoryStays(t *testing.T) {
	t.Parallel()
	server := mailserver.Start(t)
	db := pgtest.New(t)
	d := program.OpenOn(t, db, "HELPDESK_SMTP_URL="+server.URL())
	bob := d.Join(t, "bob", "agent")
	d.Client(t).Must(t, http.StatusCreated, "POST", "/api/register/",
		program.Registration("gudrun").With(object{"first_name": "Brynhild", "last_name": "Sigurdsdottir"}))
	gudrun := d.SignIn(t, "gudrun")
	v := gudrun.Opens(t, "Broken quicksilver", object{"description": "It spilled the marmalade."})
	d.Admin.Must(t, http.StatusOK, "POST", v.Path("assign"), object{"assigned_to": "bob"})
	bob.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "Spill in the kitchen"})
	gudrun.Must(t, http.StatusOK, "PATCH", v.Path(), object{"description": "It is a xylophone."}, "Idempotency-Key", "hers")
	said := gudrun.Comments(t, v, "What a kerfuffle.", false)
	gudrun.Must(t, http.StatusOK, "PATCH", "/api/comments/"+said.ID+"/", object{"text": "Do not obfuscate."})
	bob.Comments(t, v, "Have you tried turning it off?", false)
	bob.Must(t, http.StatusOK, "PATCH", v.Path(), object{"priority": "high"}, "Idempotency-Key", "his") // its answer shows her texts
	bob.Must(t, http.StatusOK, "POST", v.Path("resolve"), object{"reason": "Wiped up."})
	gudrun.Must(t, http.StatusOK, "POST", v.Path("reopen"), object{"reason": "A zeppelin came."})
	waitUntilSent(t, d, 3) // the assignment to him, the comment and the resolution to her
	if dump := db.Dump(t); !strings.Contains(dump, "gudrun@example.com") || strings.Contains(events(dump), "quicksilver") {
		t.Error("before: want her address in the read models, and no text of hers in the log")
	}
	report := program.Get[counts](t, d.Admin, "/api/report/")

	out := filepath.Join(t.TempDir(), "gudrun.zip")
	d.Runs(t, "", "people", "export", "gudrun", "--out", out)
	checkExport(t, out)

	if said := d.Runs(t, "", "people", "erase", "gudrun", "--yes"); !strings.Contains(said, "is erased.") {
		t.Errorf("it says:\n%s", said)
	}
	checkErased(t, d, db, v, gudrun, report)
	// Once more changes nothing, and her name is free.
	d.Runs(t, "", "people", "erase", gudrun.ID, "--yes")
	d.Client(t).Must(t, http.StatusCreated, "POST", "/api/register/", program.Registration("gudrun"))
	if _, stderr, err := program.Run(t.Context(), t, "", d.Env, "people", "erase", "nobody", "--yes"); err == nil || !strings.Contains(stderr, `no user with the username, address or id "nobody"`) {
		t.Errorf("of nobody: %v, %s", err, stderr)
	}
}

// checkErased looks for Gudrun wherever she was.
func checkErased(t *testing.T, d *program.Helpdesk, db *pgtest.DB, v program.Ticket, gudrun *program.Person, report counts) {
	t.Helper()
	if got := d.Admin.Sees(t, v); got.Title != "Spill in the kitchen" || got.Description != "[erased]" || got.CreatedBy.Username != "[erased]" ||
		got.Comments[0].Text != "[erased]" || got.Comments[1].Text != "Have you tried turning it off?" {
		t.Errorf("the ticket is shown as %+v", got)
	}
	for _, word := range words {
		if found := program.Get[program.List[program.Ticket]](t, d.Admin, "/api/tickets/?q="+url.QueryEscape(word)); len(found.Results) > 0 {
			t.Errorf("found by %q: %+v", word, found.Results)
		}
	}
	for _, path := range []string{v.Path(), v.Path("history"), "/api/users/", "/api/users/" + gudrun.ID + "/", "/api/users/" + gudrun.ID + "/history/", "/api/tickets/", "/api/comments/", "/api/events/?limit=1000"} {
		checkNoWord(t, path, string(d.Admin.Must(t, http.StatusOK, "GET", path, nil).Body))
	}
	checkNoWord(t, "pg_dump", db.Dump(t))
	if after := program.Get[counts](t, d.Admin, "/api/report/"); after != report {
		t.Errorf("the report moved from %+v to %+v", report, after)
	}
	gudrun.Must(t, http.StatusUnauthorized, "GET", "/api/me/", nil)
	d.Client(t).Must(t, http.StatusUnauthorized, "POST", "/api/login/", program.Credentials("gudrun"))
	d.Admin.Must(t, http.StatusUnprocessableEntity, "PATCH", "/api/users/"+gudrun.ID+"/", object{"is_active": true})
}

func checkNoWord(t *testing.T, where, text string) {
	t.Helper()
	for _, word := range words {
		if i := strings.Index(strings.ToLower(text), strings.ToLower(word)); i >= 0 {
			t.Errorf("%s still holds %q: …%s…", where, word, text[max(i-200, 0):min(i+60, len(text))])
		}
	}
}

// checkExport looks for all of Gudrun's words in what she is handed.
func checkExport(t *testing.T, path string) {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var all strings.Builder
	for _, file := range archive.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, r); err != nil {
			t.Errorf("%s: %v", file.Name, err)
		}
		r.Close()
	}
	for _, word := range words {
		if !strings.Contains(all.String(), word) {
			t.Errorf("the export lacks %q", word)
		}
	}
	if strings.Contains(all.String(), program.Secret) || strings.Contains(all.String(), "argon2") {
		t.Error("there is a secret in the export")
	}
}

// events returns the rows of the log in a dump.
func events(dump string) string {
	var rows strings.Builder
	for line := range strings.Lines(dump) {
		if strings.HasPrefix(line, "INSERT INTO public.events ") {
			rows.WriteString(line)
		}
	}
	return rows.String()
}

// counts are the numbers of a report.
type counts struct {
	Opened    int `json:"tickets_opened_last_7_days"`
	Resolved  int `json:"tickets_resolved_last_7_days"`
	Escalated int `json:"tickets_escalated_last_7_days"`
}

// waitUntilSent returns once n emails were sent, by the ledger.
func waitUntilSent(t *testing.T, d *program.Helpdesk, n int) {
	t.Helper()
	limit := time.Now().Add(30 * time.Second)
	for {
		list := d.Runs(t, "", "mail", "list", "--status", "sent")
		if strings.Count(list, "\n") >= n {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%d emails were not sent:\n%s", n, list)
		}
	}
}
