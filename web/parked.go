package web

import (
	"errors"

	"helpdesk/domain"
)

// parkedMost is how many parked commands, and how many parked events of each
// follower, a page lists.
const parkedMost = 50

// parkedView is what could not be done and waits for a decision.
type parkedView struct {
	Tabs      []tab
	Commands  []ParkedCommand
	Events    []parkedEvents
	More      int64 // commands that are not listed
	MayDecide bool
	Command   string
}

// parkedEvents are those of one follower.
type parkedEvents struct {
	Follower string
	All      int64
	First    []ParkedEvent
}

func (s *Site) showParked(v *Visit) (reply, error) {
	view := parkedView{MayDecide: v.Actor.Admin(), Command: newCommand()}
	var err error
	if view.Tabs, err = s.operationTabs(v, parkedPath); err != nil {
		return reply{}, err
	}
	if view.Commands, view.More, err = s.ParkedCommands.First(v.ctx(), parkedMost); err != nil {
		return reply{}, err
	}
	view.More -= int64(len(view.Commands))
	events, counts, err := s.ParkedEvents.First(v.ctx(), parkedMost)
	for _, e := range events {
		last := len(view.Events) - 1
		if last < 0 || view.Events[last].Follower != e.Follower {
			view.Events = append(view.Events, parkedEvents{Follower: e.Follower, All: counts[e.Follower]})
			last++
		}
		view.Events[last].First = append(view.Events[last].First, e)
	}
	return show("Parked", parkedPageOf(view)), err
}

// decideParked has a parked command tried again or discarded. One that is decided
// on already, by the same form or by somebody else, is left alone.
func (s *Site) decideParked(v *Visit) (reply, error) {
	id, err := v.pathID()
	if err != nil {
		return reply{}, err
	}
	said := "retried"
	switch v.form.Get("do") {
	case "retry":
		err = s.ParkedCommands.Retry(v.ctx(), id)
	case "discard":
		said = "discarded"
		err = s.ParkedCommands.Discard(v.ctx(), id)
	default:
		return reply{}, errForm
	}
	var rule *domain.Error
	if errors.As(err, &rule) && rule.Kind == domain.KindNotFound {
		said, err = "decided", nil
	}
	if err != nil {
		return reply{}, err
	}
	v.tell(said)
	return redirect(parkedPath), nil
}

// replayParked applies what a follower has parked, as far as it can be.
func (s *Site) replayParked(v *Visit) (reply, error) {
	follower := v.param("name")
	_, counts, err := s.ParkedEvents.First(v.ctx(), 0)
	if err != nil {
		return reply{}, err
	}
	if counts[follower] == 0 {
		v.tell("decided")
		return redirect(parkedPath), nil
	}
	applied, err := s.ParkedEvents.Replay(v.ctx(), follower)
	if err != nil {
		return reply{}, err
	}
	v.tell("replayed")
	if int64(applied) < counts[follower] {
		v.tell("still-parked")
	}
	return redirect(parkedPath), nil
}
