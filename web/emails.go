package web

import (
	"slices"
	"time"

	"helpdesk/commands"
	"helpdesk/domain/email"
	"helpdesk/projections"
)

// emailsPage is how many emails a page lists.
const emailsPage = 50

// emailSets are the statuses that one link of the ledger stands for, what wants
// a look first.
func emailSets() []emailSet {
	sets := []emailSet{{"", "want a look", []email.Status{email.StatusFailed, email.StatusUncertain}}}
	for _, status := range email.Statuses() {
		sets = append(sets, emailSet{string(status), string(status), []email.Status{status}})
	}
	return append(sets, emailSet{"all", "all", nil})
}

type emailSet struct {
	key, label string
	statuses   []email.Status
}

// emailsView is the mail ledger.
type emailsView struct {
	Tabs           []tab
	Sets           []tab
	Shown          string // key of the set
	Emails         []projections.Email
	MayResend      bool
	Command        string
	Previous, Next string // addresses; "" for none
	Fault          *fault
}

func (s *Site) showEmails(v *Visit) (reply, error) { return s.emails(v, nil) }

func (s *Site) emails(v *Visit, wrong *fault) (reply, error) {
	params := v.Request.URL.Query()
	shown := params.Get("status")
	sets := emailSets()
	at := slices.IndexFunc(sets, func(set emailSet) bool { return set.key == shown })
	if at < 0 {
		return reply{}, errNoSuchFilter
	}
	view := emailsView{Shown: shown, MayResend: v.Actor.Admin(), Command: newCommand(), Fault: wrong}
	var err error
	if view.Tabs, err = s.operationTabs(v, emailsPath); err != nil {
		return reply{}, err
	}
	if view.Sets, err = s.emailTabs(v, shown); err != nil {
		return reply{}, err
	}
	scope := "emails\x00" + shown
	page, err := s.pageAt(scope, params.Get("cursor"), emailsPage)
	if err != nil {
		return reply{}, err
	}
	slice, err := s.Ledger.Emails(v.ctx(), sets[at].statuses, page)
	if err != nil {
		return reply{}, err
	}
	view.Emails = slice.Items
	view.Previous, view.Next, err = s.around(scope, slice.Previous, slice.Next, func(cursor string) string {
		return addressOf(emailsPath, "status", shown, "cursor", cursor)
	})
	return show("Emails", emailsPageOf(view)).with(wrong), err
}

func (s *Site) emailTabs(v *Visit, shown string) (tabs []tab, err error) {
	counts, err := s.Ledger.CountEmails(v.ctx(), countMost)
	for _, set := range emailSets() {
		n := 0
		for _, status := range set.statuses {
			n += counts[status]
		}
		tabs = append(tabs, tab{Label: set.label, To: addressOf(emailsPath, "status", set.key), Count: some(n), Current: set.key == shown})
	}
	return tabs, err
}

// resend has an email sent again, if the rules let the visitor.
func (s *Site) resend(v *Visit) (reply, error) {
	id, err := v.pathID()
	if err != nil {
		return reply{}, err
	}
	_, err = v.carryOut(func(r commands.Request) (commands.Outcome, error) {
		return s.Emails.Do(v.ctx(), r, email.ID{UUID: id}, email.Resend{By: email.By{Actor: v.Actor}, Now: s.now().UTC().Truncate(time.Microsecond)})
	})
	if f := faultOf(err); f != nil {
		return s.emails(v, f)
	}
	if err != nil {
		return reply{}, err
	}
	v.tell("resent")
	return redirect(addressOf(emailsPath, "status", v.Request.URL.Query().Get("status"))), nil
}
