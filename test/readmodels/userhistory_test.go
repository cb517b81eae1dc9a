package readmodels

import (
	"errors"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections"
	"helpdesk/projections/history"
	"helpdesk/test/kit"
)

func TestTheHistoryOfAUser(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	d.project(t, d.follow(t, 100))
	ann, rob, ctx := everybody["ann"], everybody["rob"], kit.Context(t)
	edit := func(by domain.Actor, change user.EditUser) {
		t.Helper()
		change.Actor, change.ID = by, ann.ID
		if _, err := d.people.Edit(ctx, commands.Request{}, change); err != nil {
			t.Fatal(err)
		}
	}
	edit(ann, user.EditUser{Email: ptr("ann@example.org"), FirstName: ptr("")})
	edit(ann, user.EditUser{Notifications: user.NotificationSwitches{Commented: ptr(false)}})
	edit(rob, user.EditUser{LastName: ptr("Lee"), Role: ptr(domain.RoleAgent)})
	if _, err := d.people.ChangePassword(ctx, commands.Request{}, user.ChangePassword{By: user.By{Actor: ann}, ID: ann.ID}, "hash", nil); err != nil {
		t.Fatal(err)
	}
	edit(rob, user.EditUser{Active: ptr(false)})
	edit(rob, user.EditUser{Active: ptr(true)})
	edit(ann, user.EditUser{Active: ptr(false)})
	erase := user.Erase{By: user.By{Actor: domain.System()}, Streams: []uuid.UUID{kit.NewID(), kit.NewID()}}
	if _, err := d.people.Erase(ctx, commands.Request{}, ann.ID, erase); err != nil {
		t.Fatal(err)
	}

	h := history.NewReader(d.Store, d.Pool)
	all, err := h.User(ctx, ann.ID, projections.Page{Size: 1000})
	got := all.Items
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"The service registered ann as user. username,email,first_name,last_name,role,is_active,erased," +
			"notifications.escalated,notifications.assigned,notifications.commented,notifications.resolved",
		"ann changed their profile. email,first_name",
		"ann changed their notifications. notifications.commented",
		"rob changed the profile of ann. last_name",
		"rob changed the role of ann to agent. role",
		"ann changed their password. ",
		"rob deactivated ann. is_active",
		"rob reactivated ann. is_active",
		"ann deactivated themselves. is_active",
		"The service erased this person. erased",
		"The service had 2 places forget this person's texts. ",
	}
	if diff := gocmp.Diff(want, told(got)); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	for i, want := range map[int][]history.Change{
		1: {{Field: "email", Before: "ann@example.com", After: "ann@example.org"}, {Field: "first_name", Before: "First", After: ""}},
		2: {{Field: "notifications.commented", Before: true, After: false}},
		4: {{Field: "role", Before: domain.RoleUser, After: domain.RoleAgent}},
		6: {{Field: "is_active", Before: true, After: false}},
	} {
		if diff := gocmp.Diff(want, got[i].Changes); diff != "" {
			t.Errorf("changes of %s (-want +got):\n%s", got[i].Summary, diff)
		}
	}
	for i, e := range got {
		if e.Version != i+1 || e.Cause != nil || e.RecordedAt.IsZero() {
			t.Errorf("entry %d: %+v", i+1, e)
		}
	}
	page, err := h.User(ctx, ann.ID, projections.Page{Size: 3, Cursor: &projections.Cursor{Key: "0"}, Count: true})
	if err != nil || len(page.Items) != 3 || *page.Count != 11 || page.Next == nil {
		t.Errorf("a page: %+v, %v", page, err)
	}
	if _, err := h.User(ctx, domain.UserID{UUID: kit.NewID()}, projections.Page{Size: 3}); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("of nobody: %v", err)
	}
}

// come is the tokens' uses, which nobody counts here.
type come struct{}

func (come) RecordUse(uuid.UUID) eventstore.InTx { return nothing }

func (come) RecordReading(domain.UserID, []byte) eventstore.InTx { return nothing }

func TestAHistoryHoldsTheRecordsOfAccess(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	d.project(t, fresh)
	ida, ctx := everybody["ida"], kit.Context(t)
	records := commands.NewAccess(d.Store, come{})
	here, nobody := access.From{Address: "203.0.113.7", UserAgent: "lynx"}, domain.Actor{Kind: domain.ActorUser}
	record := func(by domain.Actor, e domain.Event) {
		t.Helper()
		if err := records.Record(ctx, commands.Request{}, by, ida.ID, e); err != nil {
			t.Fatal(err)
		}
	}
	record(nobody, access.FailedSignIn(ida.ID, here))
	record(ida, access.SignIn(here))
	if _, err := d.people.Edit(ctx, commands.Request{}, user.EditUser{By: user.By{Actor: ida}, ID: ida.ID, FirstName: ptr("Ida")}); err != nil {
		t.Fatal(err)
	}
	if err := records.TokenUsed(ctx, commands.Request{}, ida, tokenOfIda, access.From{Address: "2001:db8::/64"}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		record(ida, access.Read("GET", "/api/tickets", "status=open", here))
	}
	record(ida, access.Read("HEAD", "/api/report", "", here))
	if _, err := d.people.ChangePassword(ctx, commands.Request{}, user.ChangePassword{By: user.By{Actor: ida}, ID: ida.ID}, "hash", nil); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"The service registered ida as auditor.",
		"Somebody tried in vain to sign in as ida from 203.0.113.7 with lynx.",
		"ida signed in from 203.0.113.7 with lynx.",
		"ida changed their profile.",
		"ida used their API token " + tokenOfIda.String() + " from 2001:db8::/64.",
		"ida read GET /api/tickets?status=open from 203.0.113.7 with lynx.",
		"ida read GET /api/tickets?status=open from 203.0.113.7 with lynx.",
		"ida read GET /api/tickets?status=open from 203.0.113.7 with lynx.",
		"ida read HEAD /api/report from 203.0.113.7 with lynx.",
		"ida changed their password.",
	}
	h := history.NewReader(d.Store, d.Pool)
	for size := 1; size <= len(want)+1; size++ {
		checkWalk(t, h, ida.ID, size, want)
	}
}

var tokenOfIda = uuid.UUID{0: 1, 15: 9}

// checkWalk walks a user's history to its end and back, in pages of a size.
func checkWalk(t *testing.T, h *history.Reader, id user.ID, size int, want []string) {
	t.Helper()
	var there, back []string
	p, turned := projections.Page{Size: size, Count: true}, false
	for {
		s, err := h.User(kit.Context(t), id, p)
		if err != nil {
			t.Fatal(err)
		}
		if *s.Count != int64(len(want)) || len(s.Items) > size {
			t.Errorf("pages of %d: %d of %d entries", size, len(s.Items), *s.Count)
		}
		var page []string
		for _, e := range s.Items {
			page = append(page, e.Summary)
		}
		if !turned {
			there = append(there, page...)
		}
		if turned || s.Next == nil {
			turned, back = true, append(page, back...)
			if p.Cursor = s.Previous; p.Cursor == nil {
				break
			}
			continue
		}
		p.Cursor = s.Next
	}
	if diff := gocmp.Diff(want, there); diff != "" {
		t.Errorf("in pages of %d (-want +got):\n%s", size, diff)
	}
	if diff := gocmp.Diff(want, back); diff != "" {
		t.Errorf("back in pages of %d (-want +got):\n%s", size, diff)
	}
}

// TestNobodyWaitsForRecordsOfAccess has none of the projections run.
func TestNobodyWaitsForRecordsOfAccess(t *testing.T) {
	t.Parallel()
	for _, f := range projected() {
		if f.Types == nil || slices.ContainsFunc(f.Types, func(name string) bool { return strings.HasPrefix(name, "access.") }) {
			t.Errorf("%s follows the records of access: %v", f.Name, f.Types)
		}
	}
	d := newModels(t)
	ctx, ida := kit.Context(t), everybody["ida"]
	const checkpoint = `INSERT INTO checkpoints (name) SELECT unnest($1::text[])` // as followers that ran before
	var names []string
	for _, f := range projected() {
		names = append(names, f.Name)
	}
	if _, err := d.Pool.Exec(ctx, checkpoint, names); err != nil {
		t.Fatal(err)
	}
	records := commands.NewAccess(d.Store, come{})
	for range 50 {
		if err := records.Record(ctx, commands.Request{}, ida, ida.ID, access.SignIn(access.From{})); err != nil {
			t.Fatal(err)
		}
	}
	fresh := follow.NewFreshness(d.Pool, eventstore.NewNotifier(), projected()...)
	defer fresh.Close()
	if err := fresh.Wait(ctx, 50); err != nil {
		t.Error(err)
	}
}
