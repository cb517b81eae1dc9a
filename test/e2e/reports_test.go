package e2e

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// table is a report as JSON.
type table struct {
	Rows []struct {
		Date, Priority, Status, Measure string
		Opened, Resolved, Tickets       int64
		Agent                           *program.Named
	}
	Explanation struct {
		Events []struct {
			Number       string
			TicketNumber int64 `json:"ticket_number"`
			Position     int64
		}
		Next *int64
	}
}

// TestReports asks for every report of a day's work, in each of the ways there
// are: as JSON, as CSV, as an analyst of the database, and with its evidence.
func TestReports(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	d := program.OpenOn(t, db)
	ann, eve, ida := d.Join(t, "ann", "user"), d.Join(t, "eve", "agent"), d.Join(t, "ida", "auditor")
	first, second := ann.Opens(t, "The first", object{"priority": "high"}), ann.Opens(t, "The second")
	d.Admin.Assigns(t, first, "eve")
	eve.Comments(t, first, "Is it plugged in?", false)
	eve.Does(t, first, "resolve")
	ann.Does(t, first, "reopen")
	eve.Does(t, first, "resolve")
	d.Admin.Must(t, http.StatusNoContent, "DELETE", second.Path(), nil)

	get := func(p *program.Person, path string) (out table) {
		t.Helper()
		p.Must(t, http.StatusOK, "GET", path, nil).Into(t, &out)
		return out
	}
	csvOf := func(path string) [][]string {
		t.Helper()
		a := d.Admin.Must(t, http.StatusOK, "GET", path, nil, "Accept", "text/csv")
		records, err := csv.NewReader(strings.NewReader(string(a.Body))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return records[1:]
	}

	daily := get(ida, "/api/reports/daily/?tz=UTC")
	var opened, resolved int64
	for _, r := range daily.Rows {
		opened, resolved = opened+r.Opened, resolved+r.Resolved
	}
	if len(daily.Rows) != 7*3 || opened != 2 || resolved != 1 {
		t.Errorf("of a week: %d rows, %d opened, %d resolved, want 21, 2 and 1", len(daily.Rows), opened, resolved)
	}
	rows, _ := db.AnalystPool(t).Query(t.Context(), // CollectRows answers its error
		`SELECT array[day::text, priority, opened::text, resolved::text, reopened::text, escalated::text, closed::text, backlog::text]
		FROM daily_stats ORDER BY day, array_position(ARRAY['low', 'medium', 'high'], priority)`)
	seen, err := pgx.CollectRows(rows, pgx.RowTo[[]string])
	if err != nil {
		t.Fatal(err)
	}
	var exported [][]string
	for _, r := range csvOf("/api/reports/daily/") {
		exported = append(exported, append([]string{r[0], r[3]}, r[4:]...))
	}
	if diff := cmp.Diff(seen, exported[len(exported)-len(seen):]); diff != "" {
		t.Errorf("the days of the analyst and those of the CSV differ (-analyst +CSV):\n%s", diff)
	}

	agents := get(d.Admin, "/api/reports/agents/?explain=true")
	if len(agents.Rows) != 1 || agents.Rows[0].Agent.Username != "eve" || agents.Rows[0].Resolved != 1 {
		t.Errorf("agents: got %+v", agents.Rows)
	}
	numbers := map[string]int{}
	for _, e := range agents.Explanation.Events {
		numbers[e.Number]++
		if e.TicketNumber != first.Number || e.Position == 0 {
			t.Errorf("behind the agents: %+v", e)
		}
	}
	if want := map[string]int{"assigned": 1, "first_responses": 1, "resolved": 2, "reopened": 1}; !cmp.Equal(numbers, want) || agents.Explanation.Next != nil {
		t.Errorf("behind the agents: got %v, want %v", numbers, want)
	}
	for path, want := range map[string]int{"status-distribution": 15, "priorities": 3, "agents": 1, "response-times": 8} {
		t.Run(path, func(t *testing.T) {
			path = "/api/reports/" + path + "/"
			if got, exported := len(get(ida, path).Rows), len(csvOf(path)); got != want || exported != want {
				t.Errorf("%d rows, as CSV %d, want %d", got, exported, want)
			}
		})
	}
	for _, r := range get(ida, "/api/reports/status-distribution/").Rows {
		want := int64(0)
		if r.Status == "resolved" && r.Priority == "high" {
			want = 1
		}
		if r.Tickets != want {
			t.Errorf("%s tickets of priority %s: %d, want %d", r.Status, r.Priority, r.Tickets, want)
		}
	}
	for _, p := range []*program.Client{ann.Client, eve.Client} {
		p.Must(t, http.StatusForbidden, "GET", "/api/reports/daily/", nil)
	}
}
