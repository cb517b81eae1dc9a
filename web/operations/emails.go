package operations

import (
	"slices"
	"time"

	"helpdesk/commands"
	"helpdesk/domain/letter"
	"helpdesk/projections"
	"helpdesk/web"
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
	Tabs           []web.Tab
	Sets           []web.Tab
	Shown          string // key of the set
	Letters        []projections.Email
	MayResend      bool
	Command        string
	Previous, Next string // addresses; "" for none
	Fault          *web.Fault
}

func (s *Section) showLetters(v *web.Visit) (web.Reply, error) { return s.letters(v, nil) }

func (s *Section) letters(v *web.Visit, wrong *web.Fault) (web.Reply, error) {
	params := v.Request.URL.Query()
	shown := params.Get("status")
	sets := letterSets()
	at := slices.IndexFunc(sets, func(set letterSet) bool { return set.key == shown })
	if at < 0 {
		return web.Reply{}, web.ErrNoSuchFilter
	}
	view := lettersView{Shown: shown, MayResend: v.Actor.Admin(), Command: web.NewCommand(), Fault: wrong}
	var err error
	if view.Tabs, err = s.operationTabs(v, lettersPath); err != nil {
		return web.Reply{}, err
	}
	if view.Sets, err = s.letterTabs(v, shown); err != nil {
		return web.Reply{}, err
	}
	scope := "letters\x00" + shown
	page, err := v.PageAt(scope, params.Get("cursor"), lettersPage)
	if err != nil {
		return web.Reply{}, err
	}
	slice, err := s.Ledger.Letters(v.Context(), sets[at].statuses, page)
	if err != nil {
		return web.Reply{}, err
	}
	view.Letters = slice.Items
	view.Previous, view.Next, err = v.Around(scope, slice.Previous, slice.Next, func(cursor string) string {
		return web.Address(lettersPath, "status", shown, "cursor", cursor)
	})
	return web.Show("Letters", lettersPageOf(view)).With(wrong), err
}

func (s *Section) letterTabs(v *web.Visit, shown string) (tabs []web.Tab, err error) {
	counts, err := s.Ledger.CountLetters(v.Context(), web.CountMost)
	for _, set := range letterSets() {
		n := 0
		for _, status := range set.statuses {
			n += counts[status]
		}
		tabs = append(tabs, web.Tab{Label: set.label, To: web.Address(lettersPath, "status", set.key), Count: web.CountOf(n), Current: set.key == shown})
	}
	return tabs, err
}

// resend has a letter sent again, if the rules let the visitor.
func (s *Section) resend(v *web.Visit) (web.Reply, error) {
	id, err := v.PathID()
	if err != nil {
		return web.Reply{}, err
	}
	_, err = v.CarryOut(func(r commands.Request) (commands.Outcome, error) {
		return s.Letters.Do(v.Context(), r, letter.ID{UUID: id}, letter.Resend{By: letter.By{Actor: v.Actor}, Now: v.Now().UTC().Truncate(time.Microsecond)})
	})
	if f := web.FaultOf(err); f != nil {
		return s.letters(v, f)
	}
	if err != nil {
		return web.Reply{}, err
	}
	v.Tell("The letter is sent again.")
	return web.Redirect(web.Address(lettersPath, "status", v.Request.URL.Query().Get("status"))), nil
}
