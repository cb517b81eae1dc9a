package e2e

import (
	"net/http"
	"strings"
	"testing"

	"helpdesk/test/clamd"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestFilesAreScannedAsTheyCome(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	scanner := clamd.Start(t, "tcp", "127.0.0.1:0")
	d := program.OpenOn(t, db, "HELPDESK_ATTACHMENT_SCAN=clamd://"+scanner.Addr)
	bob := d.Join(t, "bob", "user")
	infected := "so " + clamd.Malware + " it is"
	a := program.Read[struct{ ID, Scan string }](t, bob.Must(t, http.StatusCreated, "POST", "/api/attachments/", "log", "Content-Disposition", "attachment; filename=log.txt"))
	v := bob.Opens(t, "It smokes", object{"attachments": []string{a.ID}})
	if seen := program.Get[struct{ Attachments []struct{ Scan string } }](t, bob, v.Path()); a.Scan != "clean" || seen.Attachments[0].Scan != "clean" {
		t.Errorf("what is clean is %s, attached %+v", a.Scan, seen)
	}
	for range 2 { // the repeat too
		refused := bob.Must(t, http.StatusUnprocessableEntity, "POST", "/api/attachments/", infected, "Content-Disposition", "attachment; filename=invoice.doc", "Idempotency-Key", "one")
		if problemCode(t, refused) != "attachment_infected" || !strings.Contains(string(refused.Body), clamd.Signature) {
			t.Errorf("it is refused with %s", refused.Body)
		}
	}
	site := visits(t, d, "bob")
	at, page := site.get(t, "/admin/tickets/1/")
	mentions(t, page, "no malware found")
	reply := strings.TrimSuffix(at, "/") + "/comment/"
	_, page = site.sendFile(t, http.StatusUnprocessableEntity, page, reply, "again.doc", infected, "text", "See the invoice.")
	mentions(t, page, "again.doc", clamd.Signature, "See the invoice.")
	history := string(d.Admin.Must(t, http.StatusOK, "GET", "/api/users/"+bob.ID+"/history/", nil).Body)
	if strings.Count(history, "malware was found ("+clamd.Signature+")") != 2 || !strings.Contains(history, "brought invoice.doc") {
		t.Errorf("his history is %s", history)
	}

	scanner.Replies("INSTREAM size limit exceeded. ERROR")
	away := func() {
		t.Helper()
		refused := bob.Must(t, http.StatusServiceUnavailable, "POST", "/api/attachments/", "log", "Content-Disposition", "attachment; filename=log.txt")
		if problemCode(t, refused) != "scanner_unavailable" || refused.Header.Get("Retry-After") == "" {
			t.Errorf("it is refused with %v %s", refused.Header, refused.Body)
		}
	}
	away()
	scanner.Stop()
	away()
	_, page = site.get(t, "/admin/tickets/1/")
	_, page = site.sendFile(t, http.StatusServiceUnavailable, page, reply, "log.txt", "log", "text", "See the log.")
	mentions(t, page, "See the log.", "looked at for malware")
	if n := kit.One[int](t, db.OwnerPool(t), `SELECT count(*) FROM blobs.blobs`); n != 1 {
		t.Errorf("%d files are stored", n)
	}
	kit.Poll(t, "the log says why", func() bool { return strings.Contains(d.Log(), "size limit exceeded") })

	// Without a scanner admins read so.
	other := program.Open(t)
	file := other.Admin.Uploads(t, "log.txt", []byte("log"))
	other.Admin.Opens(t, "It smokes", object{"attachments": []string{file.ID}})
	_, page = visits(t, other, other.Admin.Username).get(t, "/admin/tickets/1/")
	mentions(t, page, "not scanned for malware")
}
