package reports_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"helpdesk/httpapi"
	"helpdesk/httpapi/apitest"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/reports"
)

var reportPaths = []string{
	"/api/reports/daily/", "/api/reports/status-distribution/", "/api/reports/priorities/", "/api/reports/agents/", "/api/reports/response-times/",
}

func serve(t *testing.T, f *figures) *httpapi.API {
	t.Helper()
	return apitest.Serve(t, reports.Resource{Numbers: f}.Routes())
}

func TestReportsAreNotForEverybody(t *testing.T) {
	h := serve(t, &figures{})
	for _, path := range append(reportPaths, "/api/report/") {
		for name, want := range map[string]int{"": 401, "alice": 403, "agent": 403, "admin": 200} {
			if w := (apitest.Request{As: name, Method: "GET", Path: path}).Send(t, h); w.Code != want {
				t.Errorf("%s as %q: got %d, want %d\n%s", path, name, w.Code, want, w.Body)
			}
		}
	}
}

func TestWhatReportsRefuse(t *testing.T) {
	h := serve(t, &figures{})
	for query, want := range map[string]string{
		"daily/?tz=Mars/Olympus":                              "?tz enum",
		"daily/?tz=../../etc/passwd":                          "?tz enum",
		"daily/?tz=Local":                                     "?tz enum",
		"daily/?tz=localtime":                                 "?tz enum",
		"daily/?tz=posixrules":                                "?tz enum",
		"daily/?tz=right/Europe/Vienna":                       "?tz enum",
		"daily/?tz=":                                          "?tz enum",
		"daily/?to=9999-12-31":                                "?to out_of_range",
		"daily/?from=0001-01-01&to=0001-01-02":                "?from out_of_range, ?to out_of_range",
		"agents/?as_of=0001-01-01T00:00:00Z":                  "?as_of out_of_range",
		"agents/?as_of=9999-12-31T23:59:59-01:00":             "?as_of out_of_range",
		"daily/?from=2026-02-01&to=2026-01-31":                "?from order",
		"daily/?from=2025-01-01&to=2026-01-02":                "?from max_length",
		"daily/?from=2026-02-30":                              "?from format",
		"daily/?to=yesterday":                                 "?to format",
		"daily/?as_of=9999-01-01T00:00:00Z":                   "?as_of future",
		"agents/?days=0":                                      "?days minimum",
		"agents/?days=367":                                    "?days maximum",
		"priorities/?as_of=9999-01-01T00:00:00Z":              "?as_of future",
		"response-times/?explain=perhaps":                     "?explain type",
		"response-times/?from=2026-02-01":                     "?from unknown",
		"status-distribution/?explain=true&explain_after=-1":  "?explain_after minimum",
		"status-distribution/?as_of=2026-01-01T00:00:00Z&tz=": "?tz unknown",
	} {
		t.Run(query, func(t *testing.T) {
			w := apitest.Request{As: "admin", Method: "GET", Path: "/api/reports/" + query}.Send(t, h)
			if got := strings.Join(apitest.Faults(apitest.Decoded[problem.Problem](t, w)), ", "); w.Code != 400 || got != want {
				t.Errorf("got %d %s, want 400 %s", w.Code, got, want)
			}
		})
	}
	for _, path := range reportPaths {
		w := apitest.Request{As: "admin", Method: "GET", Path: path + "?explain=true", Head: []string{"Accept: text/csv"}}.Send(t, h)
		if w.Code != 400 || apitest.Faults(apitest.Decoded[problem.Problem](t, w))[0] != "?explain json_only" {
			t.Errorf("%s explained in CSV: got %d %s", path, w.Code, w.Body)
		}
	}
}

func TestTheDaysOfADailyReport(t *testing.T) {
	d := &figures{}
	h := serve(t, d)
	get := func(query string) reports.Table[reports.DayCount] {
		t.Helper()
		return apitest.Decoded[reports.Table[reports.DayCount]](t, apitest.Request{As: "admin", Method: "GET", Path: "/api/reports/daily/" + query}.Send(t, h))
	}
	today := apitest.Noon.Truncate(24 * time.Hour)

	out := get("") // the week that ends today
	if len(out.Rows) != 7 || !d.spans[0].Since.Equal(today.AddDate(0, 0, -6)) || !d.spans[6].Upto.Equal(today.AddDate(0, 0, 1)) {
		t.Errorf("a week: got %d rows of %v", len(out.Rows), d.spans)
	}
	asOf := today.AddDate(0, 0, -1).Add(90 * time.Minute)
	out = get("?as_of=" + asOf.Format(time.RFC3339) + "&from=" + asOf.Format(time.DateOnly) + "&to=" + today.Format(time.DateOnly))
	if len(d.spans) != 1 || !d.spans[0].Upto.Equal(asOf.Add(time.Microsecond)) || !out.Rows[0].To.Equal(asOf) || !out.To.Equal(asOf) {
		t.Errorf("up to the middle of the first of two days: got %v, %+v", d.spans, out)
	}
	out = get("?from=2026-10-24&to=2026-10-26&tz=Europe/Vienna")
	var hours []float64
	for i, s := range d.spans {
		hours = append(hours, s.Upto.Sub(s.Since).Hours())
		if i > 0 && !s.Since.Equal(d.spans[i-1].Upto) {
			t.Errorf("day %d does not follow the one before: %v", i, d.spans)
		}
	}
	if apitest.Noon.After(out.To.Time) {
		if diff := cmp.Diff([]float64{24, 25, 24}, hours); diff != "" {
			t.Errorf("hours (-want +got):\n%s", diff)
		}
	}
}

func TestReportsAsCSVSayTheSame(t *testing.T) {
	h := serve(t, &figures{})
	for path, want := range map[string]string{
		"status-distribution/": "status,priority,tickets\r\nopen,high,3\r\n",
		"priorities/":          "priority,opened,resolved,reopened,escalated,closed,backlog\r\nlow,1,0,0,0,0,7\r\n",
		"agents/": "agent_id,agent,assigned,first_responses,resolved,reopened,escalated,average_seconds,median_seconds,p90_seconds\r\n" +
			"00000000-0000-0000-0000-000000000003,'=agent,0,0,2,0,0,1800.5,1800.5,1800.5\r\n,,1,0,0,0,0,,,\r\n",
		"response-times/": "measure,priority,tickets,average_seconds,median_seconds,p90_seconds\r\nresolution,,0,,,\r\n",
		"daily/?from=2020-02-29&to=2020-02-29&tz=Asia/Tokyo": "date,from,to,priority,opened,resolved,reopened,escalated,closed,backlog\r\n" +
			"2020-02-29,2020-02-28T15:00:00.000000Z,2020-02-29T15:00:00.000000Z,low,1,0,0,0,0,7\r\n",
	} {
		t.Run(path, func(t *testing.T) {
			w := apitest.Request{As: "admin", Method: "GET", Path: "/api/reports/" + path, Head: []string{"Accept: text/csv"}}.Send(t, h)
			if w.Code != http.StatusOK || w.Header().Get("Content-Type") != httpapi.CSVType || !strings.HasSuffix(w.Header().Get("Content-Disposition"), `.csv"`) {
				t.Errorf("got %d %v", w.Code, w.Header())
			}
			if diff := cmp.Diff(want, w.Body.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestANumberIsOpened(t *testing.T) {
	d := &figures{}
	h := serve(t, d)
	get := func(query string) reports.Table[reports.StatusCount] {
		t.Helper()
		return apitest.Decoded[reports.Table[reports.StatusCount]](t, apitest.Request{As: "admin", Method: "GET", Path: "/api/reports/status-distribution/" + query}.Send(t, h))
	}
	if out := get(""); out.Explanation != nil || d.explain.Wanted {
		t.Errorf("explained without being asked: %+v", out)
	}
	out := get("?explain=true&explain_after=4")
	if !d.explain.Wanted || d.explain.After != 4 || d.explain.Limit != 1000 {
		t.Errorf("asked for %+v", d.explain)
	}
	if out.Explanation == nil || len(out.Explanation.Events) != 1 || *out.Explanation.Next != 8 || out.Explanation.Events[0].Position != 8 {
		t.Errorf("got %+v", out.Explanation)
	}
}

func TestTheReportNamesItsSpan(t *testing.T) {
	for query, want := range map[string]string{
		"": `{"tickets_opened_last_7_days":7,"tickets_resolved_last_7_days":0,"tickets_escalated_last_7_days":0,` +
			`"from":"2026-01-31T12:00:00.120000Z","to":"2026-01-31T12:00:00.120000Z","as_of_position":9}`,
		"?days=30&as_of=2026-01-31T12:00:00Z": `{"tickets_opened":30,"tickets_resolved":0,"tickets_escalated":0,` +
			`"from":"2026-01-31T12:00:00.120000Z","to":"2026-01-31T12:00:00.120000Z","as_of_position":9}`,
	} {
		t.Run(query, func(t *testing.T) {
			w := apitest.Request{As: "admin", Method: http.MethodGet, Path: "/api/report/" + query}.Send(t, serve(t, &figures{}))
			if diff := cmp.Diff(want+"\n", w.Body.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAReportOfThePastNamesItsInstant(t *testing.T) {
	w := apitest.Request{As: "admin", Method: "GET", Path: "/api/report/?as_of=2026-01-31T11:45:00Z"}.Send(t, serve(t, &figures{}))
	if got, want := w.Header().Get("Memento-Datetime"), "Sat, 31 Jan 2026 11:45:00 GMT"; w.Code != http.StatusOK || got != want {
		t.Errorf("got %d, %q, want %q", w.Code, got, want)
	}
}
