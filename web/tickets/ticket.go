package tickets

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/edge"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/projections/people"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// ticketView is the page of a ticket.
type ticketView struct {
	view.Ticket
	Comments    []commentView
	Attachments []view.Attachment  // its own
	Removable   map[uuid.UUID]bool // the files that the visitor may remove
	Before      string             // address of the comments before these; "" for none
	After       string             // address of those after them; "" for none
	Options     ticket.Options
	Reopens     bool // the visitor's reply reopens the ticket
	Staff       bool
	Redacts     bool // the visitor may destroy texts of it
	Due         *time.Time
	NoEmails    string          // why the requester is sent none, to staff; "": they are
	Entries     []history.Entry // the newest, oldest first
	Earlier     string          // address of those before; "" for none
	Others      []string        // who else has it open
	Team        []view.User     // whom it may be assigned to
	Me          string
	Past        *pastView    // nil: it is shown as it is
	Deleted     *deletedView // nil: it is there
	Command     string
	Loaded      string // when the page was made, for its forms
	Form        string // the form that was refused
	Sent        web.Form
	Kept        []ticket.Attachment // files that came with it
	Comment     string              // whose form it is, where it is that of a comment
	Fault       *web.Fault
}

// pastView is a ticket as it stood once.
type pastView struct {
	Version    int
	RecordedAt time.Time
}

// commentView is a comment with what the visitor may do to it.
type commentView struct {
	view.Comment
	Changes  bool
	Fresh    bool // it came since the page was made that a form was sent from
	ByAuthor bool // it is the requester's
}

// removable returns those of files that the visitor may remove.
func (t ticketView) removable(files []view.Attachment) []view.Attachment {
	return slices.DeleteFunc(slices.Clone(files), func(f view.Attachment) bool { return !t.Removable[f.ID] })
}

// of returns what is wrong with a form of the page, nil for nothing.
func (t ticketView) of(form string) *web.Fault {
	if t.Form != form {
		return nil
	}
	return t.Fault
}

// shown reports whether the page has the form that was refused, with what was
// entered into it.
func (t ticketView) shown() bool {
	switch t.Form {
	case "commented", "noted":
		return t.replies()
	case "edited":
		return t.Options.Edit
	case "status":
		return len(t.Options.Statuses) > 0
	case "assigned":
		return t.Options.Assign
	case "comment-changed":
		return slices.ContainsFunc(t.Comments, func(c commentView) bool { return c.Changes && t.edited(c) != nil })
	}
	return false
}

// elsewhere returns what is wrong with a form that has no place for it, or is not
// offered any more: it is said at the top.
func (t ticketView) elsewhere() *web.Fault {
	if t.shown() && t.Form != "status" && t.Form != "assigned" {
		return nil
	}
	return t.Fault
}

// replies reports whether the page has the reply box.
func (t ticketView) replies() bool { return t.Options.Comment || t.Options.Reply }

// edited returns what is wrong with the edit of a comment that was sent, nil for
// nothing and for others.
func (t ticketView) edited(c commentView) *web.Fault {
	if t.Comment != c.ID.String() {
		return nil
	}
	return t.of("comment-changed")
}

// entered returns what was entered into a field of a form that was refused, and else
// what stands.
func (t ticketView) entered(form, field, stands string) string {
	if t.of(form) != nil {
		return t.Sent.Text(field)
	}
	return stands
}

// verb returns the label of the button that brings the ticket to a status.
func (t ticketView) verb(to ticket.Status) string {
	if to == ticket.StatusInProgress && t.AssignedTo == nil {
		return "Take and start work"
	}
	return web.Verb(to)
}

// address is that of the page, whatever moment it shows.
func (t ticketView) address() string { return web.TicketAddress(t.Number) }

var ticketNumber = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

// ticketRef reads the number or id in the path; neither is no ticket.
func ticketRef(name string) (ref ticket.Ref, err error) {
	if ticketNumber.MatchString(name) {
		ref.Number, err = strconv.ParseInt(name, 10, 64)
		return ref, err
	}
	id, err := uuid.Parse(name)
	if err != nil || len(name) != 36 {
		return ref, domain.ErrNotFound
	}
	return ticket.Ref{ID: ticket.ID{UUID: id}}, nil
}

// found reads the ticket that the path names, as the visitor sees it.
func (s *Section) found(v *web.Visit) (view.Ticket, error) {
	ref, err := ticketRef(v.Param("ticket"))
	if err != nil {
		return view.Ticket{}, err
	}
	return s.Read.Ticket(v.Context(), v.Actor, ref)
}

func (s *Section) showTicket(v *web.Visit) (web.Reply, error) {
	t, err := s.found(v)
	if errors.Is(err, domain.ErrNotFound) && v.Actor.Oversees() {
		return deletedPage(s, v)
	}
	if err != nil {
		return web.Reply{}, err
	}
	return s.ticketPage(v, ticketView{Ticket: t})
}

// ticketPage fills in what the page shows beside the ticket.
func (s *Section) ticketPage(v *web.Visit, view ticketView) (web.Reply, error) {
	view.Command, view.Me, view.Loaded = web.NewCommand(), v.Session.Account.Username, web.Stamp(v.Now())
	view.Staff, view.Redacts = ticket.SeesInternal(v.Actor), v.Actor.Admin()
	query := v.Request.URL.Query()
	switch version, instant := query.Get("version"), query.Get("as_of"); {
	case view.Fault != nil: // the form is shown as it was typed
	case version != "" && instant != "":
		return web.Reply{}, web.ErrTwoMoments
	case instant != "":
		return asOf(s, v, view, instant)
	case version != "":
		asked, err := parseVersion(version)
		if err != nil {
			return web.Reply{}, err
		}
		if asked > view.Version {
			return web.Reply{}, noVersion(view.Ticket, asked)
		}
		if asked < view.Version {
			return s.pastPage(v, view, asked)
		}
	}
	for _, fill := range []func(*web.Visit, *ticketView) error{s.fillComments, s.fillHistory, s.fillDue, s.fillOthers, s.fillTeam} {
		if err := fill(v, &view); err != nil {
			return web.Reply{}, err
		}
	}
	if err := fillNoEmails(s, v, &view); err != nil {
		return web.Reply{}, err
	}
	return web.Show(title(view.Ticket), ticketPageOf(view)).With(view.Fault), nil
}

// parseVersion returns the version that an address asks for.
func parseVersion(text string) (int, error) {
	version, err := strconv.Atoi(text)
	if err != nil || version < 1 || strconv.Itoa(version) != text {
		return 0, web.ErrNoVersion
	}
	return version, nil
}

func title(t view.Ticket) string {
	return "#" + strconv.FormatInt(t.Number, 10) + " " + web.TitleOf(t.Title)
}

// asOf leads to the version that the ticket was at at an instant, as the API writes it.
func asOf(s *Section, v *web.Visit, view ticketView, text string) (web.Reply, error) {
	at, err := edge.ParseInstant(text)
	if err != nil || edge.CheckInstant(at) != nil {
		return web.Reply{}, web.ErrNoInstant
	}
	was, err := s.Past.Ticket(v.Context(), v.Actor, ticket.Ref{ID: ticket.ID{UUID: view.ID}}, history.Moment{Instant: at})
	switch {
	case errors.Is(err, history.ErrFuture):
		return web.Reply{}, web.ErrNoInstant
	case errors.Is(err, domain.ErrNotFound):
		return web.Reply{}, web.NewFailure(http.StatusNotFound, "No such ticket then", "The ticket was opened after the time in the address.")
	case err != nil:
		return web.Reply{}, err
	}
	return web.Redirect(view.address() + "?version=" + strconv.Itoa(was.Version)), nil
}

// noVersion refuses to show a version that is still to come.
func noVersion(t view.Ticket, version int) error {
	return web.NewFailure(http.StatusNotFound, "No such version",
		fmt.Sprintf("Ticket #%d is at version %d: there is no version %d of it.", t.Number, t.Version, version))
}

// pastPage shows the ticket as it stood right after its event of a version.
// There is nothing to do with it.
func (s *Section) pastPage(v *web.Visit, view ticketView, version int) (web.Reply, error) {
	ref := ticket.Ref{ID: ticket.ID{UUID: view.ID}}
	was, err := s.Past.Ticket(v.Context(), v.Actor, ref, history.Moment{Version: version})
	if err != nil {
		return web.Reply{}, err
	}
	now := view.Version
	view.Ticket, view.Attachments, view.Past = was.Ticket, was.Attachments, &pastView{Version: version, RecordedAt: was.RecordedAt}
	if err := fillPastComments(s, v, &view, was); err != nil {
		return web.Reply{}, err
	}
	if err := s.fillHistory(v, &view); err != nil {
		return web.Reply{}, err
	}
	view.Version = now // how far the slider goes
	return web.Show(title(view.Ticket)+", version "+strconv.Itoa(version), ticketPageOf(view)), nil
}

// historyPage is how many entries of the history a page shows.
const historyPage = 100

// fillHistory reads the newest entries, or those before the position that the
// address names.
func (s *Section) fillHistory(v *web.Visit, view *ticketView) error {
	before := int64(math.MaxInt64)
	if text := v.Request.URL.Query().Get("before"); text != "" {
		var err error
		if before, err = strconv.ParseInt(text, 10, 64); err != nil {
			return web.ErrNoSuchFilter
		}
	}
	page := projections.Page{Size: historyPage, Cursor: &projections.Cursor{Key: strconv.FormatInt(before, 10), Back: true}}
	slice, err := s.History.Ticket(v.Context(), v.Actor, ticket.ID{UUID: view.ID}, page)
	if err != nil {
		return err
	}
	view.Entries = slice.Items
	if slice.Previous != nil {
		view.Earlier = view.address() + "?before=" + slice.Previous.Key + "#history"
	}
	return nil
}

func (s *Section) fillDue(v *web.Visit, view *ticketView) error {
	if !view.Staff {
		return nil
	}
	due, err := s.Schedule.Due(v.Context(), []uuid.UUID{view.ID})
	if at, waits := due[view.ID]; waits {
		view.Due = &at
	}
	return err
}

// fillOthers notes that somebody of the staff looks at the ticket, and finds who else
// of them does.
func (s *Section) fillOthers(v *web.Visit, view *ticketView) (err error) {
	if view.Staff {
		view.Others, err = s.Viewers.Arrive(v.Context(), view.ID, v.Actor.ID)
	}
	return err
}

// teamMost is how many people are proposed to assign to; others can be named.
const teamMost = 100

func (s *Section) fillTeam(v *web.Visit, view *ticketView) error {
	if !view.Options.Assign {
		return nil
	}
	active := true
	for _, role := range []domain.Role{domain.RoleAgent, domain.RoleAdmin} {
		some, err := s.Read.Users(v.Context(), people.Filter{Role: role, Active: &active}, projections.Page{Size: teamMost})
		if err != nil {
			return err
		}
		view.Team = append(view.Team, some.Items...)
	}
	return nil
}

// fillNoEmails finds whether emails reach the requester, who is the one that replies go to.
func fillNoEmails(s *Section, v *web.Visit, view *ticketView) error {
	if !view.Staff || !view.replies() {
		return nil
	}
	requester, err := s.Read.User(v.Context(), user.ID{UUID: view.CreatedBy.ID})
	if errors.Is(err, domain.ErrNotFound) { // they were erased
		return nil
	}
	view.NoEmails = web.NoEmails(requester)
	return err
}

// stay is what the script of an open page asks every few seconds: it returns who else
// is there.
func (s *Section) stay(v *web.Visit) (web.Reply, error) {
	t, err := s.found(v)
	if err != nil {
		return web.Reply{}, err
	}
	if !ticket.SeesInternal(v.Actor) {
		return web.Reply{}, domain.ErrForbidden
	}
	if v.Form.Checked("gone") {
		return web.Fragment(othersOf(nil)), s.Viewers.Leave(v.Context(), t.ID, v.Actor.ID)
	}
	others, err := s.Viewers.Arrive(v.Context(), t.ID, v.Actor.ID)
	return web.Fragment(othersOf(others)), err
}

// isEmail reports whether an entry of a history is about an email.
func isEmail(e history.Entry) bool { return strings.HasPrefix(e.Type, "email.") }
