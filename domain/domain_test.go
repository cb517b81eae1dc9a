package domain

import (
	"errors"
	"fmt"
	"testing"
)

func TestARefusalIsKnownByKindAndCode(t *testing.T) {
	said := ErrTooLate.With("only until %s", "noon").On("title")
	if !errors.Is(fmt.Errorf("edit: %w", said), ErrTooLate) {
		t.Error("a refusal with its own words and field is not the same refusal any more")
	}
	if got, want := said.Error(), "only until noon"; got != want {
		t.Errorf("message: got %q, want %q", got, want)
	}
	if said.Field != "title" || ErrTooLate.Field != "" {
		t.Errorf("fields: got %q and %q, want %q and none", said.Field, ErrTooLate.Field, "title")
	}
	for name, other := range map[string]error{
		"another code":    ErrUnknown,
		"another kind":    &Error{Kind: KindConflict, Code: ErrTooLate.Code},
		"no refusal":      errors.New("this can no longer be done"),
		"nothing at hand": nil,
	} {
		t.Run(name, func(t *testing.T) {
			if errors.Is(said, other) {
				t.Error("taken for the same refusal")
			}
		})
	}
}

func TestRoles(t *testing.T) {
	for role, want := range map[Role]struct{ valid, staff bool }{
		RoleUser: {true, false}, RoleAgent: {true, true}, RoleAdmin: {true, true}, RoleAuditor: {true, false},
		"": {false, false}, "Admin": {false, false},
	} {
		if role.Valid() != want.valid || role.Staff() != want.staff {
			t.Errorf("role %q: got valid %v, staff %v, want %+v", role, role.Valid(), role.Staff(), want)
		}
	}
}

func TestWhomPermissionsBind(t *testing.T) {
	for _, c := range []struct {
		name                    string
		actor                   Actor
		trusted, admin, seesAll bool
	}{
		{"the service", System(), true, true, true},
		{"a timer", Actor{Kind: ActorTimer}, true, true, true},
		{"an import", Actor{Kind: ActorImport}, true, true, true},
		{"an admin", Actor{Kind: ActorUser, Role: RoleAdmin}, false, true, true},
		{"an admin's token", Actor{Kind: ActorToken, Role: RoleAdmin}, false, true, true},
		{"an auditor", Actor{Kind: ActorUser, Role: RoleAuditor}, false, false, true},
		{"an agent who sees all", Actor{Kind: ActorUser, Role: RoleAgent, Visibility: VisibleAll}, false, false, true},
		{"an agent who sees the queue", Actor{Kind: ActorUser, Role: RoleAgent, Visibility: VisibleQueue}, false, false, false},
		{"a user, whatever the visibility", Actor{Kind: ActorUser, Role: RoleUser, Visibility: VisibleAll}, false, false, false},
		{"nobody", Actor{}, false, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.actor.Trusted() != c.trusted || c.actor.Admin() != c.admin || c.actor.SeesAll() != c.seesAll {
				t.Errorf("got trusted %v, admin %v, sees all %v", c.actor.Trusted(), c.actor.Admin(), c.actor.SeesAll())
			}
		})
	}
}
