package commands

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

// uses remembers which tokens' use was recorded.
type uses struct {
	mu   sync.Mutex
	seen map[uuid.UUID]bool
}

func (u *uses) RecordUse(token uuid.UUID) eventstore.InTx {
	return func(context.Context, pgx.Tx) error {
		u.mu.Lock()
		defer u.mu.Unlock()
		if u.seen[token] {
			return access.ErrRecorded
		}
		u.seen[token] = true
		return nil
	}
}

func (u *uses) RecordReading(person domain.UserID, reading []byte) eventstore.InTx {
	return u.RecordUse(uuid.NewSHA1(person.UUID, reading))
}

var ida = domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{UUID: uuid.UUID{15: 7}}, Role: domain.RoleAuditor}

func TestAccessIsRecorded(t *testing.T) {
	t.Parallel()
	d, ctx := newLog(t), kit.Context(t)
	a := NewAccess(d.Store, &uses{seen: map[uuid.UUID]bool{}})
	here := access.From{Address: "203.0.113.7", UserAgent: "curl/8"}
	nobody, token, r := domain.Actor{Kind: domain.ActorUser}, uuid.New(), Request{CorrelationID: "c"}
	for _, err := range []error{
		a.Record(ctx, r, ida, ida.ID, access.SignIn(here)),
		a.Record(ctx, r, nobody, ida.ID, access.FailedSignIn(ida.ID, here)),
		a.Record(ctx, r, nobody, domain.UserID{}, access.FailedSignIn(domain.UserID{}, here)),
		a.Record(ctx, r, ida, ida.ID, access.Read("GET", "/api/tickets", "q=x", here)),
		a.Record(ctx, r, ida, ida.ID, access.Read("GET", "/api/tickets", "q=x&cursor=next", here)), // not again
		a.TokenUsed(ctx, r, ida, token, here),
		a.TokenUsed(ctx, r, ida, token, here), // not again
		a.TokenUsed(ctx, r, ida, uuid.New(), here),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	events, err := d.Store.Load(ctx, access.Stream(ida.ID))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		got = append(got, e.Type)
		if strings.Contains(string(e.Data), "203.0.113") || strings.Contains(string(e.Data), "curl") || strings.Contains(string(e.Data), "tickets") || e.PersonID.UUID != ida.ID.UUID {
			t.Errorf("%s is stored as %s of %v", e.Type, e.Data, e.PersonID)
		}
		if e.StreamType != domain.AccessStream || e.CorrelationID != "c" || e.ActorID.Valid == (e.Type == "access.sign_in_failed") {
			t.Errorf("recorded %+v", e.Recorded)
		}
	}
	want := []string{"access.signed_in", "access.sign_in_failed", "access.record_read", "access.token_used", "access.token_used"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of the auditor (-want +got):\n%s", diff)
	}
	unknown, err := d.Store.Load(ctx, access.Stream(domain.UserID{}))
	if err != nil || len(unknown) != 1 || string(unknown[0].Data) != `{"network":"203.0.113.0/24"}` {
		t.Errorf("of nobody known: %+v, %v", unknown, err)
	}
}

// TestManyRecordsAtOnce records for one person from two processes.
func TestManyRecordsAtOnce(t *testing.T) {
	t.Parallel()
	d, ctx := newLog(t), kit.Context(t)
	const each = 40
	var group errgroup.Group
	for range 2 {
		a := NewAccess(d.Store, &uses{})
		for range each {
			group.Go(func() error {
				return a.Record(ctx, Request{}, ida, ida.ID, access.SignIn(access.From{}))
			})
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if version, err := d.Store.Version(ctx, access.Stream(ida.ID)); err != nil || version != 2*each {
		t.Errorf("the stream is at version %d, %v, want %d", version, err, 2*each)
	}
}

func TestARecordThatCannotBeMadeIsAnError(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	a := NewAccess(d.Store, &uses{})
	ctx, cancel := context.WithCancel(kit.Context(t))
	cancel()
	if err := a.Record(ctx, Request{}, ida, ida.ID, access.SignIn(access.From{})); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever has gone: %v", err)
	}
	d.Store.Close()
	if err := a.Record(kit.Context(t), Request{}, ida, ida.ID, access.SignIn(access.From{})); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("to a log that is closed: %v", err)
	}
}
