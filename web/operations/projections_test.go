package operations

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"helpdesk/rebuild"
	"helpdesk/web/webtest"
)

func TestReadModelsAreHeldAndBuiltAnew(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/system/projections/"), 200, "No projections yet")
	left, at := 90*time.Second, int64(17)
	d.projections = []rebuild.Status{
		{Name: "comment_list", State: rebuild.Paused, PausedAt: &webtest.Noon, Position: 10, Head: 1234, Version: 1, CodeVersion: 2},
		{Name: "ticket_list", State: rebuild.Rebuilding, Position: 1234, Head: 1234, Failed: 2, Rebuild: &rebuild.Rebuild{
			Phase: rebuild.Filling, Active: true, Position: 617, Target: 1234, Rate: 7, Remaining: &left, BeganAt: webtest.Noon}},
		{Name: "user_list", State: rebuild.Following, Rebuild: &rebuild.Rebuild{Phase: rebuild.Failed, Error: "bad <row>", ErrorPosition: &at, EndedAt: &webtest.Noon}},
	}
	w := webtest.Get(s, "admin", "/admin/system/projections/")
	webtest.Holds(t, w, 200, `data-again="2"`, "1\u202f224", "Resume", "Rebuild it", `max="1234" value="617"`, "1m30s left", "bad &lt;row&gt;", "#e17", `name="accept"`)
	w = webtest.Get(s, "auditor", "/admin/system/projections/")
	webtest.Holds(t, w, 200, "filling")
	webtest.Lacks(t, w.Body.String(), `value="pause"`, `value="rebuild"`, "data-again") // each look of an auditor is on record
	path := "/admin/system/projections/ticket_list/"
	for _, form := range [][]string{{"do", "pause"}, {"do", "resume"}, {"do", "rebuild"}, {"do", "rebuild", "accept", "yes"}} {
		webtest.Leads(t, webtest.Post(s, "admin", path, form...), "/admin/system/projections/")
	}
	if diff := cmp.Diff([]string{"pause", "resume", "rebuild accept=false", "rebuild accept=true"}, d.did); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	webtest.Holds(t, webtest.Post(s, "admin", path, "do", "sing"), 400)
	webtest.Holds(t, webtest.Post(s, "auditor", path, "do", "pause"), 403)
	webtest.Holds(t, webtest.Post(s, "admin", "/admin/system/projections/nothing/", "do", "pause"), 404)
	d.Refusal = rebuild.ErrUnderWay
	webtest.Holds(t, webtest.Post(s, "admin", path, "do", "rebuild"), 409, "rebuilt by another process")
	d.ReadErr = errors.New("away")
	webtest.Holds(t, webtest.Get(s, "admin", "/admin/system/projections/"), 500)
}
