package operations

import (
	"errors"

	"helpdesk/domain"
	"helpdesk/web"
)

// failedMost is how many failed commands, and how many failed events of each
// follower, a page lists.
const failedMost = 50

// failedView is what could not be done and waits for a decision.
type failedView struct {
	Tabs      []web.Tab
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

func (s *Section) showFailed(v *web.Visit) (web.Reply, error) {
	view := failedView{MayDecide: v.Actor.Admin(), Command: web.NewCommand()}
	var err error
	if view.Tabs, err = s.operationTabs(v, failedPath); err != nil {
		return web.Reply{}, err
	}
	if view.Commands, view.More, err = s.FailedCommands.First(v.Context(), failedMost); err != nil {
		return web.Reply{}, err
	}
	view.More -= int64(len(view.Commands))
	events, counts, err := s.FailedEvents.First(v.Context(), failedMost)
	for _, e := range events {
		last := len(view.Events) - 1
		if last < 0 || view.Events[last].Follower != e.Follower {
			view.Events = append(view.Events, failedEvents{Follower: e.Follower, All: counts[e.Follower]})
			last++
		}
		view.Events[last].First = append(view.Events[last].First, e)
	}
	return web.Show("Failed", failedPageOf(view)), err
}

// alreadyDecided is said where there is nothing left to decide on.
const alreadyDecided = "This was already decided."

// decideFailed has a failed command tried again or discarded. One that is decided
// on already, by the same form or by somebody else, is left alone.
func (s *Section) decideFailed(v *web.Visit) (web.Reply, error) {
	id, err := v.PathID()
	if err != nil {
		return web.Reply{}, err
	}
	done := "The command will be retried."
	switch v.Form.Get("do") {
	case "retry":
		err = s.FailedCommands.Retry(v.Context(), id)
	case "discard":
		done = "Command discarded."
		err = s.FailedCommands.Discard(v.Context(), id)
	default:
		return web.Reply{}, web.ErrForm
	}
	var rule *domain.Error
	if errors.As(err, &rule) && rule.Kind == domain.KindNotFound {
		done, err = alreadyDecided, nil
	}
	if err != nil {
		return web.Reply{}, err
	}
	v.Tell(done)
	return web.Redirect(failedPath), nil
}

// replayFailed applies what a follower has failed, as far as it can be.
func (s *Section) replayFailed(v *web.Visit) (web.Reply, error) {
	follower := v.Param("name")
	_, counts, err := s.FailedEvents.First(v.Context(), 0)
	if err != nil {
		return web.Reply{}, err
	}
	if counts[follower] == 0 {
		v.Tell(alreadyDecided)
		return web.Redirect(failedPath), nil
	}
	applied, err := s.FailedEvents.Replay(v.Context(), follower)
	if err != nil {
		return web.Reply{}, err
	}
	if int64(applied) < counts[follower] {
		v.Tell("Some events still fail. The errors shown are from this attempt.")
	} else {
		v.Tell("All failed events were applied.")
	}
	return web.Redirect(failedPath), nil
}
