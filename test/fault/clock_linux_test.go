package fault

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// clockAhead is how far the clock of the database was ahead: time enough to see it named,
// and soon over.
const clockAhead = 12 * time.Second

// TestAClockThatWasAheadIsNamed leaves the log as a clock that was ahead does, while
// somebody writes, until the clock has come to where it was. Nobody is refused: what is
// written meanwhile has the time of the newest event.
func TestAClockThatWasAheadIsNamed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	h := program.OpenOn(t, db, requestTime)
	h.Admin.Opens(t, "before")
	l := keepWriting(t, h.Admin.Client, "It smokes.")
	l.acknowledged(t, time.Time{})
	set := fmt.Sprintf(`UPDATE log_head SET recorded_at = clock_timestamp() + interval '%d seconds'`, int(clockAhead.Seconds()))
	if err := db.OwnerPool(t).QueryRow(t.Context(), set+` RETURNING true`).Scan(new(bool)); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	const named = "the newest event lies"
	warns(t, h.Program, named, true)
	within(t, "/readyz warns", begun, told)
	if value := metric(t.Context(), h.Client(t), "helpdesk_log_head_ahead_seconds"); value == "0" || value == "" {
		t.Errorf("the metric is %q", value)
	}
	within(t, "the metric names it", begun, told)
	line := logLine(h.Program, `level=ERROR msg="`+named)
	if line == "" {
		t.Errorf("the log does not say so:\n%s", h.Log())
	}
	t.Logf("the log: %s", line)
	frozen := h.Admin.Opens(t, "frozen")
	if ahead := time.Until(frozen.UpdatedAt); ahead < clockAhead-slow*told {
		t.Errorf("what is written has a time %v ahead", ahead)
	}
	theInstant(t, h.Admin, frozen)

	eventually(t, "the clock to come to the newest event", func(context.Context) bool { return time.Now().After(frozen.UpdatedAt) })
	ended := time.Now()
	l.acknowledged(t, ended)
	within(t, "a write is taken", ended, mended)
	warns(t, h.Program, named, false)
	within(t, "/readyz does not warn any more", ended, mended)
	l.check(t)
}

// warns waits until /readyz, which is ready all the time, warns of something or does not.
func warns(t *testing.T, p *program.Program, of string, want bool) {
	t.Helper()
	operator := p.Client(t)
	eventually(t, fmt.Sprintf("a warning: %v", want), func(ctx context.Context) bool {
		a, err := operator.Do(ctx, "GET", "/readyz", nil)
		return err == nil && a.Status == http.StatusOK && strings.Contains(string(a.Body), of) == want
	})
}

// theInstant fails the test unless a ticket that was opened with the time of the newest
// event is there at that time, earlier ones now, and both in the report.
func theInstant(t *testing.T, who *program.Person, frozen program.Ticket) {
	t.Helper()
	at := frozen.UpdatedAt.UTC().Format(time.RFC3339Nano)
	for _, path := range []string{frozen.Path() + "?as_of=", "/api/tickets/?created_by=me&as_of="} {
		if a := who.Must(t, http.StatusOK, "GET", path+at, nil); !strings.Contains(string(a.Body), frozen.ID) {
			t.Errorf("%s%s: %s", path, at, a.Body)
		}
	}
	now := time.Now().UTC().Format(time.RFC3339Nano)
	if a := who.Must(t, http.StatusOK, "GET", "/api/tickets/?ordering=number&as_of="+now, nil); !strings.Contains(string(a.Body), `"before"`) {
		t.Errorf("as of now: %s", a.Body)
	}
	report := program.Get[struct {
		Opened int `json:"tickets_opened_last_7_days"`
	}](t, who, "/api/report/")
	if list := program.Get[program.List[program.Ticket]](t, who, "/api/tickets/?count=true"); report.Opened == 0 || report.Opened > int(*list.Count) {
		t.Errorf("the report has %d tickets of %d", report.Opened, *list.Count)
	}
}
