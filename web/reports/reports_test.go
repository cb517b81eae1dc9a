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

// root and parts are where the page of reports is, and what it is made of.
const root = "/admin/reports/"

var parts = []string{"", "trend/", "times/", "agents/"}

func TestReportsSayWhenTheyAreNotComplete(t *testing.T) {
	t.Parallel()
	const said = "These figures are not complete yet"
	for _, part := range parts {
		t.Run("of "+root+part, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.head = uncountedNotable - 1 // the numbers of this site are up to position 0
			s.Get("auditor", root+part).Holds(200).Lacks(said)
			s.head = 8_695_700
			s.Get("auditor", root+part).Holds(200, said, "8\u202f695\u202f700 events")
		})
	}
}

func TestThePartsOfAReport(t *testing.T) {
	t.Parallel()
	const at = "?as_of=20260131T120000.000000Z"
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"come after the page": func(t *testing.T, s *site) {
			s.Get("auditor", root).Holds(200, "1\u202f234", "Daily", `data-later="/admin/reports/trend/`+at+`"`, `href="/admin/reports/times/`+at+`"`, "Agents")
			if s.spans != nil {
				t.Error("the page waits for its parts")
			}
		},
		"the trend": func(_ *testing.T, s *site) {
			s.Get("auditor", root+"trend/"+at).Holds(200, `id="trend"`, "Daily", "<desc", "Show as a table", "Sun 25 Jan 2026",
				"/api/reports/daily/export/?as_of=2026-01-31T12%3A00%3A00Z&amp;bom=true&amp;from=2026-01-25&amp;to=2026-01-31", "v-100h", "7 values from 25 January 2026, between 2 and 8. The last is 8.")
		},
		"the times": func(_ *testing.T, s *site) {
			s.Get("auditor", root+"times/"+at).Holds(200, `id="times"`, "1 minute 30 seconds", "<html")
		},
		"the times, for a script": func(_ *testing.T, s *site) {
			byScript := httptest.NewRequest(http.MethodGet, root+"times/"+at, nil)
			byScript.Header.Set("X-Part", "yes")
			s.Send("auditor", byScript).Holds(200, `id="times"`, "1 minute 30 seconds").Lacks("<html")
		},
		"the agents": func(_ *testing.T, s *site) {
			s.Get("auditor", root+"agents/"+at).Holds(200, `id="agents"`, "1 hour 30 minutes", "unassigned", "/api/reports/agents/export/?as_of=2026-01-31T12%3A00%3A00Z&amp;bom=true&amp;days=7")
		},
		"a year is small": func(t *testing.T, s *site) {
			a := s.Get("admin", root+"trend/?days=366").Holds(200, "Every two weeks")
			if n := a.Body.Len(); n > 45_000 {
				t.Errorf("the page of a year has %d bytes", n)
			}
		},
	})
}

func TestReportsAreOfAnyPeriod(t *testing.T) {
	t.Parallel()
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
		t.Run("by "+query, func(t *testing.T) {
			t.Parallel()
			p, err := readPeriod(valuesOf(query))
			if p.AsOf.IsZero() {
				p.AsOf = webtest.Noon
			}
			spans := p.spans()
			for i := 1; i < len(spans); i++ {
				if !spans[i].Since.Equal(spans[i-1].Upto) {
					t.Errorf("there is a gap before %v", spans[i])
				}
			}
			last := len(spans) - 1
			got := []any{len(spans), spans[0].Since.UTC().Format(time.RFC3339Nano), spans[last].Upto.UTC().Format(time.RFC3339Nano)}
			if diff := cmp.Diff([]any{want.n, want.first, want.last}, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			s := open(t)
			for _, part := range parts {
				s.Get("admin", root+part+query).Holds(200)
			}
		})
	}
	for _, query := range []string{"?days=0", "?days=367", "?days=x", "?as_of=x", "?as_of=2026-02-01T00:00", "?tz=Nowhere/Land", "?tz=Local", "?tz=localtime", "?tz=posix/UTC", "?as_of=0001-01-01T00:00:00Z"} {
		t.Run("not by "+query, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			for _, part := range parts {
				s.Get("admin", root+part+query).Holds(400, "Unknown report")
			}
		})
	}
}

func valuesOf(query string) map[string][]string {
	values := map[string][]string{}
	for pair := range strings.SplitSeq(strings.TrimPrefix(query, "?"), "&") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			values[name] = []string{value}
		}
	}
	return values
}
