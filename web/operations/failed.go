package operations

import (
	"errors"

	"helpdesk/domain"
	"helpdesk/web"
)

// parkedMost is how many parked commands, and how many parked events of each
// follower, a page lists.
const parkedMost = 50

// parkedView is what could not be done and waits for a decision.
type parkedView struct {
	Tabs      []web.Tab
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

func (s *Section) showParked(v *web.Visit) (web.Reply, error) {
	view := parkedView{MayDecide: v.Actor.Admin(), Command: web.NewCommand()}
	var err error
	if view.Tabs, err = s.operationTabs(v, parkedPath); err != nil {
		return web.Reply{}, err
	}
	if view.Commands, view.More, err = s.ParkedCommands.First(v.Context(), parkedMost); err != nil {
		return web.Reply{}, err
	}
	view.More -= int64(len(view.Commands))
	events, counts, err := s.ParkedEvents.First(v.Context(), parkedMost)
	for _, e := range events {
		last := len(view.Events) - 1
		if last < 0 || view.Events[last].Follower != e.Follower {
			view.Events = append(view.Events, parkedEvents{Follower: e.Follower, All: counts[e.Follower]})
			last++
		}
		view.Events[last].First = append(view.Events[last].First, e)
	}
	return web.Show("Parked", parkedPageOf(view)), err
}

// alreadyDecided is said where there is nothing left to decide on.
const alreadyDecided = "Somebody had decided on it already."

// decideParked has a parked command tried again or discarded. One that is decided
// on already, by the same form or by somebody else, is left alone.
func (s *Section) decideParked(v *web.Visit) (web.Reply, error) {
	id, err := v.PathID()
	if err != nil {
		return web.Reply{}, err
	}
	done := "The command is tried again."
	switch v.Form.Get("do") {
	case "retry":
		err = s.ParkedCommands.Retry(v.Context(), id)
	case "discard":
		done = "The command is discarded."
		err = s.ParkedCommands.Discard(v.Context(), id)
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
	return web.Redirect(parkedPath), nil
}

// replayParked applies what a follower has parked, as far as it can be.
func (s *Section) replayParked(v *web.Visit) (web.Reply, error) {
	follower := v.Param("name")
	_, counts, err := s.ParkedEvents.First(v.Context(), 0)
	if err != nil {
		return web.Reply{}, err
	}
	if counts[follower] == 0 {
		v.Tell(alreadyDecided)
		return web.Redirect(parkedPath), nil
	}
	applied, err := s.ParkedEvents.Replay(v.Context(), follower)
	if err != nil {
		return web.Reply{}, err
	}
	if int64(applied) < counts[follower] {
		v.Tell("Some of it still fails; the errors are those of this try.")
	} else {
		v.Tell("All that was parked is applied.")
	}
	return web.Redirect(parkedPath), nil
}
