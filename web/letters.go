package web

import (
	"slices"
	"time"

	"helpdesk/commands"
	"helpdesk/domain/letter"
	"helpdesk/projections"
)

// lettersPage is how many letters a page lists.
const lettersPage = 50

// letterSets are the statuses that one link of the ledger stands for, what wants
// a look first.
func letterSets() []letterSet {
	sets := []letterSet{{"", "want a look", []letter.Status{letter.StatusFailed, letter.StatusUncertain}}}
	for _, status := range letter.Statuses() {
		sets = append(sets, letterSet{string(status), string(status), []letter.Status{status}})
	}
	return append(sets, letterSet{"all", "all", nil})
}

type letterSet struct {
	key, label string
	statuses   []letter.Status
}

// lettersView is the mail ledger.
type lettersView struct {
	Tabs           []tab
	Sets           []tab
	Shown          string // key of the set
	Letters        []projections.Email
	MayResend      bool
	Command        string
	Previous, Next string // addresses; "" for none
	Fault          *fault
}

func (s *Site) showLetters(v *Visit) (reply, error) { return s.letters(v, nil) }

func (s *Site) letters(v *Visit, wrong *fault) (reply, error) {
	params := v.Request.URL.Query()
	shown := params.Get("status")
	sets := letterSets()
	at := slices.IndexFunc(sets, func(set letterSet) bool { return set.key == shown })
	if at < 0 {
		return reply{}, errNoSuchFilter
	}
	view := lettersView{Shown: shown, MayResend: v.Actor.Admin(), Command: newCommand(), Fault: wrong}
	var err error
	if view.Tabs, err = s.operationTabs(v, lettersPath); err != nil {
		return reply{}, err
	}
	if view.Sets, err = s.letterTabs(v, shown); err != nil {
		return reply{}, err
	}
	scope := "letters\x00" + shown
	page, err := s.pageAt(scope, params.Get("cursor"), lettersPage)
	if err != nil {
		return reply{}, err
	}
	slice, err := s.Ledger.Letters(v.ctx(), sets[at].statuses, page)
	if err != nil {
		return reply{}, err
	}
	view.Letters = slice.Items
	view.Previous, view.Next, err = s.around(scope, slice.Previous, slice.Next, func(cursor string) string {
		return addressOf(lettersPath, "status", shown, "cursor", cursor)
	})
	return show("Letters", lettersPageOf(view)).with(wrong), err
}

func (s *Site) letterTabs(v *Visit, shown string) (tabs []tab, err error) {
	counts, err := s.Ledger.CountLetters(v.ctx(), countMost)
	for _, set := range letterSets() {
		n := 0
		for _, status := range set.statuses {
			n += counts[status]
		}
		tabs = append(tabs, tab{Label: set.label, To: addressOf(lettersPath, "status", set.key), Count: some(n), Current: set.key == shown})
	}
	return tabs, err
}

// resend has a letter sent again, if the rules let the visitor.
func (s *Site) resend(v *Visit) (reply, error) {
	id, err := v.pathID()
	if err != nil {
		return reply{}, err
	}
	_, err = v.carryOut(func(r commands.Request) (commands.Outcome, error) {
		return s.Letters.Do(v.ctx(), r, letter.ID{UUID: id}, letter.Resend{By: letter.By{Actor: v.Actor}, Now: s.now().UTC().Truncate(time.Microsecond)})
	})
	if f := faultOf(err); f != nil {
		return s.letters(v, f)
	}
	if err != nil {
		return reply{}, err
	}
	v.tell("resent")
	return redirect(addressOf(lettersPath, "status", v.Request.URL.Query().Get("status"))), nil
}
