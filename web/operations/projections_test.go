package operations

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"helpdesk/rebuild"
	"helpdesk/web/webtest"
)

func TestProjectionsArePausedAndRebuilt(t *testing.T) {
	t.Parallel()
	const pages = "/admin/system/projections/"
	const path = pages + "ticket_list/"
	projected := func(t testing.TB) *site {
		s := open(t)
		left, at := 90*time.Second, int64(17)
		s.projections = []rebuild.Status{
			{Name: "comment_list", State: rebuild.Paused, PausedAt: &webtest.Noon, Position: 10, Head: 1234, Version: 1, CodeVersion: 2},
			{Name: "ticket_list", State: rebuild.Rebuilding, Position: 1234, Head: 1234, Failed: 2, Rebuild: &rebuild.Rebuild{
				Phase: rebuild.Filling, Active: true, Position: 617, Target: 1234, Rate: 7, Remaining: &left, BeganAt: webtest.Noon}},
			{Name: "user_list", State: rebuild.Following, Rebuild: &rebuild.Rebuild{Phase: rebuild.Failed, Error: "bad <row>", ErrorPosition: &at, EndedAt: &webtest.Noon}},
		}
		return s
	}
	for did, form := range map[string][]string{
		"pause": {"do", "pause"}, "resume": {"do", "resume"},
		"rebuild accept=false": {"do", "rebuild"}, "rebuild accept=true": {"do", "rebuild", "accept", "yes"},
	} {
		t.Run(strings.Join(form, " "), func(t *testing.T) {
			t.Parallel()
			s := projected(t)
			s.Post("admin", path, form...).Leads(pages)
			if diff := cmp.Diff([]string{did}, s.did); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
		})
	}
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"there are none": func(_ *testing.T, s *site) { s.Get("admin", pages).Holds(200, "No projections yet") },
		"they cannot be read": func(_ *testing.T, s *site) {
			s.ReadErr = errors.New("away")
			s.Get("admin", pages).Holds(500)
		},
	})
	webtest.Each(t, projected, map[string]func(*testing.T, *site){
		"an admin sees how they are": func(_ *testing.T, s *site) {
			s.Get("admin", pages).Holds(200, `data-again="2"`, "1\u202f224", "Resume", "Rebuild it", `max="1234" value="617"`, "1m30s left", "bad &lt;row&gt;", "#e17", `name="accept"`)
		},
		"an auditor changes nothing": func(_ *testing.T, s *site) {
			s.Get("auditor", pages).Holds(200, "filling").Lacks(`value="pause"`, `value="rebuild"`, "data-again") // each look of an auditor is on record
			s.Post("auditor", path, "do", "pause").Holds(403)
		},
		"what cannot be done to one": func(_ *testing.T, s *site) { s.Post("admin", path, "do", "sing").Holds(400) },
		"a projection there is not":  func(_ *testing.T, s *site) { s.Post("admin", pages+"nothing/", "do", "pause").Holds(404) },
		"another process rebuilds it": func(_ *testing.T, s *site) {
			s.Refusal = rebuild.ErrUnderWay
			s.Post("admin", path, "do", "rebuild").Holds(409, "rebuilt by another process")
		},
	})
}
