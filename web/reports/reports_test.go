package reports

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"helpdesk/web/webtest"
)

func TestReportsSayWhenTheyAreNotComplete(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	const said = "These figures are not complete yet"
	for _, path := range []string{"/admin/reports/", "/admin/reports/trend/", "/admin/reports/times/", "/admin/reports/agents/"} {
		d.head = uncountedNotable - 1 // the numbers of this desk are up to position 0
		webtest.Lacks(t, webtest.Get(s, "auditor", path).Body.String(), said)
		d.head = 8_695_700
		webtest.Holds(t, webtest.Get(s, "auditor", path), 200, said, "8\u202f695\u202f700 events")
	}
}

func TestReportsAreOfAnyPeriod(t *testing.T) {
	t.Parallel()
	d := newDesk()
	s := newSite(t, d)
	w := webtest.Get(s, "auditor", "/admin/reports/")
	at := "?as_of=20260131T120000.000000Z"
	webtest.Holds(t, w, 200, "1\u202f234", "Daily", `data-later="/admin/reports/trend/`+at+`"`, `href="/admin/reports/times/`+at+`"`, "Agents")
	if d.spans != nil {
		t.Error("the page waits for its parts")
	}
	webtest.Holds(t, webtest.Get(s, "auditor", "/admin/reports/trend/"+at), 200, `id="trend"`, "Daily", "<desc", "Show as a table", "Sun 25 Jan 2026",
		"v-100h", "7 values from 25 January 2026, between 2 and 8. The last is 8.")
	webtest.Holds(t, webtest.Get(s, "auditor", "/admin/reports/times/"+at), 200, `id="times"`, "1 minute 30 seconds", "<html")
	byScript := httptest.NewRequest(http.MethodGet, "/admin/reports/times/"+at, nil)
	byScript.Header.Set("X-Part", "yes")
	w = webtest.Send(s, "auditor", byScript)
	webtest.Holds(t, w, 200, `id="times"`, "1 minute 30 seconds")
	webtest.Lacks(t, w.Body.String(), "<html")
	webtest.Holds(t, webtest.Get(s, "auditor", "/admin/reports/agents/"+at), 200, `id="agents"`, "1 hour 30 minutes", "unassigned")
	for query, want := range map[string]struct {
		n           int
		first, last string
	}{
		"":                                      {7, "2026-01-25T00:00:00Z", "2026-01-31T12:00:00.000001Z"},
		"?days=1":                               {1, "2026-01-31T00:00:00Z", "2026-01-31T12:00:00.000001Z"},
		"?days=31":                              {31, "2026-01-01T00:00:00Z", "2026-01-31T12:00:00.000001Z"},
		"?days=366":                             {27, "2025-01-19T00:00:00Z", "2026-01-31T12:00:00.000001Z"},
		"?days=2&tz=Asia/Tokyo":                 {2, "2026-01-29T15:00:00Z", "2026-01-31T12:00:00.000001Z"},
		"?as_of=2026-01-10T08:30":               {7, "2026-01-04T00:00:00Z", "2026-01-10T08:30:00.000001Z"},
		"?as_of=2026-01-10T08:30&tz=Asia/Tokyo": {7, "2026-01-03T15:00:00Z", "2026-01-09T23:30:00.000001Z"},
		"?as_of=2026-01-10T00:00:00.000005Z":    {7, "2026-01-04T00:00:00Z", "2026-01-10T00:00:00.000006Z"},
	} {
		p, err := readPeriod(valuesOf(t, query))
		if p.AsOf.IsZero() {
			p.AsOf = webtest.Noon
		}
		spans := p.spans()
		for i := 1; i < len(spans); i++ {
			if !spans[i].Since.Equal(spans[i-1].Upto) {
				t.Errorf("%s: there is a gap before %v", query, spans[i])
			}
		}
		last := len(spans) - 1
		got := []any{len(spans), spans[0].Since.UTC().Format(time.RFC3339Nano), spans[last].Upto.UTC().Format(time.RFC3339Nano)}
		if diff := cmp.Diff([]any{want.n, want.first, want.last}, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", query, err, diff)
		}
		for _, part := range []string{"", "trend/", "times/", "agents/"} {
			webtest.Holds(t, webtest.Get(s, "admin", "/admin/reports/"+part+query), 200)
		}
	}
	w = webtest.Get(s, "admin", "/admin/reports/trend/?days=366")
	webtest.Holds(t, w, 200, "Every two weeks")
	if n := w.Body.Len(); n > 45_000 {
		t.Errorf("the page of a year has %d bytes", n)
	}
	for _, query := range []string{"?days=0", "?days=367", "?days=x", "?as_of=x", "?as_of=2026-02-01T00:00", "?tz=Nowhere/Land", "?tz=Local"} {
		for _, part := range []string{"", "trend/", "times/", "agents/"} {
			webtest.Holds(t, webtest.Get(s, "admin", "/admin/reports/"+part+query), 400, "Unknown report")
		}
	}
}

func valuesOf(t *testing.T, query string) map[string][]string {
	t.Helper()
	values := map[string][]string{}
	for pair := range strings.SplitSeq(strings.TrimPrefix(query, "?"), "&") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			values[name] = []string{value}
		}
	}
	return values
}
