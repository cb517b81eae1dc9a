package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"

	"helpdesk/cmd/helpdesk/program"
	"helpdesk/cmd/helpdesk/serve"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/test/keys"
	"helpdesk/test/pgtest"
	over "helpdesk/test/program"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// live is a whole service within the test, so that the race detector watches
// it, on a database that others may serve from too.
type live struct {
	*serve.Service
	*over.Program // as others meet it over HTTP; it has no process of its own
	// stop ends the service, as a signal does, and returns how it ended.
	stop func() error
}

// serveLive runs a service on db until the test ends.
func serveLive(t *testing.T, db *pgtest.DB) *live {
	t.Helper()
	all := modules()
	c, _, err := all.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Addr, c.DatabaseURL, c.DataDir = "127.0.0.1:0", db.ServiceURL, t.TempDir()
	c.MasterKey = keys.Master
	c.RateLimit = 0
	c.Argon2Memory, c.Argon2Iterations = 64, 1
	s, err := serve.New(t.Context(), all, c, serve.All, slog.New(slog.DiscardHandler), &program.Database{ServiceURL: db.ServiceURL, OwnerURL: db.OwnerURL}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	at, err := serve.Listen(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	up, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- s.Run(ctx, at, func(addr, _ string) { up <- addr }) }()
	l := &live{Service: s, stop: sync.OnceValue(func() error { cancel(); return <-ended })}
	t.Cleanup(func() {
		if err := l.stop(); err != nil {
			t.Errorf("the service ended with %v", err)
		}
	})
	select {
	case addr := <-up:
		l.Program = &over.Program{URL: "http://" + addr}
	case err := <-ended:
		ended <- err
		t.Fatalf("the service did not start: %v", err)
	}
	return l
}

// join makes somebody with that role.
func (l *live) join(t *testing.T, username string, role domain.Role) user.ID {
	t.Helper()
	hasher, err := auth.NewHasher(auth.HashConfig{MemoryKiB: 64, Iterations: 1})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hasher.Hash(t.Context(), over.Secret)
	if err != nil {
		t.Fatal(err)
	}
	id := user.ID{UUID: uuid.Must(uuid.NewV7())}
	out, err := commands.NewPeople(l.Store, l.Accounts).Register(t.Context(), commands.Request{}, id, user.Register{
		By: user.By{Actor: domain.System()}, Username: username, Email: username + "@example.com", Role: role,
	}, hash)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Freshness.Wait(t.Context(), out.Position); err != nil {
		t.Fatal(err)
	}
	return id
}

// field returns a member of the body of an answer.
func field(t *testing.T, a over.Answer, name string) any {
	t.Helper()
	return over.Read[map[string]any](t, a)[name]
}
