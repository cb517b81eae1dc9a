package auditlog

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
	"helpdesk/web/webtest"
)

func TestTheLogIsVerifiedWhileSomebodyWaits(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	webtest.Holds(t, webtest.Get(s, "auditor", "/admin/audit/proof/"), 200, "38", "Not signed yet", "desk.example.com", "Download the log")
	webtest.Holds(t, webtest.Post(s, "auditor", "/admin/audit/proof/verify/"), 200, `max="40" value="10"`, `value="40"`, "40 events verified", "3 match", "latest 2 events", "</html>")
	d.verifying = func() {
		webtest.Holds(t, webtest.Post(s, "admin", "/admin/audit/proof/verify/"), 503, "The log is in use")
		webtest.Holds(t, webtest.Post(s, "admin", "/admin/audit/proof/export/"), 503, "The log is in use")
	}
	webtest.Holds(t, webtest.Post(s, "auditor", "/admin/audit/proof/verify/"), 200)
	d.verifying = nil
	d.proofErr = &Alteration{Position: 17, Why: "another <hash>"}
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/audit/proof/verify/"), 200, "The log was altered", "another &lt;hash&gt;", "#e17")
	d.proofErr = &domain.Error{Kind: domain.KindRejected, Message: "there is no key"}
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/audit/proof/verify/"), 200, "There is no key.", "not verified")
	d.proofErr = errors.New("secret")
	w := webtest.Post(s, "admin", "/admin/audit/proof/verify/")
	webtest.Holds(t, w, 200, "could not be read to its end")
	webtest.Lacks(t, w.Body.String(), "secret")
	webtest.Holds(t, webtest.Post(s, "agent", "/admin/audit/proof/verify/"), 403)
	d.unsigned = true
	webtest.Holds(t, webtest.Get(s, "auditor", "/admin/audit/proof/"), 200, "No checkpoint yet")
}

func TestTheLogIsDownloaded(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	w := webtest.Post(s, "auditor", "/admin/audit/proof/export/")
	if w.Code != 200 || w.Body.String() != "PK" || w.Header().Get("Content-Type") != "application/zip" || !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("got %d %v %q", w.Code, w.Header(), w.Body)
	}
	webtest.Post(s, "auditor", "/admin/audit/proof/verify/")
	webtest.Post(s, "admin", "/admin/audit/proof/verify/")
	if diff := cmp.Diff([]string{"access.record_read auditor", "access.record_read auditor"}, d.Recorded); diff != "" {
		t.Errorf("on record is what auditors do (-want +got):\n%s", diff)
	}
	d.proofErr = &domain.Error{Kind: domain.KindRejected, Message: "nothing is signed yet"}
	webtest.Holds(t, webtest.Post(s, "auditor", "/admin/audit/proof/export/"), 422, "Nothing is signed yet.")
	webtest.Holds(t, webtest.Post(s, "user", "/admin/audit/proof/export/"), 403)
}
