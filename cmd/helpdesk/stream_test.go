package main

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"helpdesk/domain"
	"helpdesk/test/pgtest"
)

// stream opens an event stream and returns its ids and types, until it ends.
func (c *liveClient) stream(t *testing.T, header ...string) <-chan string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", c.url+"/api/events/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := c.http.Do(request)
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
	l, other := serveLive(t, db, nil), serveLive(t, db, nil)
	l.join(t, "root", domain.RoleAdmin)
	l.join(t, "ann", domain.RoleUser)
	root, ann := l.signIn(t, "root"), l.signIn(t, "ann")
	events := ann.stream(t)
	a := ann.at(other).must(t, http.StatusCreated, "POST", "/api/tickets/", `{"title":"x","description":"y"}`)
	opened := a.header.Get("Event-Position")
	if got := <-events; got != opened+" ticket.opened" {
		t.Errorf("from another process: got %q", got)
	}
	root.must(t, http.StatusCreated, "POST", "/api/tickets/", `{"title":"root's","description":"y"}`)
	root.must(t, http.StatusCreated, "POST", "/api/comments/", `{"ticket":1,"text":"a note","internal":true}`)
	closed := root.must(t, http.StatusOK, "POST", "/api/tickets/1/close/", "").header.Get("Event-Position")
	if got := <-events; got != closed+" ticket.closed" {
		t.Errorf("got %q, want what ann may see next", got)
	}
	again := ann.stream(t, "Last-Event-ID", opened)
	if got := <-again; got != closed+" ticket.closed" {
		t.Errorf("resumed: got %q", got)
	}
	root.must(t, http.StatusOK, "PATCH", "/api/users/ann/", `{"is_active":false}`)
	for _, e := range []<-chan string{events, again} {
		if got, more := <-e; more {
			t.Errorf("after the deactivation: got %q", got)
		}
	}
	last := root.stream(t)
	if err := l.stop(); err != nil { // it would wait for twenty seconds
		t.Errorf("the service ended with %v", err)
	}
	if got, more := <-last; more {
		t.Errorf("after the end: got %q", got)
	}
}
