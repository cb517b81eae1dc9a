package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/eventstore"
	"helpdesk/test/keys"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// exported is a line of an export, with the event's texts opened.
type exported struct {
	Position   int64     `json:"position"`
	Stream     string    `json:"stream_id"`
	StreamType string    `json:"stream_type"`
	Version    int       `json:"version"`
	Type       string    `json:"type"`
	OccurredAt time.Time `json:"occurred_at"`
	RecordedAt time.Time `json:"recorded_at"`
	Data       string    `json:"data"`

	EventID       uuid.UUID     `json:"event_id"`
	PersonID      uuid.NullUUID `json:"person_id"`
	SchemaVersion int           `json:"schema_version"`
}

// exportTickets has the program export the log, and returns the lines of each
// ticket.
func exportTickets(t *testing.T, d *program.Helpdesk, log *eventstore.Store) map[string][]exported {
	t.Helper()
	codec := log.Codec()
	waitSigned(t, d.Admin.Client, logHead(t, d))
	dir := filepath.Join(t.TempDir(), "export")
	d.Runs(t, "", "audit", "export", "--out", dir)
	names, err := filepath.Glob(filepath.Join(dir, "events-*.ndjson"))
	if err != nil || len(names) == 0 {
		t.Fatalf("exported: %v, %v", names, err)
	}
	recorded, err := log.Read(t.Context(), 0, 1_000_000) // for the keys of texts, which no export has
	if err != nil {
		t.Fatal(err)
	}
	tickets := map[string][]exported{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			var e exported
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Fatal(err)
			}
			if e.StreamType != "ticket" {
				continue
			}
			opened, err := codec.Open(t.Context(), eventstore.Recorded{
				EventID: e.EventID, Type: e.Type, SchemaVersion: e.SchemaVersion, Data: json.RawMessage(e.Data), PersonID: e.PersonID,
				TextKeys: recorded[e.Position-1].TextKeys,
			})
			if err != nil {
				t.Fatal(err)
			}
			plain, _, err := codec.Plain(opened[0].Event)
			if err != nil {
				t.Fatal(err)
			}
			e.Data = string(plain)
			tickets[e.Stream] = append(tickets[e.Stream], e)
		}
	}
	return tickets
}

// foldLines works out a ticket at an instant from its lines, with what an admin
// sees of it and ids in place of names; nil where there was none.
func foldLines(lines []exported, at time.Time) *program.Ticket {
	var v *program.Ticket
	for _, e := range lines {
		if e.RecordedAt.After(at) {
			break
		}
		var d struct {
			Number                                     int64
			Title, Description, Priority, Text, Author string
			Internal                                   bool
			CreatedBy, AssignedTo, CommentID           string
		}
		_ = json.Unmarshal(camel(e.Data), &d)
		comment := func() *program.Comment {
			i := slices.IndexFunc(v.Comments, func(c program.Comment) bool { return c.ID == d.CommentID })
			return &v.Comments[i]
		}
		when := e.OccurredAt
		switch e.Type {
		case "ticket.opened":
			v = &program.Ticket{ID: e.Stream, Number: d.Number, Title: d.Title, Description: d.Description, Priority: d.Priority,
				Status: "open", CreatedBy: program.Named{ID: d.CreatedBy}, CreatedAt: when, Comments: []program.Comment{}}
		case "ticket.retitled":
			v.Title = d.Title
		case "ticket.described":
			v.Description = d.Description
		case "ticket.prioritised":
			v.Priority = d.Priority
		case "ticket.assigned":
			v.AssignedTo = &program.Named{ID: d.AssignedTo}
		case "ticket.unassigned":
			v.AssignedTo = nil
		case "ticket.started":
			v.Status = "in-progress"
		case "ticket.resolved":
			v.Status, v.ResolvedAt = "resolved", &when
		case "ticket.closed":
			v.Status, v.ClosedAt = "closed", &when
		case "ticket.reopened":
			v.Status, v.ResolvedAt, v.ClosedAt = "open", nil, nil
		case "ticket.escalated":
			v.Status, v.EscalatedAt = "escalated", &when
		case "ticket.comment_added":
			v.Comments = append(v.Comments, program.Comment{ID: d.CommentID, Ticket: e.Stream, TicketNumber: v.Number,
				Author: program.Named{ID: d.Author}, Text: d.Text, Internal: d.Internal, CreatedAt: when})
			if !d.Internal && d.Author != v.CreatedBy.ID && v.FirstResponseAt == nil {
				v.FirstResponseAt = &when
			}
		case "ticket.comment_edited":
			comment().Text, comment().EditedAt = d.Text, &when
		case "ticket.comment_removed":
			v.Comments = slices.DeleteFunc(v.Comments, func(c program.Comment) bool { return c.ID == d.CommentID })
		case "ticket.deleted":
			return nil
		default:
			panic(e.Type)
		}
		v.Version, v.UpdatedAt, v.CommentCount = e.Version, when, len(v.Comments)
	}
	return v
}

// camel drops the underscores of member names: Go then knows them by its own.
func camel(data string) []byte {
	var members map[string]any
	_ = json.Unmarshal([]byte(data), &members)
	out := map[string]any{}
	for name, value := range members {
		out[string(bytes.ReplaceAll([]byte(name), []byte("_"), nil))] = value
	}
	text, _ := json.Marshal(out)
	return text
}

// unnamed takes the names of people out of what was answered.
func unnamed(v program.Ticket) program.Ticket {
	v.CreatedBy.Username = ""
	if v.AssignedTo != nil {
		v.AssignedTo = &program.Named{ID: v.AssignedTo.ID}
	}
	v.Comments = slices.Clone(v.Comments)
	for i := range v.Comments {
		v.Comments[i].Author.Username = ""
	}
	return v
}

// busy has people do things at random to some tickets.
func busy(t *testing.T, d *program.Helpdesk, tickets, commands int) {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 17))
	people := []*program.Person{d.Admin, d.Admin, d.Join(t, "eve", "agent"), d.Join(t, "ann", "user")}
	for _, p := range people {
		p.WantsNoEmails(t)
	}
	type made struct{ ID string }
	var open, said []string
	do := func(p *program.Person, method, path string, body object) string {
		a, err := p.Do(t.Context(), method, path, body, "Prefer", "respond-async")
		if err != nil || a.Status >= 500 {
			t.Fatalf("%s %s: %v, %d %s", method, path, err, a.Status, a.Body)
		}
		var m made
		if a.Status == http.StatusCreated {
			a.Into(t, &m)
		}
		return m.ID
	}
	any := func(of ...string) string { return of[r.IntN(len(of))] }
	for n := range commands {
		p := people[r.IntN(len(people))]
		if len(open) < tickets && n%5 == 0 {
			open = append(open, do(p, "POST", "/api/tickets/", program.Opening(fmt.Sprint("Ticket ", n)).With(object{"priority": any("low", "medium", "high")})))
			continue
		}
		path := "/api/tickets/" + any(open...) + "/"
		switch r.IntN(12) {
		case 0, 1, 2:
			if id := do(p, "POST", "/api/comments/", object{"ticket": path[len("/api/tickets/") : len(path)-1], "text": fmt.Sprint("said ", n), "internal": p.Role != "user" && n%2 == 0}); id != "" {
				said = append(said, id)
			}
		case 3:
			do(p, "PATCH", "/api/comments/"+any(append(said, uuid.NewString())...)+"/", object{"text": fmt.Sprint("edited ", n)})
		case 4:
			do(p, "DELETE", "/api/comments/"+any(append(said, uuid.NewString())...)+"/", nil)
		case 5, 6: // several events in one append
			do(p, "PATCH", path, object{"title": fmt.Sprint("Title ", n), "priority": any("low", "medium", "high"), "description": fmt.Sprint("d", n%3)})
		case 7:
			do(p, "POST", path+"assign/", object{"assigned_to": any("eve", "root")})
		case 8:
			if n%4 == 0 {
				do(p, "DELETE", path, nil)
			}
		default:
			do(p, "POST", path+any("start", "resolve", "close", "reopen", "escalate")+"/", object{})
		}
	}
}

// TestThePastIsWhatTheExportedLogSays compares what was known of every ticket at
// many instants, over HTTP, with a fold of what an auditor can take home.
func TestThePastIsWhatTheExportedLogSays(t *testing.T) {
	t.Parallel()
	const pairs = 10_000
	db := pgtest.New(t)
	d := program.OpenOn(t, db, "HELPDESK_DATA_DIR="+t.TempDir())
	busy(t, d, 95, 600)
	lines := exportTickets(t, d, eventstore.New(db.Pool(t), keys.Codec(t, db.Pool(t)), func([]string) {}))
	var instants []time.Time
	for _, of := range lines {
		for _, e := range of {
			instants = append(instants, e.RecordedAt, e.RecordedAt.Add(-time.Microsecond))
		}
	}
	r := rand.New(rand.NewPCG(7, 11))
	r.Shuffle(len(instants), func(i, j int) { instants[i], instants[j] = instants[j], instants[i] })
	compared, shown := 0, 0
	for _, at := range instants {
		if compared >= pairs {
			break
		}
		got := map[string]program.Ticket{}
		for _, v := range program.Get[program.List[program.Ticket]](t, d.Admin, "/api/tickets/?page_size=100&as_of="+stamp(at)).Results {
			got[v.ID] = unnamed(v)
		}
		shown += len(got)
		for id := range lines {
			compared++
			want := foldLines(lines[id], at)
			v, there := got[id]
			if want == nil || !there {
				if there || want != nil {
					t.Errorf("%s at %s: in the list: %v, by the log: %+v", id, at, there, want)
				}
				continue
			}
			want.Comments = nil
			if diff := gocmp.Diff(*want, v, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s at %s (-fold of the export +list):\n%s", id, at, diff)
			}
		}
	}
	if compared < pairs || shown < pairs/3 {
		t.Errorf("compared %d pairs, %d of tickets that were there", compared, shown)
	}
	checkSingles(t, d, r, lines)
}

func stamp(at time.Time) string { return url.QueryEscape(at.UTC().Format(time.RFC3339Nano)) }

// checkSingles does the same with single tickets and their comments, by instant
// and by version.
func checkSingles(t *testing.T, d *program.Helpdesk, r *rand.Rand, lines map[string][]exported) {
	t.Helper()
	ids := make([]string, 0, len(lines))
	for id := range lines {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for range 300 {
		of := lines[ids[r.IntN(len(ids))]]
		e := of[r.IntN(len(of))]
		last := e // of its append: those before it in there were true at no instant
		for _, other := range of {
			if other.RecordedAt.Equal(e.RecordedAt) {
				last = other
			}
		}
		query := "?as_of=" + stamp(e.RecordedAt)
		if r.IntN(2) == 0 {
			query = fmt.Sprint("?version=", last.Version)
		}
		want := foldLines(of, e.RecordedAt)
		a, err := d.Admin.Do(t.Context(), "GET", "/api/tickets/"+e.Stream+"/"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			if a.Status != http.StatusNotFound {
				t.Errorf("%s%s: got %d %s, and by the log it is gone", e.Stream, query, a.Status, a.Body)
			}
			continue
		}
		if a.Status != http.StatusOK || a.Header.Get("Memento-Datetime") != e.RecordedAt.UTC().Format(http.TimeFormat) {
			t.Errorf("%s%s: got %d, %v", e.Stream, query, a.Status, a.Header)
			continue
		}
		slices.SortFunc(want.Comments, func(a, b program.Comment) int {
			return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
		})
		if diff := gocmp.Diff(*want, unnamed(program.Read[program.Ticket](t, a)), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s%s (-fold of the export +answer):\n%s", e.Stream, query, diff)
		}
	}
}

// TestWhoSeesThePast follows a ticket from hand to hand.
func TestWhoSeesThePast(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	ann, bob := d.Join(t, "ann", "user"), d.Join(t, "bob", "user")
	eve, max, ida := d.Join(t, "eve", "agent"), d.Join(t, "max", "agent"), d.Join(t, "ida", "auditor")
	v := ann.Opens(t, "Printer smokes")
	d.Admin.Assigns(t, v, "eve")
	eve.Comments(t, v, "Again?", true)
	then := recordedNow(t, d, v)
	d.Admin.Assigns(t, v, "max")
	ann.Must(t, http.StatusOK, "PATCH", v.Path(), object{"title": "Copier smokes"})

	past := v.Path() + "?as_of=" + stamp(then)
	for name, c := range map[string]struct {
		who      *program.Person
		status   int
		comments int
		title    string
	}{
		"the requester, without the note":      {ann, http.StatusOK, 0, "[withdrawn]"},
		"another requester":                    {bob, http.StatusNotFound, 0, ""},
		"who had it then":                      {eve, http.StatusNotFound, 0, ""},
		"who has it now, with what was before": {max, http.StatusOK, 1, "Printer smokes"},
		"an auditor":                           {ida, http.StatusOK, 1, "Printer smokes"},
	} {
		a := c.who.Must(t, c.status, "GET", past, nil)
		inList := slices.ContainsFunc(program.Get[program.List[program.Ticket]](t, c.who, "/api/tickets/?as_of="+stamp(then)).Results,
			func(x program.Ticket) bool {
				return x.ID == v.ID && x.Title == c.title && x.CommentCount == c.comments
			})
		said := len(program.Get[program.List[program.Comment]](t, c.who, "/api/comments/?ticket="+v.ID+"&as_of="+stamp(then)).Results)
		if inList != (c.status == http.StatusOK) || said != c.comments {
			t.Errorf("%s: in the list: %v, %d comments", name, inList, said)
		}
		if c.status != http.StatusOK {
			continue
		}
		got := program.Read[program.Ticket](t, a)
		if got.Title != c.title || got.AssignedTo == nil || got.AssignedTo.Username != "eve" || len(got.Comments) != c.comments {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	d.Admin.Must(t, http.StatusNoContent, "DELETE", v.Path(), nil)
	ann.Must(t, http.StatusNotFound, "GET", past, nil)
	max.Must(t, http.StatusNotFound, "GET", past, nil)
	ida.Must(t, http.StatusOK, "GET", past, nil)
	ida.Must(t, http.StatusOK, "GET", fmt.Sprintf("/api/tickets/%d/diff/?from=1&to=2", v.Number), nil)
	d.Admin.Must(t, http.StatusOK, "GET", v.Path()+"?version=1", nil)
	d.Admin.Must(t, http.StatusNotFound, "GET", v.Path()+"?as_of="+stamp(time.Now().Add(-time.Hour)), nil)
	d.Admin.Must(t, http.StatusBadRequest, "GET", v.Path()+"?as_of="+stamp(time.Now().Add(time.Hour)), nil)
}

// recordedNow returns when the newest event of a ticket was recorded.
func recordedNow(t *testing.T, d *program.Helpdesk, v program.Ticket) time.Time {
	t.Helper()
	entries := program.Get[program.List[struct {
		RecordedAt time.Time `json:"recorded_at"`
	}]](t, d.Admin, v.Path("history")+"?page_size=100").Results
	return entries[len(entries)-1].RecordedAt
}
