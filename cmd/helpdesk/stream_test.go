package main

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"helpdesk/domain"
	"helpdesk/test/pgtest"
	over "helpdesk/test/program"
)

// stream opens an event stream and returns its ids and types, until it ends.
func stream(t *testing.T, p *over.Person, header ...string) <-chan string {
	t.Helper()
	response, err := p.Begin(t.Context(), "GET", "/api/events/stream", nil, header...)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("the stream: %d", response.StatusCode)
	}
	events := make(chan string, 100)
	go func() {
		defer close(events)
		defer response.Body.Close()
		var id string
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if text, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				id = text
			}
			if text, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				events <- id + " " + text
			}
		}
	}()
	return events
}

func TestAnEventStreamOverHTTP(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l, other := serveLive(t, db), serveLive(t, db)
	l.join(t, "root", domain.RoleAdmin)
	l.join(t, "ann", domain.RoleUser)
	root, ann := l.SignIn(t, "root"), l.SignIn(t, "ann")
	events := stream(t, ann)
	a := ann.At(other.Program).Must(t, http.StatusCreated, "POST", "/api/tickets/", `{"title":"x","description":"y"}`)
	opened := a.Header.Get("Event-Position")
	if got := <-events; got != opened+" ticket.opened" {
		t.Errorf("from another process: got %q", got)
	}
	root.Must(t, http.StatusCreated, "POST", "/api/tickets/", `{"title":"root's","description":"y"}`)
	root.Must(t, http.StatusCreated, "POST", "/api/comments/", `{"ticket":1,"text":"a note","internal":true}`)
	closed := root.Must(t, http.StatusOK, "POST", "/api/tickets/1/close/", nil).Header.Get("Event-Position")
	if got := <-events; got != closed+" ticket.closed" {
		t.Errorf("got %q, want what ann may see next", got)
	}
	again := stream(t, ann, "Last-Event-ID", opened)
	if got := <-again; got != closed+" ticket.closed" {
		t.Errorf("resumed: got %q", got)
	}
	root.Must(t, http.StatusOK, "PATCH", "/api/users/ann/", `{"is_active":false}`)
	for _, e := range []<-chan string{events, again} {
		if got, more := <-e; more {
			t.Errorf("after the deactivation: got %q", got)
		}
	}
	last := stream(t, root)
	if err := l.stop(); err != nil { // it would wait for twenty seconds
		t.Errorf("the service ended with %v", err)
	}
	if got, more := <-last; more {
		t.Errorf("after the end: got %q", got)
	}
}
