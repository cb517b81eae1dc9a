package commands

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/test/kit"
)

func newUserID() user.ID { return user.ID{UUID: uuid.Must(uuid.NewV7())} }

// registration is of somebody who is nobody yet.
func registration(name string) user.Register {
	return user.Register{
		By:       user.By{Actor: domain.Actor{Kind: domain.ActorUser}},
		Username: name, Email: name + "@example.com", FirstName: "Ann",
	}
}

func self(id user.ID) user.By {
	return user.By{Actor: domain.Actor{Kind: domain.ActorUser, ID: id, Role: domain.RoleUser}}
}

func TestRegisterWritesAccountAndEventTogether(t *testing.T) {
	t.Parallel()
	d, index := newLog(t), &accounts{}
	people, id := NewPeople(d.Store, index), newUserID()
	out := d.must(t)(people.Register(kit.Context(t), Request{CorrelationID: "req"}, id, registration("ann"), "hash"))
	checkDiff(t, "outcome", Outcome{StreamID: id.UUID, Version: 1, Position: 1, Changed: true}, withoutEvents(out))
	e := d.Stream(t, id.UUID)[0]
	checkDiff(t, "event", user.Registered{Username: "ann", Email: "ann@example.com", FirstName: "Ann", Role: domain.RoleUser}, e.Event)
	checkDiff(t, "actor", []any{domain.UserStream, id.UUID}, []any{e.StreamType, e.ActorID.UUID})
	checkDiff(t, "asked of the index", []string{"insert hash"}, index.asked)
	checkDiff(t, "account", []user.Account{{ID: id, Username: "ann", Email: "ann@example.com", Role: domain.RoleUser, Active: true}}, index.saw)
}

func TestWhatTheIndexRefusesIsNotAppended(t *testing.T) {
	t.Parallel()
	d, index := newLog(t), &accounts{}
	people, id := NewPeople(d.Store, index), newUserID()
	d.must(t)(people.Register(kit.Context(t), Request{}, id, registration("ann"), "hash"))
	for _, refusal := range []error{user.ErrUsernameTaken, user.ErrEmailTaken, user.ErrLastAdmin, errors.New("no space left")} {
		index.err = refusal
		for name, do := range map[string]func() (Outcome, error){
			"register": func() (Outcome, error) {
				return people.Register(kit.Context(t), Request{ID: uuid.New()}, newUserID(), registration("bob"), "hash")
			},
			"edit": func() (Outcome, error) {
				return people.Edit(kit.Context(t), Request{}, user.EditUser{By: self(id), ID: id, Email: ptr("b@example.com"), Active: ptr(false)})
			},
			"change the password": func() (Outcome, error) {
				return people.ChangePassword(kit.Context(t), Request{}, user.ChangePassword{By: self(id), ID: id}, "new", nil)
			},
		} {
			if out, err := do(); !errors.Is(err, refusal) || out.Changed {
				t.Errorf("%s: got %+v, %v, want %v", name, out, err, refusal)
			}
		}
	}
	d.checkHead(t, 1)
	var carried int
	if err := d.Pool.QueryRow(kit.Context(t), `SELECT count(*) FROM commands`).Scan(&carried); err != nil || carried != 0 {
		t.Errorf("commands carried out: got %d, %v, want none", carried, err)
	}
}

func TestWhatTheRulesRefuseIsNotAskedOfTheIndex(t *testing.T) {
	t.Parallel()
	d, index := newLog(t), &accounts{}
	people := NewPeople(d.Store, index)
	if _, err := people.Register(kit.Context(t), Request{}, newUserID(), registration("me"), "hash"); !errors.Is(err, user.ErrUsername) {
		t.Errorf("got %v, want %v", err, user.ErrUsername)
	}
	if index.asked != nil {
		t.Errorf("the index was asked to %v", index.asked)
	}
}

func TestTheIndexSeesWhatTheEditLeadsTo(t *testing.T) {
	t.Parallel()
	d, index := newLog(t), &accounts{}
	people, id := NewPeople(d.Store, index), newUserID()
	d.must(t)(people.Register(kit.Context(t), Request{}, id, registration("ann"), "hash"))
	out := d.must(t)(people.Edit(kit.Context(t), Request{}, user.EditUser{
		By: user.By{Actor: rob}, ID: id, Email: ptr("new@example.com"), Role: ptr(domain.RoleAgent), Active: ptr(false),
	}))
	if out.Version != 4 {
		t.Errorf("version: got %d, want 4", out.Version)
	}
	want := user.Account{ID: id, Username: "ann", Email: "new@example.com", Role: domain.RoleAgent}
	checkDiff(t, "account", want, index.saw[len(index.saw)-1])

	asked := len(index.asked)
	d.must(t)(people.Edit(kit.Context(t), Request{}, user.EditUser{By: user.By{Actor: rob}, ID: id, Role: ptr(domain.RoleAgent)}))
	if len(index.asked) != asked {
		t.Error("nothing changed, and the index was asked")
	}
}

func TestChangePasswordKeepsTheSessionThatAsks(t *testing.T) {
	t.Parallel()
	d, index := newLog(t), &accounts{}
	people, id := NewPeople(d.Store, index), newUserID()
	d.must(t)(people.Register(kit.Context(t), Request{}, id, registration("ann"), "hash"))
	request := Request{ID: uuid.New()}
	change := user.ChangePassword{By: self(id), ID: id}
	d.must(t)(people.ChangePassword(kit.Context(t), request, change, "new", []byte("mine")))
	if _, err := people.ChangePassword(kit.Context(t), request, change, "newer", nil); !errors.Is(err, ErrRepeated) {
		t.Errorf("repeated: got %v, want %v", err, ErrRepeated)
	}
	checkDiff(t, "asked of the index", []string{"insert hash", "set new keep mine"}, index.asked)
	checkDiff(t, "events", []string{"user.registered", "user.password_changed"}, d.types(t, id.UUID))
}

func TestAPersonIsRegisteredOnce(t *testing.T) {
	t.Parallel()
	d, index := newLog(t), &accounts{}
	people, id := NewPeople(d.Store, index), newUserID()
	d.must(t)(people.Register(kit.Context(t), Request{}, id, registration("ann"), "hash"))
	if _, err := people.Register(kit.Context(t), Request{}, id, registration("bob"), "hash"); !errors.Is(err, user.ErrUsernameTaken) {
		t.Errorf("got %v, want %v", err, user.ErrUsernameTaken)
	}
	d.checkHead(t, 1)
}
