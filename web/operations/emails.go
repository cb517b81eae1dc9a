package operations

import (
	"slices"
	"time"

	"helpdesk/commands"
	"helpdesk/domain/email"
	"helpdesk/projections/emails"
	"helpdesk/web"
)

// emailsPage is how many emails a page lists.
const emailsPage = 50

// emailSets are the statuses that one link of the ledger stands for, what wants
// a look first.
func emailSets() []emailSet {
	sets := []emailSet{{"", "needs attention", attention}}
	for _, status := range email.Statuses() {
		sets = append(sets, emailSet{string(status), string(status), []email.Status{status}})
	}
	return append(sets, emailSet{"all", "all", nil})
}

// resendable are the statuses of emails that may be sent again; see [email.Resend].
var resendable = []email.Status{email.StatusFailed, email.StatusBounced, email.StatusUncertain, email.StatusCancelled}

// attention are those that somebody should look at.
var attention = []email.Status{email.StatusFailed, email.StatusBounced, email.StatusUncertain, email.StatusBlocked}

type emailSet struct {
	key, label string
	statuses   []email.Status
}

// emailsView is the mail ledger.
type emailsView struct {
	Tabs           []web.Tab
	Sets           []web.Tab
	Shown          string // key of the set
	Emails         []emails.Email
	MayResend      bool
	Command        string
	Previous, Next string // addresses; "" for none
	Fault          *web.Fault
}

func (s *Section) showEmails(v *web.Visit) (web.Reply, error) { return s.emails(v, nil) }

func (s *Section) emails(v *web.Visit, wrong *web.Fault) (web.Reply, error) {
	params := v.Request.URL.Query()
	shown := params.Get("status")
	sets := emailSets()
	at := slices.IndexFunc(sets, func(set emailSet) bool { return set.key == shown })
	if at < 0 {
		return web.Reply{}, web.ErrNoSuchFilter
	}
	view := emailsView{Shown: shown, MayResend: v.Actor.Admin(), Command: web.NewCommand(), Fault: wrong}
	var err error
	if view.Tabs, err = s.operationTabs(v, emailsPath); err != nil {
		return web.Reply{}, err
	}
	if view.Sets, err = s.emailTabs(v, shown); err != nil {
		return web.Reply{}, err
	}
	scope := "emails\x00" + shown
	page, err := v.PageAt(scope, params.Get("cursor"), emailsPage)
	if err != nil {
		return web.Reply{}, err
	}
	slice, err := s.Ledger.Emails(v.Context(), sets[at].statuses, page)
	if err != nil {
		return web.Reply{}, err
	}
	view.Emails = slice.Items
	view.Previous, view.Next, err = v.Around(scope, slice.Previous, slice.Next, func(cursor string) string {
		return web.Address(emailsPath, "status", shown, "cursor", cursor)
	})
	return web.Show("Email notifications", emailsPageOf(view)).With(wrong), err
}

func (s *Section) emailTabs(v *web.Visit, shown string) (tabs []web.Tab, err error) {
	counts, err := s.Ledger.CountEmails(v.Context(), web.CountMost)
	for _, set := range emailSets() {
		n := 0
		for _, status := range set.statuses {
			n += counts[status]
		}
		tabs = append(tabs, web.Tab{Label: set.label, To: web.Address(emailsPath, "status", set.key), Count: web.CountOf(n), Current: set.key == shown})
	}
	return tabs, err
}

// resend has an email sent again, if the rules let the visitor.
func (s *Section) resend(v *web.Visit) (web.Reply, error) {
	id, err := v.PathID()
	if err != nil {
		return web.Reply{}, err
	}
	_, err = v.CarryOut(func(r commands.Request) (commands.Outcome, error) {
		return s.Emails.Do(v.Context(), r, email.ID{UUID: id}, email.Resend{By: email.By{Actor: v.Actor}, Now: v.Now().UTC().Truncate(time.Microsecond)})
	})
	if f := web.FaultOf(err); f != nil {
		return s.emails(v, f)
	}
	if err != nil {
		return web.Reply{}, err
	}
	v.Tell("The email will be sent again.")
	return web.Redirect(web.Address(emailsPath, "status", v.Request.URL.Query().Get("status"))), nil
}
