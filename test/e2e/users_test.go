package e2e

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestOperatorsLookAfterUsers(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	ada := d.Join(t, "ada", "user")
	const fresh = "umbrella-canyon-71"
	signIn := func(want int, name, password string) {
		t.Helper()
		d.Client(t).Must(t, want, "POST", "/api/login/", object{"username": name, "password": password})
	}

	if got := d.Runs(t, fresh+"\n", "users", "set-password", "Ada@example.com"); !strings.HasPrefix(got, "ada ") {
		t.Errorf("set-password printed %q", got)
	}
	ada.Must(t, http.StatusUnauthorized, "GET", "/api/me/", nil)
	signIn(http.StatusUnauthorized, "ada", program.Secret)
	signIn(http.StatusOK, "ada", fresh)
	signIn(http.StatusOK, "ADA@example.com", fresh)

	d.Runs(t, "", "users", "role", "ada", "agent")
	d.Runs(t, "", "users", "deactivate", "ada")
	signIn(http.StatusUnauthorized, "ada", fresh)
	want := "ada   agent  inactive  ada@example.com\nroot  admin  active    root@example.com\n"
	if got := d.Runs(t, "", "users", "list"); got != want {
		t.Errorf("list printed\n%swant\n%s", got, want)
	}
	d.Runs(t, "", "users", "reactivate", "ada")
	signIn(http.StatusOK, "ada", fresh)
	if got := d.Runs(t, "", "users", "list"); !strings.Contains(got, "agent  active") {
		t.Errorf("list printed\n%s", got)
	}

	for _, c := range []struct {
		name, stdin string
		args        []string
		want        string
	}{
		{"a weak password", "password123\n", []string{"set-password", "ada"}, "common"},
		{"no password", "", []string{"set-password", "ada"}, "standard input"},
		{"a password in an argument", "", []string{"set-password", "ada", fresh}, "usage: helpdesk users set-password USER"},
		{"nobody of that name", "", []string{"deactivate", "bob"}, `"bob"`},
		{"a role that is none", "", []string{"role", "ada", "boss"}, "user, agent, auditor, admin"},
		{"the last admin", "", []string{"deactivate", "root"}, "last active admin"},
		{"the last admin's role", "", []string{"role", "root", "user"}, "last active admin"},
	} {
		t.Run(c.name+" is refused", func(t *testing.T) {
			_, stderr, err := program.Run(t.Context(), t, c.stdin, d.Env, append([]string{"users"}, c.args...)...)
			if err == nil || !strings.Contains(stderr, c.want) {
				t.Errorf("got %v, %q, want %q", err, stderr, c.want)
			}
		})
	}
}

func TestAnAddressSignsInOnTheSiteToo(t *testing.T) {
	t.Parallel()
	_, page := enters(t, program.Open(t), "Root@example.com").get(t, "/admin/account/")
	mentions(t, page, "root@example.com")
}

// However somebody is named, it is one person whose password is guessed.
func TestGuessesAreCountedByPerson(t *testing.T) {
	t.Parallel()
	d := program.Open(t, "HELPDESK_RATE_LIMIT=10000")
	d.Join(t, "ada", "user")
	for i := range 11 {
		status := http.StatusUnauthorized
		if i == 10 {
			status = http.StatusTooManyRequests
		}
		name := []string{"ada", "Ada@example.com"}[i%2]
		d.Client(t).Must(t, status, "POST", "/api/login/", object{"username": name, "password": "wrong"})
	}
	d.Client(t).Must(t, http.StatusUnauthorized, "POST", "/api/login/", object{"username": "bob", "password": "wrong"})
}

func TestAFailedSignInByAddressIsOnRecord(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	d.Join(t, "ada", "user")
	d.Client(t).Must(t, http.StatusUnauthorized, "POST", "/api/login/", object{"username": "ada@example.com", "password": "wrong"})
	got := recordsOf(t, d.Admin, "ada")
	if len(got) != 2 || !strings.Contains(got[1], "tried in vain") {
		t.Errorf("the records of ada are %q", got)
	}
}

// TestAnAuditorComesToTheEndOfTheLog polls through two processes.
func TestAnAuditorComesToTheEndOfTheLog(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	auditor := d.Join(t, "otto", "auditor")
	other := auditor.At(program.Serve(t, d.Env...))
	after, read := int64(0), 0
	for range 6 {
		for _, by := range []*program.Client{auditor.Client, other} {
			page := program.Read[logPage](t, by.Must(t, http.StatusOK, "GET", "/api/events/?after="+strconv.FormatInt(after, 10), nil))
			read = len(page.Events)
			if read > 0 {
				after = page.Events[read-1].Position
			}
		}
	}
	if read > 0 {
		t.Errorf("the last of 12 pages still has %d events", read)
	}
	if recorded, _ := feed(t, d.Admin, 0, "&type=access.record_read"); len(recorded) != 1 {
		t.Errorf("12 pages of the log are %d records", len(recorded))
	}
	for position := range 5 { // event after event
		query := strconv.Itoa(position + 1)
		auditor.Must(t, http.StatusOK, "GET", "/api/events/?limit="+query, nil)
		auditor.Must(t, http.StatusOK, "GET", "/api/tickets/?page_size="+query, nil)
	}
	if recorded, _ := feed(t, d.Admin, 0, "&type=access.record_read"); len(recorded) != 2 {
		t.Errorf("pages of all sizes of two lists are %d records", len(recorded))
	}
}

func TestAnErasureWhileAProjectionIsPaused(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	ada := d.Join(t, "ada", "user")
	ada.Opens(t, "Printer smokes")
	d.Runs(t, "", "projections", "pause", "ticket_list")
	stdout, stderr, err := program.Run(t.Context(), t, "", d.Env, "people", "erase", "ada", "--yes")
	if err == nil || !strings.Contains(stdout, "The key is destroyed") || !strings.Contains(stderr, "projections resume ticket_list") || strings.Contains(stderr, "user_list") {
		t.Errorf("while ticket_list is paused: %v\n%s%s", err, stdout, stderr)
	}
	if got := string(d.Admin.Must(t, http.StatusOK, "GET", "/api/users/"+ada.ID+"/", nil).Body); strings.Contains(got, "ada@") {
		t.Errorf("projections that are not paused still show %s", got)
	}
	d.Runs(t, "", "projections", "resume", "ticket_list")
	if got := d.Runs(t, "", "people", "erase", ada.ID, "--yes"); !strings.Contains(got, "is erased.") {
		t.Errorf("once it is resumed: %s", got)
	}
}

func TestARebuildThatDiffersNamesTheWayOut(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db)
	d.Admin.Opens(t, "Printer smokes")
	d.Runs(t, "", "projections", "pause", "ticket_list")
	if _, err := db.OwnerPool(t).Exec(t.Context(), `UPDATE read.tickets SET title = 'damaged'`); err != nil {
		t.Fatal(err)
	}
	if _, stderr, err := program.Run(t.Context(), t, "", d.Env, "projections", "rebuild", "ticket_list"); err == nil || !strings.Contains(stderr, "--accept") {
		t.Errorf("got %v, %s", err, stderr)
	}
}
