package user

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain"
)

// The people of these tests. Ann is the user the commands are about.
var (
	ann = domain.Actor{Kind: domain.ActorUser, ID: person(1), Role: domain.RoleUser}
	bob = domain.Actor{Kind: domain.ActorUser, ID: person(2), Role: domain.RoleUser}
	eve = domain.Actor{Kind: domain.ActorUser, ID: person(3), Role: domain.RoleAgent}
	rob = domain.Actor{Kind: domain.ActorUser, ID: person(5), Role: domain.RoleAdmin}
	ida = domain.Actor{Kind: domain.ActorUser, ID: person(6), Role: domain.RoleAuditor}
)

func person(n byte) ID { return ID{UUID: uuid.UUID{15: n}} }

func by(a domain.Actor) By { return By{Actor: a} }

func ptr[T any](v T) *T { return &v }

// registered is Ann as most cases begin with her.
func registered() Registered {
	return Registered{Username: "ann", Email: "ann@example.com", FirstName: "Ann", LastName: "Lee", Role: domain.RoleUser}
}

func given(since ...domain.Event) []domain.Event {
	return append([]domain.Event{registered()}, since...)
}

func fold(events []domain.Event) State {
	var s State
	for _, e := range events {
		s = Evolve(s, e)
	}
	return s
}

// rule is one case: given these events, when this is asked, then these events
// come of it or this refusal.
type rule struct {
	name    string
	given   []domain.Event
	when    Command
	then    []domain.Event
	refused *domain.Error
	field   string // named by the refusal, when not ""
}

func checkRules(t *testing.T, rules []rule) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, r.check)
	}
}

// check decides the case, and for an accepted command also that it is decided
// once: repeated on what it led to, it gives no events. A password that was
// changed can be changed again.
func (r rule) check(t *testing.T) {
	state := fold(r.given)
	got, err := Decide(state, r.when)
	if r.refused != nil {
		if !errors.Is(err, r.refused) || got != nil {
			t.Fatalf("got %v, %v, want the refusal %q", got, err, r.refused.Code)
		}
		var refusal *domain.Error
		if errors.As(err, &refusal); r.field != "" && refusal.Field != r.field {
			t.Errorf("the refusal names %q, want %q", refusal.Field, r.field)
		}
		return
	}
	if err != nil {
		t.Fatalf("refused with %v, want %v", err, r.then)
	}
	if diff := cmp.Diff(r.then, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
	switch r.when.(type) {
	case ChangePassword, MakePasswordLink, RefuseFile: // each is another one
		return
	}
	for _, e := range got {
		state = Evolve(state, e)
	}
	if more, _ := Decide(state, r.when); len(more) != 0 { // a refusal is as good
		t.Errorf("repeated, the command gave %v, want nothing", more)
	}
}

func TestRegister(t *testing.T) {
	with := func(change func(*Register)) Register {
		c := Register{By: by(ann), Username: "ann", Email: "ann@example.com", FirstName: "Ann", LastName: "Lee"}
		change(&c)
		return c
	}
	then := func(change func(*Registered)) []domain.Event {
		e := registered()
		change(&e)
		return []domain.Event{e}
	}
	as := func(a domain.Actor, role domain.Role) Register {
		return with(func(c *Register) { c.By, c.Role = by(a), role })
	}
	rules := []rule{
		{name: "somebody becomes a user", when: with(func(*Register) {}), then: then(func(*Registered) {})},
		{name: "names are not needed", when: with(func(c *Register) { c.FirstName, c.LastName = "", " \t" }), then: then(func(e *Registered) { e.FirstName, e.LastName = "", "" })},
		{name: "all is trimmed", when: with(func(c *Register) { c.Username, c.Email, c.FirstName = " ann ", "\tann@example.com\n", " Ann " }), then: then(func(*Registered) {})},
		{name: "the role of a user can be named", when: as(ann, domain.RoleUser), then: then(func(*Registered) {})},
		{name: "an id is used once", given: given(), when: with(func(*Register) {}), refused: ErrUsernameTaken, field: "username"},
		{name: "an id stays used after deactivation", given: given(Deactivated{}), when: with(func(*Register) {}), refused: ErrUsernameTaken},
		{name: "a role there is not is refused", when: as(domain.System(), "root"), refused: domain.ErrEnum, field: "role"},
	}
	for _, role := range []domain.Role{domain.RoleAgent, domain.RoleAdmin, domain.RoleAuditor} {
		rules = append(rules,
			rule{name: "nobody makes themselves " + string(role), when: as(ann, role), refused: domain.ErrForbidden},
			rule{name: "not even an admin registers an " + string(role), when: as(rob, role), refused: domain.ErrForbidden},
			rule{name: "the service registers an " + string(role), when: as(domain.System(), role), then: then(func(e *Registered) { e.Role = role })},
		)
	}
	checkRules(t, rules)
}

func TestUsernames(t *testing.T) {
	for _, c := range []struct {
		name, username, want string
		refused              *domain.Error
	}{
		{"one email", "a", "a", nil},
		{"one digit", "7", "7", nil},
		{"capitals stay", "Ann", "Ann", nil},
		{"letters of Latin and Chinese", "Žofie-王", "Žofie-王", nil},
		{"Japanese", "アン田のann", "アン田のann", nil},
		{"Cyrillic, and digits", "анна.7", "анна.7", nil},
		{"Arabic with its digits", "آن٣", "آن٣", nil},
		{"a Cyrillic letter in a Latin name", "\u0430nn", "", ErrUsername},
		{"full width", "\uff42\uff4f\uff42", "", ErrUsername},
		{"mathematical bold", "\U0001d41b\U0001d428\U0001d41b", "", ErrUsername},
		{"a ligature", "\ufb01ona", "", ErrUsername},
		{"a Roman numeral", "\u217dlara", "", ErrUsername},
		{"an accent of its own", "Zoe\u0308", "Zo\u00eb", nil},
		{"a Greek letter in a Latin name", "b\u03bfb", "", ErrUsername},
		{"a Cyrillic name with Chinese", "王.ю", "", ErrUsername},
		{"Korean with Japanese", "김あ", "", ErrUsername},
		{"every sign allowed", "a.b_c+d-e", "a.b_c+d-e", nil},
		{"a mail address", "ann@example.com", "", ErrUsername},
		{"as long as can be", strings.Repeat("ü", 150), strings.Repeat("ü", 150), nil},
		{"one character longer", strings.Repeat("ü", 151), "", domain.ErrTooLong},
		{"nothing", "", "", domain.ErrRequired},
		{"spaces", "  ", "", domain.ErrRequired},
		{"a space within", "a b", "", ErrUsername},
		{"a dot first", ".a", "", ErrUsername},
		{"an at first", "@a", "", ErrUsername},
		{"a hyphen first", "-a", "", ErrUsername},
		{"a slash", "a/b", "", ErrUsername},
		{"a comma, which filters split at", "a,b", "", ErrUsername},
		{"a less-than", "a<b", "", ErrUsername},
		{"a zero width joiner", "a\u200db", "", ErrUsername},
		{"a combining accent first", "\u0301a", "", ErrUsername},
		{"a NUL", "a\x00b", "", domain.ErrCharacter},
		{"a line break within", "a\nb", "", domain.ErrCharacter},
		{"no UTF-8", "a\xff", "", domain.ErrCharacter},
		{"me", "me", "", ErrUsername},
		{"none in capitals", "NONE", "", ErrUsername},
		{"Me with spaces around", " Me ", "", ErrUsername},
		{"men is nobody in particular", "men", "men", nil},
		{"a UUID", "0190a5b4-7c1e-7a3b-8d2f-1234567890ab", "", ErrUsername},
		{"a UUID in capitals", "0190A5B4-7C1E-7A3B-8D2F-1234567890AB", "", ErrUsername},
		{"the nil UUID", uuid.Nil.String(), "", ErrUsername},
		{"a UUID and more", "0190a5b4-7c1e-7a3b-8d2f-1234567890abc", "0190a5b4-7c1e-7a3b-8d2f-1234567890abc", nil},
		{"32 digits without hyphens name no id", strings.Repeat("0", 32), strings.Repeat("0", 32), nil},
	} {
		r := rule{
			name: c.name, when: Register{By: by(ann), Username: c.username, Email: "ann@example.com"},
			refused: c.refused, field: "username",
		}
		if c.refused == nil {
			r.then = []domain.Event{Registered{Username: c.want, Email: "ann@example.com", Role: domain.RoleUser}}
		}
		t.Run(c.name, r.check)
	}
}

func TestMailAddressesAndNames(t *testing.T) {
	local := strings.Repeat("a", 60) + "@"
	domainOf := func(n int) string { return strings.Repeat("b", n-len(local)-len(".com")) + ".com" }
	emails := []struct {
		name, email, want string
		refused           *domain.Error
	}{
		{"plain", "a@b.c", "a@b.c", nil},
		{"with a tag", "a.b+tag@example.com", "a.b+tag@example.com", nil},
		{"capitals stay", "Ann@Example.com", "Ann@Example.com", nil},
		{"trimmed", " a@b.c ", "a@b.c", nil},
		{"as long as can be", local + domainOf(254), local + domainOf(254), nil},
		{"one character longer", local + domainOf(255), "", domain.ErrTooLong},
		{"nothing", "", "", domain.ErrRequired},
		{"no at", "ann", "", ErrEmail},
		{"no local part", "@b.c", "", ErrEmail},
		{"no domain", "a@", "", ErrEmail},
		{"two ats", "a@b@c", "", ErrEmail},
		{"with a name", "Ann <a@b.c>", "", ErrEmail},
		{"in angle brackets", "<a@b.c>", "", ErrEmail},
		{"with a comment", "a@b.c (Ann)", "", ErrEmail},
		{"two of them", "a@b.c, d@e.f", "", ErrEmail},
		{"a header smuggled in", "a@b.c\r\nBcc: d@e.f", "", domain.ErrCharacter},
		{"a NUL", "a\x00@b.c", "", domain.ErrCharacter},
		{"a space within", "a b@c.d", "", ErrEmail},
		{"two dots", "a..b@c.d", "", ErrEmail},
	}
	for _, c := range emails {
		register := rule{name: "register: " + c.name, when: Register{By: by(ann), Username: "ann", Email: c.email}, refused: c.refused, field: "email"}
		edit := rule{name: "edit: " + c.name, given: given(), when: EditUser{By: by(ann), ID: ann.ID, Email: &c.email}, refused: c.refused, field: "email"}
		if c.refused == nil {
			register.then = []domain.Event{Registered{Username: "ann", Email: c.want, Role: domain.RoleUser}}
			edit.then = []domain.Event{ProfileChanged{Email: c.want, FirstName: "Ann", LastName: "Lee"}}
		}
		t.Run(register.name, register.check)
		t.Run(edit.name, edit.check)
	}
	for _, c := range []struct {
		name, text, want string
		refused          *domain.Error
	}{
		{"as long as can be", strings.Repeat("é", 150), strings.Repeat("é", 150), nil},
		{"one character longer", strings.Repeat("é", 151), "", domain.ErrTooLong},
		{"several words", "  van der  Berg ", "van der  Berg", nil},
		{"taken away", " ", "", nil},
		{"a line break", "a\nb", "", domain.ErrCharacter},
		{"a NUL", "\x00", "", domain.ErrCharacter},
	} {
		firstName := rule{name: "first name: " + c.name, given: given(), when: EditUser{By: by(ann), ID: ann.ID, FirstName: &c.text}, refused: c.refused, field: "first_name"}
		lastName := rule{name: "last name: " + c.name, given: given(), when: EditUser{By: by(ann), ID: ann.ID, LastName: &c.text}, refused: c.refused, field: "last_name"}
		if c.refused == nil {
			firstName.then = []domain.Event{ProfileChanged{Email: "ann@example.com", FirstName: c.want, LastName: "Lee"}}
			lastName.then = []domain.Event{ProfileChanged{Email: "ann@example.com", FirstName: "Ann", LastName: c.want}}
		}
		t.Run(firstName.name, firstName.check)
		t.Run(lastName.name, lastName.check)
	}
}
