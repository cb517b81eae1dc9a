package auditlog

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
	"helpdesk/web/webtest"
)

const (
	proofPage = "/admin/audit/proof/"
	verify    = proofPage + "verify/"
	export    = proofPage + "export/"
)

func TestTheProofOfTheLog(t *testing.T) {
	t.Parallel()
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"shows the newest checkpoint": func(_ *testing.T, s *site) {
			s.Get("auditor", proofPage).Holds(200, "38", "Not signed yet", "desk.example.com", "Download the log")
		},
		"has no checkpoint yet": func(_ *testing.T, s *site) {
			s.unsigned = true
			s.Get("auditor", proofPage).Holds(200, "No checkpoint yet")
		},
	})
}

func TestTheLogIsVerifiedWhileSomebodyWaits(t *testing.T) {
	t.Parallel()
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"and progress is shown": func(_ *testing.T, s *site) {
			s.Post("auditor", verify).Holds(200, `max="40" value="10"`, `value="40"`, "40 events verified", "3 match", "latest 2 events", "</html>")
		},
		"one at a time": func(_ *testing.T, s *site) {
			s.verifying = func() {
				s.Post("admin", verify).Holds(503, "The log is in use")
				s.Post("admin", export).Holds(503, "The log is in use")
			}
			s.Post("auditor", verify).Holds(200)
		},
		"and was altered": func(_ *testing.T, s *site) {
			s.proofErr = &Alteration{Position: 17, Why: "another <hash>"}
			s.Post("admin", verify).Holds(200, "The log was altered", "another &lt;hash&gt;", "#e17")
		},
		"and cannot be verified": func(_ *testing.T, s *site) {
			s.proofErr = &domain.Error{Kind: domain.KindRejected, Message: "there is no key"}
			s.Post("admin", verify).Holds(200, "There is no key.", "not verified")
		},
		"and cannot be read": func(_ *testing.T, s *site) {
			s.proofErr = errors.New("secret")
			s.Post("admin", verify).Holds(200, "could not be read to its end").Lacks("secret")
		},
		"but not by agents": func(_ *testing.T, s *site) { s.Post("agent", verify).Holds(403) },
	})
}

func TestTheLogIsDownloaded(t *testing.T) {
	t.Parallel()
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"as a file": func(t *testing.T, s *site) {
			a := s.Post("auditor", export)
			if a.Code != 200 || a.Body.String() != "PK" || a.Header().Get("Content-Type") != "application/zip" || !strings.Contains(a.Header().Get("Content-Disposition"), "attachment") {
				t.Errorf("got %d %v %q", a.Code, a.Header(), a.Body)
			}
		},
		"and what auditors do is on record": func(t *testing.T, s *site) {
			s.Post("auditor", export)
			s.Post("auditor", verify)
			s.Post("admin", verify)
			if diff := cmp.Diff([]string{"access.record_read auditor", "access.record_read auditor"}, s.Recorded); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		},
		"once it is signed": func(_ *testing.T, s *site) {
			s.proofErr = &domain.Error{Kind: domain.KindRejected, Message: "nothing is signed yet"}
			s.Post("auditor", export).Holds(422, "Nothing is signed yet.")
		},
		"but not by users": func(_ *testing.T, s *site) { s.Post("user", export).Holds(403) },
	})
}
