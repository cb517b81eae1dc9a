package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"sync"
	"testing"
	"time"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/cmd/helpdesk/serve"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/test/keys"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// live is a whole service within the test, so that the race detector watches
// it, on a database that others may serve from too.
type live struct {
	*serve.Service
	url string
	// stop ends the service, as a signal does, and returns how it ended.
	stop func() error
}

// serveLive runs a service on db until the test ends.
func serveLive(t *testing.T, db *pgtest.DB, change func(*config.Config)) *live {
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
	if change != nil {
		change(&c)
	}
	s, err := serve.New(t.Context(), all, c, serve.All, slog.New(slog.DiscardHandler), &program.Database{ServiceURL: db.ServiceURL, OwnerURL: db.OwnerURL}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	up, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- s.Run(ctx, func(addr, _ string) { up <- addr }) }()
	l := &live{Service: s, stop: sync.OnceValue(func() error { cancel(); return <-ended })}
	t.Cleanup(func() {
		if err := l.stop(); err != nil {
			t.Errorf("the service ended with %v", err)
		}
	})
	select {
	case addr := <-up:
		l.url = "http://" + addr
	case err := <-ended:
		ended <- err
		t.Fatalf("the service did not start: %v", err)
	}
	return l
}

const livePassword = "lampshade-orbit-53"

// join makes somebody with that role and livePassword.
func (l *live) join(t *testing.T, username string, role domain.Role) user.ID {
	t.Helper()
	hasher, err := auth.NewHasher(auth.HashConfig{MemoryKiB: 64, Iterations: 1})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hasher.Hash(t.Context(), livePassword)
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

// liveClient is somebody who talks to a service, with a session of their own.
type liveClient struct {
	url  string
	http *http.Client
}

func (l *live) client(t *testing.T) *liveClient {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &liveClient{url: l.url, http: &http.Client{Jar: jar, Transport: transport, Timeout: time.Minute}}
}

// signIn returns a client with a session.
func (l *live) signIn(t *testing.T, username string) *liveClient {
	t.Helper()
	c := l.client(t)
	c.must(t, http.StatusOK, "POST", "/api/login/", `{"username":"`+username+`","password":"`+livePassword+`"}`)
	return c
}

// at returns the same client at another process.
func (c *liveClient) at(l *live) *liveClient { return &liveClient{url: l.url, http: c.http} }

// liveAnswer is a response that was read whole.
type liveAnswer struct {
	status int
	header http.Header
	body   string
}

// field returns a member of a JSON body.
func (a liveAnswer) field(t *testing.T, name string) any {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(a.body), &members); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return members[name]
}

// send sends a request; header holds names and values in turn.
func (c *liveClient) send(t *testing.T, method, path, body string, header ...string) liveAnswer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.url+path, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := c.http.Do(request)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return liveAnswer{header: http.Header{}}
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
	return liveAnswer{status: response.StatusCode, header: response.Header, body: string(data)}
}

func (c *liveClient) must(t *testing.T, status int, method, path, body string, header ...string) liveAnswer {
	t.Helper()
	a := c.send(t, method, path, body, header...)
	if a.status != status {
		t.Fatalf("%s %s: got %d %s, want %d", method, path, a.status, a.body, status)
	}
	return a
}

// waitUntil asks the database until it answers true.
func waitUntil(t *testing.T, pool *pgxpool.Pool, question string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		var yes bool
		if err := pool.QueryRow(ctx, question).Scan(&yes); err != nil {
			t.Fatalf("%s: %v", question, err)
		}
		if yes {
			return
		}
		<-look.C
	}
}
