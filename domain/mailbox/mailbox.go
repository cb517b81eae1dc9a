// Package mailbox is the mailbox aggregate: an address of the desk that people write
// to, and what becomes of what they write there. A mailbox is configuration: its version
// is the number of its events, and it is archived, never deleted. That names and addresses
// are unique no single stream can know; the write side keeps an index of them.
package mailbox

import (
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// ID identifies a mailbox; it is the id of the mailbox's stream.
type ID struct{ uuid.UUID }

// Strangers is what becomes of a message of somebody who is not known.
type Strangers string

// What may become of it.
const (
	Accept     Strangers = "accept"     // they become a contact
	Quarantine Strangers = "quarantine" // it waits for an admin
	Refuse     Strangers = "refuse"     // it has no effect
)

// StrangersValues lists them all.
func StrangersValues() []Strangers { return []Strangers{Accept, Quarantine, Refuse} }

// Priorities are those that a ticket may be opened with, as tickets call them.
func Priorities() []string { return []string{"low", "medium", "high"} }

// What a mailbox begins with where nothing else is said.
const (
	DefaultPriority   = "low"
	DefaultStrangers  = Accept
	DefaultReopenDays = 14
)

// Bounds of settings.
const (
	NameMax       = 100
	AddressMax    = 254 // RFC 5321 §4.5.3.1.3
	ReopenDaysMax = 3650
)

// State is a mailbox as its events tell it. The zero State was never added.
type State struct {
	Settings
	Exists     bool
	Active     bool
	Passworded Server // the server that the password was given for; zero: there is none
}

// Evolve returns the state after e. Events of other aggregates change nothing.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case Added:
		return State{Settings: Settings(e), Exists: true, Active: true}
	case Changed:
		s.Settings = Settings(e)
	case PasswordSet:
		s.Passworded = Server{}
		if s.IMAP != (IMAP{}) {
			s.Passworded, _ = s.IMAP.Server() // it was checked when it was set
		}
	case Archived:
		s.Active = false
	case Restored:
		s.Active = true
	}
	return s
}

// Command is what can be asked of a mailbox. All of it is an admin's to ask.
type Command interface{ ActedBy() domain.Actor }

// By is the actor part of every command.
type By struct{ Actor domain.Actor }

// ActedBy returns who gives the command.
func (b By) ActedBy() domain.Actor { return b.Actor }

type (
	// Add makes the mailbox.
	Add struct {
		By
		Settings
		Password []byte // of IMAP, sealed; empty: none
		Now      time.Time
	}
	// Edit changes what is not nil, in one append.
	Edit struct {
		By
		Name            *string
		Address         *string
		DefaultPriority *string
		Strangers       *Strangers
		ReopenDays      *int
		ImportBefore    *time.Time // to the zero Time: none is history
		Acknowledge     *bool      // false: who opens a ticket by mail is not sent an email that it came
		Active          *bool
		IMAP            *IMAP  // to the zero IMAP: nothing is fetched
		Password        []byte // sealed; empty: it stays
		Now             time.Time
	}
)

// Refusals of this aggregate alone.
var (
	ErrAddress      = &domain.Error{Kind: domain.KindInvalid, Code: "email", Message: "this is not a valid mail address", Field: "address"}
	ErrReopenDays   = &domain.Error{Kind: domain.KindInvalid, Code: "out_of_range", Message: "must be 0 to 3650", Field: "reopen_days"}
	ErrImportBefore = &domain.Error{Kind: domain.KindInvalid, Code: "out_of_range", Message: "must not be in the future", Field: "import_before"}
	ErrDuplicate    = &domain.Error{Kind: domain.KindConflict, Code: "already_exists", Message: "a mailbox with this id exists already"}
	ErrNameTaken    = &domain.Error{Kind: domain.KindConflict, Code: "name_taken", Message: "another mailbox has this name", Field: "name"}
	ErrAddressTaken = &domain.Error{Kind: domain.KindConflict, Code: "address_taken", Message: "another mailbox has this address", Field: "address"}
)

// Decide returns the events that carry out c on a mailbox in state s: none when it is so
// already. It refuses with a [*domain.Error].
func Decide(s State, c Command) ([]domain.Event, error) {
	if !c.ActedBy().Admin() {
		return nil, domain.ErrForbidden
	}
	switch c := c.(type) {
	case Add:
		return add(s, c)
	case Edit:
		return edit(s, c)
	}
	panic("mailbox: no rule for this command")
}

func add(s State, c Add) ([]domain.Event, error) {
	if s.Exists {
		return nil, ErrDuplicate
	}
	settings, err := check(c.Settings)
	if err != nil {
		return nil, err
	}
	if settings.ImportBefore.After(c.Now) {
		return nil, ErrImportBefore
	}
	if err := checkPassword(State{}, settings.IMAP, c.Password); err != nil {
		return nil, err
	}
	events := []domain.Event{Added(settings)}
	if len(c.Password) > 0 {
		events = append(events, PasswordSet{})
	}
	return events, nil
}

func edit(s State, c Edit) (events []domain.Event, err error) {
	if !s.Exists {
		return nil, domain.ErrNotFound
	}
	next := s.Settings
	change(&next.Name, c.Name)
	change(&next.Address, c.Address)
	change(&next.DefaultPriority, c.DefaultPriority)
	change(&next.Strangers, c.Strangers)
	change(&next.ReopenDays, c.ReopenDays)
	change(&next.ImportBefore, c.ImportBefore)
	change(&next.IMAP, c.IMAP)
	if c.Acknowledge != nil {
		next.NoAcknowledgement = !*c.Acknowledge
	}
	if next, err = check(next); err != nil {
		return nil, err
	}
	if c.ImportBefore != nil && next.ImportBefore.After(c.Now) {
		return nil, ErrImportBefore
	}
	if err := checkPassword(s, next.IMAP, c.Password); err != nil {
		return nil, err
	}
	if !next.equal(s.Settings) {
		events = append(events, Changed(next))
	}
	if len(c.Password) > 0 {
		events = append(events, PasswordSet{})
	}
	switch {
	case c.Active == nil || *c.Active == s.Active:
	case *c.Active:
		events = append(events, Restored{})
	default:
		events = append(events, Archived{})
	}
	return events, nil
}

// change gives a setting another value, if there is one.
func change[V any](setting, to *V) {
	if to != nil {
		*setting = *to
	}
}

// check returns settings as they are stored.
func check(s Settings) (Settings, error) {
	var err error
	if s.Name, err = domain.Line("name", s.Name, NameMax); err != nil {
		return s, err
	}
	if s.Address, err = domain.Line("address", s.Address, AddressMax); err != nil {
		return s, err
	}
	if a, err := mail.ParseAddress(s.Address); err != nil || a.Address != s.Address || a.Name != "" {
		return s, ErrAddress
	}
	switch {
	case !slices.Contains(Priorities(), s.DefaultPriority):
		return s, domain.ErrEnum.On("default_priority")
	case !slices.Contains(StrangersValues(), s.Strangers):
		return s, domain.ErrEnum.On("strangers")
	case s.ReopenDays < 0 || s.ReopenDays > ReopenDaysMax:
		return s, ErrReopenDays
	}
	s.ImportBefore = s.ImportBefore.UTC().Truncate(time.Microsecond)
	if s.IMAP == (IMAP{}) {
		return s, nil
	}
	s.IMAP, err = checkIMAP(s.IMAP)
	return s, err
}

// equal reports whether settings are the same.
func (s Settings) equal(other Settings) bool {
	same := s.ImportBefore.Equal(other.ImportBefore)
	s.ImportBefore = other.ImportBefore
	return same && s == other
}

// Undetailed returns a mail address without what is behind a plus sign in it, by which
// servers deliver it to the same mailbox (RFC 5233).
func Undetailed(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if base, _, detailed := strings.Cut(local, "+"); ok && detailed {
		return base + "@" + domain
	}
	return address
}

// Same reports whether two mail addresses are the same: without regard to case.
func Same(one, other string) bool { return strings.EqualFold(one, other) }
