package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"helpdesk/httpapi"
	"helpdesk/httpapi/apitest"
	"helpdesk/httpapi/events"
	"helpdesk/httpapi/problem"
	"helpdesk/projections/feed"
	"helpdesk/projections/view"
)

// reel is a log of so many events.
type reel struct {
	head   int64
	grows  int64 // after each page
	asked  []int // how many at a time
	failAt int   // question that fails, from 1
}

func (l *reel) Known(name string) bool { return strings.HasPrefix(name, "ticket.") }

func (l *reel) Page(_ context.Context, q feed.EventQuery, limit int) (page feed.LogPage, err error) {
	if l.asked = append(l.asked, limit); len(l.asked) == l.failAt {
		return page, errors.New("the database is gone")
	}
	page.Head = l.head
	for at := q.After + 1; at <= min(q.Upto, l.head) && len(page.Events) < limit; at++ {
		e := feed.LoggedEvent{Actor: view.Actor{Kind: "system"}}
		e.Position, e.EventID, e.StreamID = at, uuid.UUID{15: 1}, uuid.UUID{15: 2}
		e.Type, e.StreamType, e.Version, e.SchemaVersion, e.Data = "ticket.retitled", "ticket", 1, 1, json.RawMessage(`{"title":"<a>"}`)
		e.OccurredAt, e.RecordedAt = apitest.Noon, apitest.Noon
		page.Events = append(page.Events, e)
	}
	l.head += l.grows
	return page, nil
}

func reeled(t *testing.T, l *reel) *httpapi.API {
	return apitest.Serve(t, events.Resource{Log: l}.Routes())
}

// linesOf returns the positions in an NDJSON body.
func linesOf(t *testing.T, body string) (positions []int64) {
	t.Helper()
	for line := range strings.Lines(body) {
		var e events.LogEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil || !strings.Contains(line, `"<a>"`) {
			t.Fatalf("line %q: %v", line, err)
		}
		positions = append(positions, e.Position)
	}
	return positions
}

func TestTheLogAsLinesGoesOnToTheHead(t *testing.T) {
	for name, c := range map[string]struct {
		head  int64
		query string
		want  int   // events
		after int64 // the first
		asked []int
	}{
		"all":                  {2*200 + 3, "", 2*200 + 3, 0, []int{200, 200, 200}},
		"whole pages":          {2 * 200, "", 2 * 200, 0, []int{200, 200}},
		"from a position":      {200, "?after=190", 10, 190, []int{10}},
		"so many":              {2 * 200, "?limit=201&after=7", 201, 7, []int{200, 1}},
		"none that is new":     {5, "?after=5", 0, 5, []int{1}},
		"beyond the head":      {5, "?after=999", 0, 999, []int{1}},
		"of an empty log":      {0, "", 0, 0, []int{1}},
		"fewer than so many":   {5, "?limit=1000", 5, 0, []int{200}},
		"as many as there are": {5, "?limit=5", 5, 0, []int{5}},
	} {
		t.Run(name, func(t *testing.T) {
			l := &reel{head: c.head, grows: 1}
			w := apitest.Request{As: "admin", Method: "GET", Path: "/api/events/" + c.query, Head: []string{"Accept: application/x-ndjson"}}.Send(t, reeled(t, l))
			if w.Code != 200 || w.Header().Get("Content-Type") != "application/x-ndjson" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			got := linesOf(t, w.Body.String())
			for i, at := range got {
				if at != c.after+int64(i)+1 {
					t.Errorf("line %d is of position %d", i+1, at)
				}
			}
			if len(got) != c.want || len(l.asked) != len(c.asked) {
				t.Errorf("%d lines, read by %v; want %d by %v", len(got), l.asked, c.want, c.asked)
			}
		})
	}
}

func TestTheLogAsAList(t *testing.T) {
	for query, want := range map[string]int{"": 100, "?limit=1": 1, "?limit=1000": 300, "?after=250": 50, "?after=300": 0, "?type=ticket.opened,ticket.closed&type=ticket.started": 100} {
		t.Run(query, func(t *testing.T) {
			w := apitest.Request{As: "admin", Method: "GET", Path: "/api/events/" + query}.Send(t, reeled(t, &reel{head: 300}))
			got := apitest.Decoded[events.EventList](t, w)
			if w.Code != 200 || len(got.Events) != want || got.Head != 300 {
				t.Errorf("%d, %d events, head %d; want %d events", w.Code, len(got.Events), got.Head, want)
			}
		})
	}
	for query, want := range map[string]string{
		"?limit=0": "?limit minimum", "?limit=1001": "?limit maximum", "?after=-1": "?after minimum", "?type=": "?type enum",
		"?type=ticket.opened,root.login": "?type enum", "?stream=7": "?stream format", "?stream=": "?stream required",
		"?stream=00000000-0000-0000-0000-000000000000": "?stream format", "?since=3": "?since unknown",
	} {
		t.Run(query, func(t *testing.T) {
			w := apitest.Request{As: "admin", Method: "GET", Path: "/api/events/" + query}.Send(t, reeled(t, &reel{head: 300}))
			if got := apitest.Faults(apitest.Decoded[problem.Problem](t, w)); w.Code != 400 || !slices.Equal(got, []string{want}) {
				t.Errorf("%d %v, want %s", w.Code, got, want)
			}
		})
	}
	for name, want := range map[string]int{"": 401, "alice": 403, "agent": 403} {
		t.Run(name, func(t *testing.T) {
			if w := (apitest.Request{As: name, Method: "GET", Path: "/api/events/"}).Send(t, reeled(t, &reel{head: 3})); w.Code != want {
				t.Errorf("to %q: %d, want %d", name, w.Code, want)
			}
		})
	}
}

func TestLinesThatCannotGoOnAreNotTakenForAll(t *testing.T) {
	get := apitest.Request{As: "admin", Method: "GET", Path: "/api/events/", Head: []string{"Accept: application/x-ndjson"}}
	if w := get.Send(t, reeled(t, &reel{head: 500, failAt: 1})); w.Code != 500 || w.Header().Get("Content-Type") != problem.MediaType {
		t.Errorf("before the first line: %d %s", w.Code, w.Body)
	}
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("later: %v, want the connection broken off", got)
		}
	}()
	get.Send(t, reeled(t, &reel{head: 500, failAt: 2}))
}
