package operations

import (
	"fmt"
	"time"

	"helpdesk/rebuild"
	"helpdesk/web"
)

// modelsView is where the read models stand.
type modelsView struct {
	Tabs       []web.Tab
	Models     []rebuild.Status
	MayOperate bool
	Command    string
	Fault      *web.Fault
}

func (s *Section) showModels(v *web.Visit) (web.Reply, error) { return s.models(v, nil) }

func (s *Section) models(v *web.Visit, wrong *web.Fault) (web.Reply, error) {
	view := modelsView{MayOperate: v.Actor.Admin(), Command: web.NewCommand(), Fault: wrong}
	var err error
	if view.Tabs, err = s.operationTabs(v, modelsPath); err != nil {
		return web.Reply{}, err
	}
	view.Models, err = s.Models.List(v.Context())
	return web.Show("Read models", modelsPageOf(view)).With(wrong), err
}

// operateModel holds a read model, lets it go on or has it built anew. Each of
// them twice is as good as once.
func (s *Section) operateModel(v *web.Visit) (web.Reply, error) {
	name, do := v.Param("name"), v.Form.Get("do")
	var err error
	var done string
	switch do {
	case "pause":
		done = "It is held until it is resumed."
		err = s.Models.Pause(v.Context(), name)
	case "resume":
		done = "It goes on."
		err = s.Models.Resume(v.Context(), name)
	case "rebuild":
		done = "It is built anew; this page shows how far it is."
		err = s.Models.Request(v.Context(), name, v.Form.Checked("accept"))
	default:
		return web.Reply{}, web.ErrForm
	}
	if f := web.FaultOf(err); f != nil {
		return s.models(v, f)
	}
	if err != nil {
		return web.Reply{}, err
	}
	v.Tell(done)
	return web.Redirect(modelsPath), nil
}

// underWay reports whether a rebuild is to be shown with its progress.
func underWay(r *rebuild.Rebuild) bool {
	return r != nil && r.Phase != rebuild.Done && r.Phase != rebuild.Failed
}

// progressOf returns how far a rebuild is.
func progressOf(r *rebuild.Rebuild) string {
	if r.Phase == rebuild.Waiting || !r.Active {
		return "waiting for a worker to go on"
	}
	text := fmt.Sprintf("%s: %s of %s events", r.Phase, web.Grouped(r.Position), web.Grouped(r.Target))
	if r.Remaining != nil {
		text += fmt.Sprintf(", %s a second, %s left", web.Grouped(int64(r.Rate)), r.Remaining.Round(time.Second))
	}
	return text
}

// stateGlyph is the sign beside the word of a read model's state.
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
