package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

type projectionView struct {
	Name             string `json:"name"`
	State            string `json:"state"`
	Lag              int64  `json:"lag"`
	PreviousPosition *int64 `json:"previous_position"`
	Rebuild          *struct {
		Phase string `json:"phase"`
		Kind  string `json:"kind"`
	} `json:"rebuild"`
}

// waitRebuilt waits until the last rebuild of a projection is done.
func waitRebuilt(t *testing.T, p *program.Person, name string) (v projectionView) {
	t.Helper()
	kit.Poll(t, "the rebuild of "+name, func() bool {
		v = program.Get[projectionView](t, p, "/api/projections/"+name+"/")
		return v.Rebuild != nil && v.Rebuild.Phase == "done"
	})
	return v
}

func TestAnAdminRebuildsHoldsAndRollsBackReadModels(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db)
	auditor, agent := d.Join(t, "ida", "auditor"), d.Join(t, "eve", "agent")
	first := d.Admin.Opens(t, "Before")

	a := d.Admin.Must(t, http.StatusAccepted, "POST", "/api/projections/ticket_list/rebuild/", object{})
	if got := a.Header.Get("Location"); got != "/api/projections/ticket_list/" {
		t.Errorf("Location %q", got)
	}
	if v := waitRebuilt(t, auditor, "ticket_list"); v.PreviousPosition == nil || v.Rebuild.Kind != "rebuild" {
		t.Errorf("rebuilt: %+v", v)
	}
	d.Admin.Sees(t, first)
	for _, verb := range []string{"rebuild", "pause", "resume"} {
		auditor.Must(t, http.StatusForbidden, "POST", "/api/projections/ticket_list/"+verb+"/", object{})
		agent.Must(t, http.StatusForbidden, "POST", "/api/projections/ticket_list/"+verb+"/", object{})
	}
	agent.Must(t, http.StatusForbidden, "GET", "/api/projections/", nil)

	d.Admin.Must(t, http.StatusOK, "POST", "/api/projections/ticket_facts/pause/", nil)
	began := time.Now()
	second := d.Admin.Opens(t, "While it is paused") // does not wait for it
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("a write took %v", took)
	}
	if v := program.Get[projectionView](t, d.Admin, "/api/projections/ticket_facts/"); v.State != "paused" || v.Lag == 0 {
		t.Errorf("paused: %+v", v)
	}
	out, _, err := program.Run(t.Context(), t, "", d.Env, "projections", "list")
	if err != nil || !strings.Contains(out, "ticket_facts     paused") || len(strings.Split(strings.TrimSpace(out), "\n")) < 6 {
		t.Errorf("list: %v\n%s", err, out)
	}
	d.Admin.Must(t, http.StatusOK, "POST", "/api/projections/ticket_facts/resume/", nil)

	out, _, err = program.Run(t.Context(), t, "", d.Env, "projections", "rollback", "ticket_list")
	if err != nil || !strings.HasPrefix(out, "ticket_list is rolled back, up to position ") {
		t.Errorf("rollback: %v\n%s", err, out)
	}
	d.Admin.Sees(t, first)
	d.Admin.Sees(t, second)
	_, stderr, err := program.Run(t.Context(), t, "", d.Env, "projections", "rebuild", "nothing")
	if err == nil || !strings.Contains(stderr, `there is no projection "nothing"`) {
		t.Errorf("a rebuild of nothing: %v\n%s", err, stderr)
	}
	out, _, err = program.Run(t.Context(), t, "", d.Env, "projections", "failed")
	if err != nil || out != "No failed events.\n" {
		t.Errorf("failed: %v\n%s", err, out)
	}
}
