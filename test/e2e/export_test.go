package e2e

import (
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"helpdesk/test/program"
)

// exportLink is where the button of a page leads that has a CSV file.
var exportLink = regexp.MustCompile(`href="([^"]*/export/[^"]*)"`)

// TestTheSiteExportsWhatItShows presses the buttons for CSV files as people of each role.
func TestTheSiteExportsWhatItShows(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	ada, bob := d.Join(t, "ada", "user"), d.Join(t, "bob", "user")
	d.Join(t, "eve", "agent")
	d.Join(t, "oz", "auditor")
	for i := range 30 { // more than a page
		ada.Opens(t, fmt.Sprintf("=Printer %d", i))
	}
	bob.Opens(t, "Scanner")
	for _, c := range []struct {
		who, page string
		lines     int // but for the first
	}{
		{"ada", "/admin/tickets/", 30}, {"bob", "/admin/tickets/", 1}, {"eve", "/admin/tickets/", 31}, {"root", "/admin/tickets/?q=printer", 30},
		{"root", "/admin/tickets/?status=closed", 0}, {"root", "/admin/tickets/?assignee=me", 0}, {"oz", "/admin/tickets/?order=oldest&priority=low", 31},
		{"root", "/admin/reports/trend/", 7 * 3}, {"oz", "/admin/reports/trend/?days=2&tz=Europe/Vienna", 2 * 3}, {"root", "/admin/reports/times/", 8}, {"oz", "/admin/reports/agents/", 0},
	} {
		t.Run(c.who+" "+c.page, func(t *testing.T) {
			v := enters(t, d, c.who)
			_, page := v.get(t, c.page)
			link := exportLink.FindStringSubmatch(page)
			if link == nil {
				t.Fatalf("the page has no export: %s", page)
			}
			answer, err := v.Client.Get(d.URL + html.UnescapeString(link[1]))
			if err != nil {
				t.Fatal(err)
			}
			name := regexp.MustCompile(`^attachment; filename="[a-z-]+-` + time.Now().UTC().Format("2006") + `-\d\d-\d\d\.csv"$`)
			if got := answer.Header.Get("Content-Disposition"); !name.MatchString(got) {
				t.Errorf("the file is %s", got)
			}
			_, text := arrived(t, answer)
			text, marked := strings.CutPrefix(text, "\ufeff")
			lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
			if err != nil || !marked || len(lines) != 1+c.lines {
				t.Fatalf("%v, marked %t, %d lines, want %d:\n%s", err, marked, len(lines), 1+c.lines, text)
			}
			if strings.Contains(text, ",=Printer") {
				t.Errorf("a title is a formula:\n%s", text)
			}
		})
	}
	d.Client(t).Must(t, http.StatusUnauthorized, "GET", "/api/tickets/export/?bom=true", nil)
	bob.Must(t, http.StatusForbidden, "GET", "/api/reports/agents/export/?bom=true", nil)
}
