package user

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"helpdesk/domain"
)

func TestEditUser(t *testing.T) {
	edit := func(a domain.Actor, change func(*EditUser)) EditUser {
		c := EditUser{By: by(a), ID: ann.ID}
		change(&c)
		return c
	}
	newName := func(c *EditUser) { c.LastName = ptr("Low") }
	renamed := ProfileChanged{Email: "ann@example.com", FirstName: "Ann", LastName: "Low"}
	role := func(r domain.Role) func(*EditUser) { return func(c *EditUser) { c.Role = &r } }
	active := func(v bool) func(*EditUser) { return func(c *EditUser) { c.Active = &v } }
	checkRules(t, []rule{
		{name: "nothing named is nothing changed", given: given(), when: edit(ann, func(*EditUser) {})},
		{name: "what stands is no change", given: given(), when: edit(ann, func(c *EditUser) {
			c.Email, c.FirstName, c.LastName = ptr("ann@example.com "), ptr("Ann"), ptr(" Lee")
			c.Role, c.Active = ptr(domain.RoleUser), ptr(true)
		})},
		{name: "somebody changes their own name", given: given(), when: edit(ann, newName), then: []domain.Event{renamed}},
		{name: "an admin changes another's name", given: given(), when: edit(rob, newName), then: []domain.Event{renamed}},
		{name: "the service changes a name", given: given(), when: edit(domain.System(), newName), then: []domain.Event{renamed}},
		{name: "another user is not to be seen", given: given(), when: edit(bob, newName), refused: domain.ErrNotFound},
		{name: "an agent sees them and may not", given: given(), when: edit(eve, newName), refused: domain.ErrForbidden},
		{name: "an auditor sees them and may not", given: given(), when: edit(ida, newName), refused: domain.ErrForbidden},
		{name: "who never registered is not to be seen", when: edit(rob, newName), refused: domain.ErrNotFound},

		{name: "nobody raises themselves", given: given(), when: edit(ann, role(domain.RoleAdmin)), refused: domain.ErrForbidden, field: "role"},
		{name: "naming one's own role is no change", given: given(), when: edit(ann, role(domain.RoleUser))},
		{name: "an admin gives a role", given: given(), when: edit(rob, role(domain.RoleAgent)), then: []domain.Event{RoleChanged{Role: domain.RoleAgent}}},
		{name: "an admin gives no role there is not", given: given(), when: edit(rob, role("root")), refused: domain.ErrEnum, field: "role"},
		{name: "an admin gives up being one", given: []domain.Event{Registered{Username: "rob", Email: "rob@example.com", Role: domain.RoleAdmin}},
			when: EditUser{By: by(rob), ID: rob.ID, Role: ptr(domain.RoleUser)}, then: []domain.Event{RoleChanged{Role: domain.RoleUser}}},

		{name: "somebody deactivates themselves", given: given(), when: edit(ann, active(false)), then: []domain.Event{Deactivated{}}},
		{name: "an agent deactivates themselves", given: []domain.Event{Registered{Username: "eve", Email: "eve@example.com", Role: domain.RoleAgent}},
			when: EditUser{By: by(eve), ID: eve.ID, Active: ptr(false)}, then: []domain.Event{Deactivated{}}},
		{name: "an admin deactivates", given: given(), when: edit(rob, active(false)), then: []domain.Event{Deactivated{}}},
		{name: "who is not active is not deactivated again", given: given(Deactivated{}), when: edit(rob, active(false))},
		{name: "an admin reactivates", given: given(Deactivated{}), when: edit(rob, active(true)), then: []domain.Event{Reactivated{}}},
		{name: "nobody reactivates themselves", given: given(Deactivated{}), when: edit(ann, active(true)), refused: domain.ErrForbidden, field: "is_active"},
		{name: "an agent deactivates nobody else", given: given(), when: edit(eve, active(false)), refused: domain.ErrForbidden},
		{name: "an auditor deactivates nobody else", given: given(), when: edit(ida, active(false)), refused: domain.ErrForbidden},

		{name: "somebody switches an email off", given: given(), when: edit(ann, func(c *EditUser) { c.Notifications.Commented = ptr(false) }),
			then: []domain.Event{NotificationsChanged{Notifications{Escalated: true, Assigned: true, Resolved: true}}}},
		{name: "what is on is not switched on", given: given(), when: edit(ann, func(c *EditUser) { c.Notifications.Resolved = ptr(true) })},
		{name: "an admin switches another's emails on again",
			given: given(NotificationsChanged{}), when: edit(rob, func(c *EditUser) { c.Notifications.Assigned = ptr(true) }),
			then: []domain.Event{NotificationsChanged{Notifications{Assigned: true}}}},
		{name: "an agent switches nobody else's emails", given: given(), when: edit(eve, func(c *EditUser) { c.Notifications.Assigned = ptr(false) }), refused: domain.ErrForbidden},

		{name: "all of it at once", given: given(), when: edit(rob, func(c *EditUser) {
			newName(c)
			c.Role, c.Active = ptr(domain.RoleAgent), ptr(false)
		}), then: []domain.Event{renamed, RoleChanged{Role: domain.RoleAgent}, Deactivated{}}},
		{name: "one bad member refuses all", given: given(), when: edit(ann, func(c *EditUser) {
			newName(c)
			c.Role = ptr(domain.RoleAdmin)
		}), refused: domain.ErrForbidden, field: "role"},
	})
}

func TestChangePassword(t *testing.T) {
	change := func(a domain.Actor) ChangePassword { return ChangePassword{By: by(a), ID: ann.ID} }
	checkRules(t, []rule{
		{name: "one's own", given: given(), when: change(ann), then: []domain.Event{PasswordChanged{}}},
		{name: "the service's doing", given: given(), when: change(domain.System()), then: []domain.Event{PasswordChanged{}}},
		{name: "another user's", given: given(), when: change(bob), refused: domain.ErrNotFound},
		{name: "not even an admin changes another's", given: given(), when: change(rob), refused: domain.ErrNotFound},
		{name: "of nobody", when: change(ann), refused: domain.ErrNotFound},
	})
}

func TestErase(t *testing.T) {
	streams := func(n int) []uuid.UUID {
		all := make([]uuid.UUID, n)
		for i := range all {
			all[i] = uuid.UUID{14: byte(i >> 8), 15: byte(i)}
		}
		return all
	}
	many := streams(TextsErasedMax + 1)
	system := by(domain.System())
	erased := given(Erased{}, TextsErased{Streams: many[:2]})
	checkRules(t, []rule{
		{name: "an operator erases somebody who wrote nothing", given: given(), when: Erase{By: system}, then: []domain.Event{Erased{}}},
		{name: "the streams with their texts are named", given: given(), when: Erase{By: system, Streams: many[:2]},
			then: []domain.Event{Erased{}, TextsErased{Streams: many[:2]}}},
		{name: "many streams take several events", given: given(), when: Erase{By: system, Streams: many},
			then: []domain.Event{Erased{}, TextsErased{Streams: many[:TextsErasedMax]}, TextsErased{Streams: many[TextsErasedMax:]}}},
		{name: "once more, only what was not named yet is", given: erased, when: Erase{By: system, Streams: many[:3]},
			then: []domain.Event{TextsErased{Streams: many[2:3]}}},
		{name: "an admin does not erase", given: given(), when: Erase{By: by(rob)}, refused: domain.ErrForbidden},
		{name: "nor does the person", given: given(), when: Erase{By: by(ann)}, refused: domain.ErrForbidden},
		{name: "nobody is there", when: Erase{By: system}, refused: domain.ErrNotFound},
		{name: "somebody erased comes not back", given: erased, when: EditUser{By: by(rob), ID: person(1), Active: ptr(true)}, refused: ErrErased},
		{name: "and has no password", given: erased, when: ChangePassword{By: system, ID: person(1)}, refused: ErrErased},
	})
	if s := fold(erased); s.Active || !s.Erased {
		t.Errorf("erased: %+v", s)
	}
}

func TestMakePasswordLink(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	link := func(a domain.Actor) MakePasswordLink { return MakePasswordLink{By: by(a), ID: ann.ID, At: at} }
	made := []domain.Event{PasswordLinkMade{ExpiresAt: at.Add(24 * time.Hour)}}
	checkRules(t, []rule{
		{name: "an admin does", given: given(), when: link(rob), then: made},
		{name: "and once more, another one", given: given(made...), when: link(rob), then: made},
		{name: "the service does", given: given(), when: link(domain.System()), then: made},
		{name: "nobody else does: an agent", given: given(), when: link(eve), refused: domain.ErrForbidden},
		{name: "nor the person", given: given(), when: link(ann), refused: domain.ErrForbidden},
		{name: "who is not seen by others", given: given(), when: link(bob), refused: domain.ErrNotFound},
		{name: "nor an admin for themselves", given: given(), when: MakePasswordLink{By: by(rob), ID: rob.ID, At: at}, refused: domain.ErrForbidden},
		{name: "who is deactivated has to be reactivated first", given: given(Deactivated{}), when: link(rob), refused: ErrInactive},
		{name: "who is erased has none", given: given(Erased{}), when: link(rob), refused: ErrErased},
		{name: "nobody is there", when: link(rob), refused: domain.ErrNotFound},
	})
}

func TestAccountIsWhatTheWriteSideKeeps(t *testing.T) {
	got := fold(given(RoleChanged{Role: domain.RoleAgent}, Deactivated{})).Account(ann.ID)
	want := Account{ID: ann.ID, Username: "ann", Email: "ann@example.com", Role: domain.RoleAgent}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		account Account
		want    bool
	}{
		{Account{Role: domain.RoleAgent, Active: true}, true},
		{Account{Role: domain.RoleAdmin, Active: true}, true},
		{Account{Role: domain.RoleAgent}, false},
		{Account{Role: domain.RoleUser, Active: true}, false},
		{Account{Role: domain.RoleAuditor, Active: true}, false},
	} {
		if got := c.account.ActiveStaff(); got != c.want {
			t.Errorf("active staff %+v: got %v, want %v", c.account, got, c.want)
		}
	}
}

func TestWhateverIsAskedTheUserStaysSound(t *testing.T) {
	everybody := []domain.Actor{ann, bob, eve, rob, ida, domain.System()}
	texts := rapid.SampledFrom([]string{"a", " b ", "", "\x00", "c@d.e", "ann@example.com", "me"})
	maybe := func(t *rapid.T, name string) *string {
		if !rapid.Bool().Draw(t, "with "+name) {
			return nil
		}
		return ptr(texts.Draw(t, name))
	}
	anyCommand := func(t *rapid.T) Command {
		b := by(rapid.SampledFrom(everybody).Draw(t, "actor"))
		roles := rapid.SampledFrom(append(domain.Roles(), "root"))
		switch rapid.IntRange(0, 4).Draw(t, "command") {
		case 0:
			return Register{By: b, Username: texts.Draw(t, "username"), Email: texts.Draw(t, "email"), Role: roles.Draw(t, "role")}
		case 1:
			return ChangePassword{By: b, ID: ann.ID}
		default:
			c := EditUser{By: b, ID: ann.ID, Email: maybe(t, "email"), FirstName: maybe(t, "first name"), LastName: maybe(t, "last name")}
			if rapid.Bool().Draw(t, "with role") {
				c.Role = ptr(roles.Draw(t, "role"))
			}
			if rapid.Bool().Draw(t, "with active") {
				c.Active = ptr(rapid.Bool().Draw(t, "active"))
			}
			return c
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var state State
		for range rapid.IntRange(1, 30).Draw(t, "commands") {
			c := anyCommand(t)
			events, err := Decide(state, c)
			if err != nil {
				var refusal *domain.Error
				if !errors.As(err, &refusal) || events != nil {
					t.Fatalf("%#v: got %v, %v, want a refusal alone", c, events, err)
				}
				continue
			}
			before := state
			for _, e := range events {
				state = Evolve(state, e)
			}
			switch {
			case !state.Exists || !state.Role.Valid() || state.Email == "" || state.Username == "":
				t.Fatalf("%#v led to %+v", c, state)
			case before.Exists && before.Username != state.Username:
				t.Fatalf("%#v changed the username to %q", c, state.Username)
			case before.Exists && before.Role != state.Role && !c.ActedBy().Admin():
				t.Fatalf("%#v changed the role to %q", c, state.Role)
			}
			if _, password := c.(ChangePassword); password {
				continue
			}
			if again, _ := Decide(state, c); len(again) != 0 {
				t.Fatalf("%#v gave %v once more", c, again)
			}
		}
	})
}
