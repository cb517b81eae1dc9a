package web

import (
	"errors"

	"helpdesk/domain"
)

// failedMost is how many failed commands, and how many failed events of each
// follower, a page lists.
const failedMost = 50

// failedView is what could not be done and waits for a decision.
type failedView struct {
	Tabs      []tab
	Commands  []FailedCommand
	Events    []failedEvents
	More      int64 // commands that are not listed
	MayDecide bool
	Command   string
}

// failedEvents are those of one follower.
type failedEvents struct {
	Follower string
	All      int64
	First    []FailedEvent
}

func (s *Site) showFailed(v *Visit) (reply, error) {
	view := failedView{MayDecide: v.Actor.Admin(), Command: newCommand()}
	var err error
	if view.Tabs, err = s.operationTabs(v, failedPath); err != nil {
		return reply{}, err
	}
	if view.Commands, view.More, err = s.FailedCommands.First(v.ctx(), failedMost); err != nil {
		return reply{}, err
	}
	view.More -= int64(len(view.Commands))
	events, counts, err := s.FailedEvents.First(v.ctx(), failedMost)
	for _, e := range events {
		last := len(view.Events) - 1
		if last < 0 || view.Events[last].Follower != e.Follower {
			view.Events = append(view.Events, failedEvents{Follower: e.Follower, All: counts[e.Follower]})
			last++
		}
		view.Events[last].First = append(view.Events[last].First, e)
	}
	return show("Failed", failedPageOf(view)), err
}

// decideFailed has a failed command tried again or discarded. One that is decided
// on already, by the same form or by somebody else, is left alone.
func (s *Site) decideFailed(v *Visit) (reply, error) {
	id, err := v.pathID()
	if err != nil {
		return reply{}, err
	}
	said := "retried"
	switch v.form.Get("do") {
	case "retry":
		err = s.FailedCommands.Retry(v.ctx(), id)
	case "discard":
		said = "discarded"
		err = s.FailedCommands.Discard(v.ctx(), id)
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
	return redirect(failedPath), nil
}

// replayFailed applies what a follower has failed, as far as it can be.
func (s *Site) replayFailed(v *Visit) (reply, error) {
	follower := v.param("name")
	_, counts, err := s.FailedEvents.First(v.ctx(), 0)
	if err != nil {
		return reply{}, err
	}
	if counts[follower] == 0 {
		v.tell("decided")
		return redirect(failedPath), nil
	}
	applied, err := s.FailedEvents.Replay(v.ctx(), follower)
	if err != nil {
		return reply{}, err
	}
	v.tell("replayed")
	if int64(applied) < counts[follower] {
		v.tell("still-failed")
	}
	return redirect(failedPath), nil
}
