package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"helpdesk/test/kit"
	"helpdesk/test/program"
)

// logged is an event of the log.
type logged struct {
	Position   int64
	StreamType string `json:"stream_type"`
	StreamID   string `json:"stream_id"`
	Version    int
	Type       string
	Actor      struct{ Kind, Username string }
	RecordedAt time.Time `json:"recorded_at"`
	Data       map[string]any
}

type logPage struct {
	Events []logged
	Head   int64
}

// feed reads the log after a position in parts, as far as it goes at the first of
// them: what an auditor reads is itself recorded.
func feed(t *testing.T, p *program.Person, after int64, query string) (all []logged, head int64) {
	t.Helper()
	for {
		page := program.Get[logPage](t, p, fmt.Sprintf("/api/events/?after=%d%s", after, query))
		all = append(all, page.Events...)
		if head == 0 {
			head = page.Head
		}
		if len(page.Events) == 0 || all[len(all)-1].Position >= head {
			return all, head
		}
		after = all[len(all)-1].Position
	}
}

// lines reads the log as NDJSON.
func lines(t *testing.T, p *program.Person, query string) (all []logged) {
	t.Helper()
	a := p.Must(t, http.StatusOK, "GET", "/api/events/"+query, nil, "Accept", "application/x-ndjson")
	for line := range strings.Lines(string(a.Body)) {
		var e logged
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		all = append(all, e)
	}
	return all
}

func TestTheWholeLogCanBeRead(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	auditor := d.Join(t, "aud", "auditor")
	d.Admin.WantsNoEmails(t)
	ada := d.Join(t, "ada", "user").WantsNoEmails(t)
	var v program.Ticket
	for i := range 30 {
		v = ada.Opens(t, fmt.Sprint("Printer ", i))
		ada.Comments(t, v, "It smokes.", false)
	}
	written := logHead(t, d)

	for _, p := range []*program.Person{d.Admin, auditor} {
		all, head := feed(t, p, 0, "&limit=7")
		if head < written || int64(len(all)) < head {
			t.Errorf("%s reads %d events, the head is %d", p.Username, len(all), head)
		}
		for i, e := range all {
			if e.Position != int64(i)+1 {
				t.Fatalf("event %d is at position %d", i+1, e.Position)
			}
		}
	}
	whole := lines(t, d.Admin, "")
	for i, e := range whole {
		if e.Position != int64(i)+1 {
			t.Fatalf("line %d is of position %d", i+1, e.Position)
		}
	}
	for _, after := range []int64{0, 1, 17, written - 1, written, written + 1000} { // resumed from anywhere
		got, _ := feed(t, d.Admin, after, "&limit=1000")
		asLines := lines(t, d.Admin, fmt.Sprintf("?after=%d", after))
		if len(got) < len(asLines)-1 || len(asLines) < int(written-after) { // each as many as there are by then
			t.Errorf("after %d: %d events and %d lines", after, len(got), len(asLines))
		}
		if len(got) > 0 && (got[0].Position != after+1 || asLines[0].Position != after+1) {
			t.Errorf("after %d come %d and %d", after, got[0].Position, asLines[0].Position)
		}
	}
	filteredFeed(t, d, ada, v)
}

// filteredFeed reads parts of the log.
func filteredFeed(t *testing.T, d *program.Helpdesk, ada *program.Person, v program.Ticket) {
	t.Helper()
	stream, _ := feed(t, d.Admin, 0, "&limit=1&stream="+v.ID)
	if len(stream) != 2 || stream[0].Type != "ticket.opened" || stream[1].Data["text"] != "It smokes." || stream[1].Actor.Username != "ada" {
		t.Errorf("the ticket's stream is %+v", stream)
	}
	two, _ := feed(t, d.Admin, 0, "&type=ticket.opened,user.registered")
	opened, registered := 0, 0
	for _, e := range two {
		switch e.Type {
		case "ticket.opened":
			opened++
		case "user.registered":
			registered++
		default:
			t.Errorf("an event of another type: %+v", e)
		}
	}
	if opened != 30 || registered != 3 {
		t.Errorf("%d openings and %d registrations, want 30 and 3", opened, registered)
	}
	if got := lines(t, d.Admin, "?limit=3&type=ticket.comment_added"); len(got) != 3 || got[0].Data["author"] != ada.ID {
		t.Errorf("three comments are %+v", got)
	}
	refused(t, d.Admin.Sends(t, "GET", "/api/events/?type=ticket.exploded", nil), http.StatusBadRequest)
	refused(t, ada.Sends(t, "GET", "/api/events/", nil), http.StatusForbidden)
}

// replayed is a step of a replay.
type replayed struct {
	Version int
	Summary string
	Ticket  struct {
		program.Ticket
		Deleted bool
	}
}

// replays runs the subcommand and reads its JSON.
func replays(t *testing.T, d *program.Helpdesk, args ...string) (steps []replayed) {
	t.Helper()
	said := d.Runs(t, "", append([]string{"tickets", "replay", "--format", "json"}, args...)...)
	for line := range strings.Lines(said) {
		var s replayed
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		steps = append(steps, s)
	}
	return steps
}

func TestATicketIsReplayed(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	ada := d.Join(t, "ada", "user")
	v := ada.Opens(t, "Printer smokes", object{"description": "It is broken.\nBadly."})
	ada.Comments(t, v, "It burns <now>.", false)
	d.Admin.Comments(t, v, "A note.", true)
	d.Admin.Assigns(t, v, "root")
	d.Admin.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "Printer burns", "priority": "high"})
	d.Admin.Must(t, http.StatusNoContent, "DELETE", v.Path(), nil)

	steps := replays(t, d, v.ID)
	if len(steps) != 7 {
		t.Fatalf("%d steps, want 7: %+v", len(steps), steps)
	}
	for i, s := range steps {
		if s.Version != i+1 || s.Ticket.Version != i+1 || s.Ticket.CreatedBy.Username != "ada" || s.Ticket.Deleted != (i == 6) {
			t.Errorf("step %d: %+v", i+1, s)
		}
	}
	if first := steps[0].Ticket; first.Title != "Printer smokes" || first.AssignedTo != nil || len(first.Comments) != 0 {
		t.Errorf("the first is %+v", first)
	}
	if last := steps[6].Ticket; last.Title != "Printer burns" || last.AssignedTo.Username != "root" || len(last.Comments) != 2 || last.Comments[0].Text != "It burns <now>." {
		t.Errorf("the last is %+v", last)
	}
	if got := replays(t, d, fmt.Sprint(v.Number), "--version", "3"); len(got) != 3 || got[2].Ticket.CommentCount != 2 {
		t.Errorf("to version 3: %+v", got)
	}
	if got := replays(t, d, fmt.Sprint(v.Number), "--at", time.Now().UTC().Format(time.RFC3339Nano)); len(got) != 7 {
		t.Errorf("until now: %d steps", len(got))
	}
	said := d.Runs(t, "", "tickets", "replay", fmt.Sprint(v.Number))
	for _, want := range []string{
		"1. ", "  ada opened the ticket.\n", " * title        Printer smokes\n", " * description  It is broken.\n                Badly.\n",
		" * comment      ada: It burns <now>.\n", " * note         root: A note.\n", "   note         root: A note.\n",
		" * assigned to  root\n", " * priority     high\n", "7. ", " * status       deleted, was open\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the text lacks %q:\n%s", want, said)
		}
	}
	for want, args := range map[string][]string{
		"there never was a ticket 99":        {"99"},
		"there never was a ticket " + ada.ID: {ada.ID},
		`"x" is neither the number`:          {"x"},
		"the ticket is at version 7":         {v.ID, "--version", "8"},
		"--version: 0 is none":               {v.ID, "--version", "0"},
		"it was not there before":            {v.ID, "--at", "2001-01-01T00:00:00Z"},
		"has not come yet":                   {v.ID, "--at", "2999-01-01T00:00:00Z"},
		`"noon" is not an instant`:           {v.ID, "--at", "noon"},
		`"xml" is neither text nor json`:     {v.ID, "--format", "xml"},
	} {
		t.Run(strings.ReplaceAll(want, ada.ID, "{id}"), func(t *testing.T) {
			stdout, stderr, err := program.Run(t.Context(), t, "", d.Env, append([]string{"tickets", "replay"}, args...)...)
			if err == nil || stdout != "" || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("replay %v: %v, %s%s; want one line with %q", args, err, stdout, stderr, want)
			}
		})
	}
}

// linked is an entry of a history with what it came of and what it caused.
type linked struct {
	Position int64
	Type     string
	Cause    *link
	Effects  []link
}

type link struct {
	Kind     string
	ID       string
	Position *int64
}

func TestCausesAreFollowedBothWays(t *testing.T) {
	t.Parallel()
	d := program.Open(t, "HELPDESK_ESCALATE_HIGH=300ms")
	ada := d.Join(t, "ada", "user")
	v := ada.Opens(t, "Printer smokes", object{"priority": "high"})
	var all []linked
	kit.Poll(t, "an escalation with two emails sent", func() bool {
		all = program.Get[program.List[linked]](t, d.Admin, v.Path("history")+"?page_size=100").Results
		return len(all) == 2+2 // sent, to ada and to the admin
	})
	opened, escalated := all[0], all[1]
	if opened.Type != "ticket.opened" || opened.Cause != nil || escalated.Type != "ticket.escalated" {
		t.Fatalf("the history begins with %+v, %+v", opened, escalated)
	}
	if c := escalated.Cause; c == nil || c.Kind != "timer" || c.Position == nil || *c.Position != opened.Position {
		t.Errorf("the escalation came of %+v, want the timer that the opening set", c)
	}
	if len(opened.Effects) != 1 || opened.Effects[0].ID != escalated.Cause.ID || *opened.Effects[0].Position != escalated.Position {
		t.Errorf("the opening caused %+v, want the timer of the escalation", opened.Effects)
	}
	caused := map[int64]bool{}
	for _, e := range escalated.Effects {
		caused[*e.Position] = e.Kind == "event"
	}
	for _, e := range all[2:] {
		if e.Cause == nil || *e.Cause.Position != escalated.Position || !caused[e.Position] {
			t.Errorf("%s came of %+v; the escalation caused %v", e.Type, e.Cause, caused)
		}
	}
	pending := ada.Opens(t, "Printer hums")
	kit.Poll(t, "its timer", func() bool {
		e := program.Get[program.List[linked]](t, ada, pending.Path("history")).Results[0].Effects
		return len(e) == 1 && e[0].Kind == "timer" && e[0].Position == nil
	})
}
