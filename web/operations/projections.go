package operations

import (
	"fmt"
	"time"

	"helpdesk/rebuild"
	"helpdesk/web"
)

// projectionsView is the state of the projections.
type projectionsView struct {
	Tabs        []web.Tab
	Projections []rebuild.Status
	MayOperate  bool
	Command     string
	Fault       *web.Fault
}

func (s *Section) showProjections(v *web.Visit) (web.Reply, error) { return s.projectionsPage(v, nil) }

func (s *Section) projectionsPage(v *web.Visit, wrong *web.Fault) (web.Reply, error) {
	view := projectionsView{MayOperate: v.Actor.Admin(), Command: web.NewCommand(), Fault: wrong}
	var err error
	if view.Tabs, err = s.operationTabs(v, web.ProjectionsPath); err != nil {
		return web.Reply{}, err
	}
	view.Projections, err = s.Projections.List(v.Context())
	return web.Show("Projections", projectionsPageOf(view)).With(wrong), err
}

// operateProjection pauses, resumes or rebuilds a projection. Doing so twice is the
// same as once.
func (s *Section) operateProjection(v *web.Visit) (web.Reply, error) {
	name, do := v.Param("name"), v.Form.Get("do")
	var err error
	var done string
	switch do {
	case "pause":
		done = "Projection paused."
		err = s.Projections.Pause(v.Context(), name)
	case "resume":
		done = "Projection resumed."
		err = s.Projections.Resume(v.Context(), name)
	case "rebuild":
		done = "Rebuild started. This page shows its progress."
		err = s.Projections.Request(v.Context(), name, v.Form.Checked("accept"))
	default:
		return web.Reply{}, web.ErrForm
	}
	if f := web.FaultOf(err); f != nil {
		return s.projectionsPage(v, f)
	}
	if err != nil {
		return web.Reply{}, err
	}
	v.Tell(done)
	return web.Redirect(web.ProjectionsPath), nil
}

// underWay reports whether a rebuild is to be shown with its progress.
func underWay(r *rebuild.Rebuild) bool {
	return r != nil && r.Phase != rebuild.Done && r.Phase != rebuild.Failed
}

// progressOf returns how far a rebuild is.
func progressOf(r *rebuild.Rebuild) string {
	if r.Phase == rebuild.Waiting || !r.Active {
		return "waiting for a worker"
	}
	text := fmt.Sprintf("%s: %s of %s events", r.Phase, web.Grouped(r.Position), web.Grouped(r.Target))
	if r.Remaining != nil {
		text += fmt.Sprintf(", %s a second, %s left", web.Grouped(int64(r.Rate)), r.Remaining.Round(time.Second))
	}
	return text
}

// stateGlyph is the sign beside the word of a projection's state.
func stateGlyph(s rebuild.State) string {
	switch s {
	case rebuild.Following:
		return "resolved"
	case rebuild.Paused:
		return "closed"
	case rebuild.Stalled:
		return "escalated"
	}
	return "in-progress"
}
