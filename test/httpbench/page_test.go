package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"helpdesk/test/counts"
	"helpdesk/test/load"
	"helpdesk/test/pgcount"
)

// found are findings of one row.
func found(t *testing.T) *findings {
	all := []time.Duration{time.Millisecond, 3 * time.Millisecond}
	dir := t.TempDir()
	f := &findings{
		config: config{tickets: 10, lasts: time.Second, page: filepath.Join(dir, "page.md"), plot: filepath.Join(dir, "plot.svg"), growth: sizes{10, 100}},
		space:  space{All: 200_000, Events: 50, Relations: []relation{{"events", 1000, 500}}},
		rows: []figures{{
			row: row{"create", 32, 0.5}, writes: true, commits: -1,
			floor: load.Result{Took: time.Second, All: append(all, all...)}, ours: load.Result{Took: time.Second, All: all},
			cpu: 2 * time.Millisecond, floorCPU: time.Millisecond / 5,
			counts: &counts.Counts{Request: pgcount.Counts{Statements: 8, Commits: 2, RoundTrips: 5}},
		}},
		growth: []growth{{"report", []time.Duration{time.Millisecond, 2 * time.Millisecond}}},
	}
	return f
}

func TestTheSectionIsWrittenAnew(t *testing.T) {
	t.Parallel()
	f := found(t)
	if err := os.WriteFile(f.page, []byte("before\n"+sectionBegins+"what was measured last\n"+sectionEnds+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.write(io.Discard); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(f.page)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	if strings.Contains(page, "last\n") || !strings.HasPrefix(page, "before\n"+sectionBegins) || !strings.HasSuffix(page, sectionEnds+"after\n") {
		t.Errorf("around the section: got %s", page)
	}
	for _, want := range []string{
		"| create, 32 | 2 | 4 | 0.500 | 0.50 | 1.00, 1.00 ms |", // the row's rates and times
		"| create, 32 | 8, 2, 5 | 0, 0, 0 |  | 0.0 kB |",
		"20.0 kB a ticket, 4000 bytes an event",
		"| `events` | 100 | 50 |",
		"| report | 1.00 ms | 2.00 ms | 2.00 |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q:\n%s", want, page)
		}
	}
}

func TestAPageWithoutASectionIsRefused(t *testing.T) {
	t.Parallel()
	f := found(t)
	if err := os.WriteFile(f.page, []byte("before\n"+sectionEnds), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.write(io.Discard); err == nil {
		t.Error("a page without the section was written")
	}
}

func TestThePlotIsXML(t *testing.T) {
	t.Parallel()
	f := found(t)
	f.rows[0].work = `less < "more" & more`
	for d := xml.NewDecoder(bytes.NewReader(f.draw())); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v:\n%s", err, f.draw())
		}
	}
}
