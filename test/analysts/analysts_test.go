// Package analysts holds what analysts read with tools of their own against what
// the API answers, row by row, on the demo's year: psql, pandas over psycopg2, and
// the API's own CSV.
//
// TEST_ANALYSTS is how many tickets the year has, "make test-analysts" sets it.
package analysts

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// year is the program with a demo's year, an admin, and the database as an analyst
// has it.
type year struct {
	admin   *program.Client
	python  string // paths
	psql    string
	analyst string // where the database is, as one
}

func open(t *testing.T) year {
	t.Helper()
	tickets := os.Getenv("TEST_ANALYSTS")
	if tickets == "" {
		t.Skip("TEST_ANALYSTS is not set: make test-analysts does it")
	}
	db := pgtest.New(t)
	d := year{python: python(t), psql: db.Tool(t, "psql")}
	env := append(program.On(db), "HELPDESK_DATA_DIR="+t.TempDir())
	run := func(args ...string) string {
		stdout, stderr, err := program.Run(context.Background(), t, "", env, args...) // cleanups use it too
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, stderr)
		}
		return stdout
	}
	said := run("demo", "--tickets", tickets)
	login := regexp.MustCompile(`password (\w+),.* (\S+) \(admin\)`).FindStringSubmatch(said)
	if login == nil {
		t.Fatalf("no admin is named in %q", said)
	}
	name := db.Name + "_ann" // logins are the server's, which other tests share
	run("analyst", "create", name)
	t.Cleanup(func() { run("analyst", "drop", name) })
	at, err := url.Parse(db.ServiceURL)
	if err != nil {
		t.Fatal(err)
	}
	at.User = url.User(name)
	d.analyst = at.String()
	d.admin = program.Serve(t, env...).Client(t)
	d.admin.Must(t, http.StatusOK, "POST", "/api/login/", map[string]string{"username": login[2], "password": login[1]})
	return d
}

// python returns the path of one that has what analysts use: the first of the
// path, or the system's, which may be another.
func python(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(path, "-c", "import pandas, psycopg2").Run() == nil {
			return path
		}
	}
	t.Skip("there is no Python with pandas and psycopg2 here (Debian: apt-get install python3-pandas python3-psycopg2)")
	return ""
}

// table is rows of texts under a row of names.
type table [][]string

// read reads CSV. Instants are written in one way, whatever way they came.
func read(t *testing.T, data []byte) table {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatalf("%v in %.300s", err, data)
	}
	for _, row := range rows {
		for i, cell := range row {
			row[i] = plain(cell)
		}
	}
	return rows
}

// plain writes instants in UTC, and numbers without a fraction that is nothing.
func plain(cell string) string {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999-07", "2006-01-02 15:04:05.999999-07:00"} {
		if at, err := time.Parse(form, cell); err == nil {
			return at.UTC().Format(time.RFC3339Nano)
		}
	}
	if n, err := strconv.ParseFloat(cell, 64); err == nil && n == float64(int64(n)) {
		return strconv.FormatInt(int64(n), 10)
	}
	return cell
}

// byPsql and byPandas return the result of a query.
func (d year) byPsql(t *testing.T, query string) table {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), d.psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", d.analyst)
	cmd.Stdin = strings.NewReader(`\copy (` + strings.ReplaceAll(query, "\n", " ") + `) TO STDOUT CSV HEADER`)
	return d.ask(t, cmd)
}

func (d year) byPandas(t *testing.T, query string) table {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), d.python, "read.py", d.analyst)
	cmd.Stdin = strings.NewReader(query)
	return d.ask(t, cmd)
}

func (year) ask(t *testing.T, cmd *exec.Cmd) table {
	t.Helper()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, errs.String())
	}
	return read(t, out)
}

// asCSV returns a path of the API as CSV.
func (d year) asCSV(t *testing.T, path string) table {
	t.Helper()
	return read(t, d.admin.Must(t, http.StatusOK, "GET", path, nil, "Accept", "text/csv").Body)
}

// asJSON returns the rows of a path of the API, all pages of it, with the members
// that are named. Of a person it is the username.
func (d year) asJSON(t *testing.T, path string, columns []string) table {
	t.Helper()
	rows := table{columns}
	for path != "" {
		var page struct {
			Next    string
			Results []map[string]any
			Rows    []map[string]any // of reports
		}
		decoder := json.NewDecoder(bytes.NewReader(d.admin.Must(t, http.StatusOK, "GET", path, nil).Body))
		decoder.UseNumber()
		if err := decoder.Decode(&page); err != nil {
			t.Fatal(err)
		}
		for _, result := range append(page.Results, page.Rows...) {
			row := make([]string, len(columns))
			for i, column := range columns {
				switch v := result[column].(type) {
				case nil:
				case map[string]any:
					row[i] = fmt.Sprint(v["username"])
				default:
					row[i] = plain(fmt.Sprint(v))
				}
			}
			rows = append(rows, row)
		}
		next, err := url.Parse(page.Next)
		if err != nil {
			t.Fatal(err)
		}
		path = next.RequestURI()
		if page.Next == "" {
			path = ""
		}
	}
	return rows
}

// agree compares tables with that of the API's JSON.
func agree(t *testing.T, what string, least int, want table, others map[string]table) {
	t.Helper()
	if len(want) <= least {
		t.Errorf("%s: %d rows are too few to tell", what, len(want)-1)
	}
	for name, got := range others {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s by %s (-JSON +%s):\n%.3000s", what, name, name, diff)
		}
	}
	t.Logf("%s: %d rows were compared", what, len(want)-1)
}

const ticketsSQL = `
SELECT t.id, t.number, t.title, t.description, t.priority, t.status, r.username AS created_by, a.username AS assigned_to, t.created_at,
    t.updated_at, t.first_response_at, t.resolved_at, t.closed_at, t.escalated_at, t.public_comments + t.internal_comments AS comment_count, t.version
FROM tickets AS t JOIN users AS r ON r.id = t.created_by LEFT JOIN users AS a ON a.id = t.assigned_to
ORDER BY t.created_at DESC, t.id DESC`

const commentsSQL = `
SELECT c.id, c.ticket_id AS ticket, t.number AS ticket_number, u.username AS author, c.text, CASE WHEN c.internal THEN 'true' ELSE 'false' END AS internal,
    c.created_at, c.edited_at
FROM comments AS c JOIN tickets AS t ON t.id = c.ticket_id JOIN users AS u ON u.id = c.author_id
ORDER BY c.created_at, c.id`

const dailySQL = `
SELECT to_char(day, 'YYYY-MM-DD') AS date, priority, opened, resolved, reopened, escalated, closed, backlog
FROM daily_stats WHERE day BETWEEN '%s' AND '%s'
ORDER BY day, array_position(ARRAY['low', 'medium', 'high'], priority)`

const reportSQL = `
SELECT count(DISTINCT ticket_id) FILTER (WHERE fact = 'opened') AS tickets_opened_last_7_days,
    count(DISTINCT ticket_id) FILTER (WHERE fact = 'resolved') AS tickets_resolved_last_7_days,
    count(DISTINCT ticket_id) FILTER (WHERE fact = 'escalated') AS tickets_escalated_last_7_days
FROM ticket_facts WHERE occurred_at > '%[1]s'::timestamptz - interval '7 days' AND occurred_at <= '%[1]s'`

func TestWhatAnalystsReadIsWhatTheAPIAnswers(t *testing.T) {
	d := open(t)

	sheet := d.asCSV(t, "/api/tickets/")
	agree(t, "tickets", 100, d.asJSON(t, "/api/tickets/?page_size=100", sheet[0]), map[string]table{
		"CSV": sheet, "psql": d.byPsql(t, ticketsSQL), "pandas": d.byPandas(t, ticketsSQL),
	})

	comments := d.byPsql(t, commentsSQL)
	agree(t, "comments", 100, d.asJSON(t, "/api/comments/?page_size=100", comments[0]), map[string]table{"psql": comments, "pandas": d.byPandas(t, commentsSQL)})

	to := time.Now().UTC()
	from := d.byPsql(t, "SELECT to_char(min(day), 'YYYY-MM-DD') FROM daily_stats")[1][0] // the API has days before the first ticket, too
	span := fmt.Sprintf("?from=%s&to=%s", from, to.Format(time.DateOnly))
	query := fmt.Sprintf(dailySQL, from, to.Format(time.DateOnly))
	days := d.byPsql(t, query)
	agree(t, "days", 1000, d.asJSON(t, "/api/reports/daily/"+span, days[0]), map[string]table{
		"CSV": only(d.asCSV(t, "/api/reports/daily/"+span), days[0]), "psql": days, "pandas": d.byPandas(t, query),
	})

	for _, back := range []int{0, 1, 30, 200} {
		asOf := to.Add(-time.Duration(back) * 24 * time.Hour).Format(time.RFC3339)
		var report map[string]any
		d.admin.Must(t, http.StatusOK, "GET", "/api/report/?as_of="+asOf, nil).Into(t, &report)
		query := fmt.Sprintf(reportSQL, asOf)
		figures := d.byPsql(t, query)
		row := make([]string, len(figures[0]))
		for i, name := range figures[0] {
			row[i] = plain(fmt.Sprint(report[name]))
		}
		agree(t, "report as of "+asOf, 0, table{figures[0], row}, map[string]table{"psql": figures, "pandas": d.byPandas(t, query)})
	}
}

// only returns the columns that are named.
func only(rows table, columns []string) table {
	narrow := make(table, len(rows))
	for _, column := range columns {
		at := slices.Index(rows[0], column)
		for i, row := range rows {
			narrow[i] = append(narrow[i], row[at])
		}
	}
	return narrow
}
