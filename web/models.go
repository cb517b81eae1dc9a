package web

import (
	"fmt"
	"time"

	"helpdesk/rebuild"
)

// modelsView is where the read models stand.
type modelsView struct {
	Tabs       []tab
	Models     []rebuild.Status
	MayOperate bool
	Command    string
	Fault      *fault
}

func (s *Site) showModels(v *Visit) (reply, error) { return s.models(v, nil) }

func (s *Site) models(v *Visit, wrong *fault) (reply, error) {
	view := modelsView{MayOperate: v.Actor.Admin(), Command: newCommand(), Fault: wrong}
	var err error
	if view.Tabs, err = s.operationTabs(v, modelsPath); err != nil {
		return reply{}, err
	}
	view.Models, err = s.Models.List(v.ctx())
	return show("Read models", modelsPageOf(view)).with(wrong), err
}

// operateModel holds a read model, lets it go on or has it built anew. Each of
// them twice is as good as once.
func (s *Site) operateModel(v *Visit) (reply, error) {
	name, do := v.param("name"), v.form.Get("do")
	var err error
	switch do {
	case "pause":
		err = s.Models.Pause(v.ctx(), name)
	case "resume":
		err = s.Models.Resume(v.ctx(), name)
	case "rebuild":
		err = s.Models.Request(v.ctx(), name, v.checked("accept"))
	default:
		return reply{}, errForm
	}
	if f := faultOf(err); f != nil {
		return s.models(v, f)
	}
	if err != nil {
		return reply{}, err
	}
	v.tell(do)
	return redirect(modelsPath), nil
}

// underWay reports whether a rebuild is to be shown with its progress.
func underWay(r *rebuild.Rebuild) bool {
	return r != nil && r.Phase != rebuild.Done && r.Phase != rebuild.Failed
}

// progressOf says how far a rebuild is.
func progressOf(r *rebuild.Rebuild) string {
	if r.Phase == rebuild.Waiting || !r.Active {
		return "waiting for a worker to go on"
	}
	text := fmt.Sprintf("%s: %s of %s events", r.Phase, grouped(r.Position), grouped(r.Target))
	if r.Remaining != nil {
		text += fmt.Sprintf(", %s a second, %s left", grouped(int64(r.Rate)), r.Remaining.Round(time.Second))
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
