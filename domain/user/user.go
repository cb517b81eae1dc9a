// Package user is the user aggregate: registering, profile, role, password and
// whether somebody may sign in. What must be unique or counted among all users
// (names, addresses, the last admin) no single stream can know; [Account] is
// what the write side keeps of each user for those checks.
package user

import (
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"helpdesk/domain"
)

// ID identifies a user; it is the id of the user's stream.
type ID = domain.UserID

// Account is the write side's index entry of a user, kept in the transaction
// that appends their events: names and addresses are unique in it without
// regard to case, and the last active admin is counted in it.
type Account struct {
	ID       ID
	Username string
	Email    string
	Role     domain.Role
	Active   bool
}

// ActiveStaff reports whether tickets can be assigned to the account.
func (a Account) ActiveStaff() bool { return a.Active && a.Role.Staff() }

// State is a user as their events tell it. The zero State never registered.
type State struct {
	Exists    bool
	Username  string
	Email     string
	FirstName string
	LastName  string
	Role      domain.Role
	Active    bool
	Erased    bool
	ErasedIn  map[uuid.UUID]bool // streams that were told to be read again

	Bounces       bool // emails to the address come back: none is sent to it
	Notifications Notifications
}

// Notifications are which emails a person wants. Everybody begins with all
// of them. An admin's email about any escalation is no part of it.
type Notifications struct {
	Escalated bool `json:"escalated"` // a ticket of theirs escalated
	Assigned  bool `json:"assigned"`  // a ticket was assigned to them
	Commented bool `json:"commented"` // somebody else commented on a ticket of theirs
	Resolved  bool `json:"resolved"`  // a ticket of theirs is resolved
}

// AllNotifications is what everybody begins with.
func AllNotifications() Notifications {
	return Notifications{Escalated: true, Assigned: true, Commented: true, Resolved: true}
}

// Account returns the index entry of the user with this id and state.
func (s State) Account(id ID) Account {
	return Account{ID: id, Username: s.Username, Email: s.Email, Role: s.Role, Active: s.Active}
}

// Name returns what the person is called: first and last name, the username of who
// gave neither.
func (s State) Name() string {
	if name := strings.TrimSpace(s.FirstName + " " + s.LastName); name != "" {
		return name
	}
	return s.Username
}

// Evolve returns the state after e. Events of other aggregates change nothing.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case Registered:
		return State{
			Exists: true, Active: true, Username: e.Username, Email: e.Email,
			FirstName: e.FirstName, LastName: e.LastName, Role: e.Role,
			Notifications: AllNotifications(),
		}
	case ProfileChanged:
		s.Bounces = s.Bounces && strings.EqualFold(e.Email, s.Email)
		s.Email, s.FirstName, s.LastName = e.Email, e.FirstName, e.LastName
	case RoleChanged:
		s.Role = e.Role
	case Deactivated:
		s.Active = false
	case Reactivated:
		s.Active = true
	case AddressBounced:
		s.Bounces = true
	case AddressCleared:
		s.Bounces = false
	case NotificationsChanged:
		s.Notifications = e.Notifications
	case Erased:
		s.Active, s.Erased, s.Bounces = false, true, false
	case TextsErased:
		in := maps.Clone(s.ErasedIn)
		if in == nil {
			in = map[uuid.UUID]bool{}
		}
		for _, id := range e.Streams {
			in[id] = true
		}
		s.ErasedIn = in
	}
	return s
}

// Command is what can be asked of a user.
type Command interface{ ActedBy() domain.Actor }

// By is the actor part of every command.
type By struct{ Actor domain.Actor }

// ActedBy returns who gives the command.
func (b By) ActedBy() domain.Actor { return b.Actor }

type (
	// Register makes the user. Role "" is [domain.RoleUser]; only the system
	// itself may give another.
	Register struct {
		By
		Username  string
		Email     string
		FirstName string
		LastName  string
		Role      domain.Role
	}
	// EditUser changes what is not nil, in one append. Names, address and
	// notifications are the person's own or an admin's to change; role and activity an admin's,
	// except that everybody may deactivate themselves.
	EditUser struct {
		By
		ID        ID
		Email     *string
		FirstName *string
		LastName  *string
		Role      *domain.Role
		Active    *bool

		Notifications NotificationSwitches
	}
	// NotificationSwitches changes what is not nil of [Notifications].
	NotificationSwitches struct{ Escalated, Assigned, Commented, Resolved *bool }
	// ChangePassword records that the person changed their password.
	ChangePassword struct {
		By
		ID ID
	}
	// Erase destroys all that is known of the person, for good, and has the
	// streams read again that held texts of theirs. It may be given again with
	// other streams. It is an operator's to give.
	Erase struct {
		By
		Streams []uuid.UUID
	}
)

// Longest values, in characters (RFC 5321 §4.5.3.1.3 for the address).
const (
	UsernameMax = 150
	EmailMax    = 254
	NameMax     = 150
)

// Refusals of this aggregate alone.
var (
	ErrUsername      = &domain.Error{Kind: domain.KindInvalid, Code: "username", Message: "letters of one script and digits are allowed, and . _ + - but not first", Field: "username"}
	ErrEmail         = &domain.Error{Kind: domain.KindInvalid, Code: "email", Message: "this is not a valid mail address", Field: "email"}
	ErrUsernameTaken = &domain.Error{Kind: domain.KindConflict, Code: "username_taken", Message: "the username is taken", Field: "username"}
	ErrEmailTaken    = &domain.Error{Kind: domain.KindConflict, Code: "email_taken", Message: "the mail address is taken", Field: "email"}
	ErrInactive      = &domain.Error{Kind: domain.KindRejected, Code: "user_inactive", Message: "this person is deactivated: reactivate them first"}
	ErrErased        = &domain.Error{Kind: domain.KindRejected, Code: "user_erased", Message: "this person was erased"}
	ErrLastAdmin     = &domain.Error{Kind: domain.KindRejected, Code: "last_admin", Message: "the last active admin cannot be demoted or deactivated"}
)

// username has no @: a reference that has one means the owner of a mail address.
var username = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._+-]*$`)

// uuidShaped would make a username ambiguous: people are named by either.
var uuidShaped = regexp.MustCompile(`(?i)^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)

// reserved words stand for somebody in filters: "me" and "none".
func reserved(name string) bool { return name == "me" || name == "none" }

// Decide returns the events that carry out c on a user in state s: none when
// it is so already. It refuses with a [*domain.Error].
func Decide(s State, c Command) ([]domain.Event, error) {
	switch c := c.(type) {
	case Register:
		return register(s, c)
	case EditUser:
		return edit(s, c)
	case ChangePassword:
		if !s.Exists || !(c.Actor.Trusted() || c.Actor.ID == c.ID) {
			return nil, domain.ErrNotFound
		}
		if s.Erased {
			return nil, ErrErased
		}
		return []domain.Event{PasswordChanged{}}, nil
	case MakePasswordLink:
		return makePasswordLink(s, c)
	case RefuseFile:
		return refuseFile(s, c)
	case ReportBounce:
		return reportBounce(s, c)
	case ClearAddress:
		return clearAddress(s, c)
	case Erase:
		return erase(s, c)
	}
	panic("user: no rule for this command")
}

func register(s State, c Register) ([]domain.Event, error) {
	if s.Exists {
		return nil, ErrUsernameTaken
	}
	name, err := domain.Line("username", c.Username, UsernameMax)
	if err != nil {
		return nil, err
	}
	name = norm.NFC.String(name)
	if !username.MatchString(name) || uuidShaped.MatchString(name) {
		return nil, ErrUsername
	}
	if norm.NFKC.String(name) != name {
		return nil, ErrUsername.With("%q has letters in another form, such as full width, which look like others", name)
	}
	if !oneWriting(name) {
		return nil, ErrUsername.With("%q has letters of several scripts, which look like others", name)
	}
	if reserved(strings.ToLower(name)) {
		return nil, ErrUsername.With("%q is a reserved name", name)
	}
	profile, err := checkProfile(ProfileChanged{Email: c.Email, FirstName: c.FirstName, LastName: c.LastName})
	if err != nil {
		return nil, err
	}
	role := c.Role
	if role == "" {
		role = domain.RoleUser
	}
	if !role.Valid() {
		return nil, domain.ErrEnum.On("role")
	}
	if role != domain.RoleUser && !c.Actor.Trusted() {
		return nil, domain.ErrForbidden
	}
	return []domain.Event{Registered{
		Username: name, Email: profile.Email, FirstName: profile.FirstName, LastName: profile.LastName, Role: role,
	}}, nil
}

func edit(s State, c EditUser) ([]domain.Event, error) {
	self := c.Actor.ID == c.ID
	if !s.Exists || !(self || c.Actor.Admin() || c.Actor.Role == domain.RoleAuditor || c.Actor.Role == domain.RoleAgent) {
		return nil, domain.ErrNotFound
	}
	if !self && !c.Actor.Admin() {
		return nil, domain.ErrForbidden
	}
	if s.Erased {
		return nil, ErrErased
	}
	var events []domain.Event
	for _, decide := range []func(State, EditUser, bool) (domain.Event, error){editProfile, editRole, editActive, editNotifications} {
		e, err := decide(s, c, self)
		if err != nil {
			return nil, err
		}
		if e != nil {
			events = append(events, e)
		}
	}
	return events, nil
}

func erase(s State, c Erase) ([]domain.Event, error) {
	switch {
	case !s.Exists:
		return nil, domain.ErrNotFound
	case !c.Actor.Trusted():
		return nil, domain.ErrForbidden
	}
	told := func(id uuid.UUID) bool { return s.ErasedIn[id] }
	var events []domain.Event
	if !s.Erased {
		events = append(events, Erased{})
	}
	for streams := range slices.Chunk(slices.DeleteFunc(slices.Clone(c.Streams), told), TextsErasedMax) {
		events = append(events, TextsErased{Streams: streams})
	}
	return events, nil
}

// Each edit below returns its event, or none when nothing changes.

func editProfile(s State, c EditUser, _ bool) (domain.Event, error) {
	next := ProfileChanged{Email: s.Email, FirstName: s.FirstName, LastName: s.LastName}
	for _, change := range []struct{ to, from *string }{
		{&next.Email, c.Email}, {&next.FirstName, c.FirstName}, {&next.LastName, c.LastName},
	} {
		if change.from != nil {
			*change.to = *change.from
		}
	}
	next, err := checkProfile(next)
	if err != nil {
		return nil, err
	}
	if (next == ProfileChanged{Email: s.Email, FirstName: s.FirstName, LastName: s.LastName}) {
		return nil, nil
	}
	return next, nil
}

func editRole(s State, c EditUser, _ bool) (domain.Event, error) {
	if c.Role == nil {
		return nil, nil
	}
	if !c.Role.Valid() {
		return nil, domain.ErrEnum.On("role")
	}
	if *c.Role == s.Role {
		return nil, nil
	}
	if !c.Actor.Admin() {
		return nil, domain.ErrForbidden.With("only an admin changes roles").On("role")
	}
	return RoleChanged{Role: *c.Role}, nil
}

func editActive(s State, c EditUser, self bool) (domain.Event, error) {
	switch {
	case c.Active == nil || *c.Active == s.Active:
		return nil, nil
	case *c.Active && c.Actor.Admin():
		return Reactivated{}, nil
	case !*c.Active && (self || c.Actor.Admin()):
		return Deactivated{}, nil
	}
	return nil, domain.ErrForbidden.On("is_active")
}

func editNotifications(s State, c EditUser, _ bool) (domain.Event, error) {
	next := s.Notifications
	for _, change := range []struct{ to, from *bool }{
		{&next.Escalated, c.Notifications.Escalated}, {&next.Assigned, c.Notifications.Assigned},
		{&next.Commented, c.Notifications.Commented}, {&next.Resolved, c.Notifications.Resolved},
	} {
		if change.from != nil {
			*change.to = *change.from
		}
	}
	if next == s.Notifications {
		return nil, nil
	}
	return NotificationsChanged{Notifications: next}, nil
}

func checkProfile(p ProfileChanged) (ProfileChanged, error) {
	var err error
	if p.Email, err = domain.Line("email", p.Email, EmailMax); err != nil {
		return p, err
	}
	if a, err := mail.ParseAddress(p.Email); err != nil || a.Address != p.Email || !strings.Contains(p.Email, "@") {
		return p, ErrEmail
	}
	if p.FirstName, err = optional("first_name", p.FirstName); err != nil {
		return p, err
	}
	p.LastName, err = optional("last_name", p.LastName)
	return p, err
}

func optional(field, s string) (string, error) {
	if strings.TrimSpace(s) == "" {
		return "", nil
	}
	return domain.Line(field, s, NameMax)
}
