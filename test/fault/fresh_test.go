package fault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// freshPairs is how many writes are read in another process; FRESH_PAIRS says another
// number.
func freshPairs(t *testing.T) int {
	t.Helper()
	text := os.Getenv("FRESH_PAIRS")
	if text == "" {
		return 240
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("FRESH_PAIRS: %v", err)
	}
	return n
}

// TestWhatOneProcessWroteTheOtherReads writes in one process and reads in another at
// once, without any header: no answer may be older than the write. The process that
// is written to does no work of projections.
func TestWhatOneProcessWroteTheOtherReads(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	here := program.ServeAs(t, "api", program.On(db)...)
	there := program.ServeAs(t, "all", program.On(db)...)
	program.Superuser(t, program.On(db), "root")
	root := here.SignIn(t, "root")
	var opened atomic.Int64
	var group errgroup.Group
	group.SetLimit(8)
	for i := range freshPairs(t) {
		group.Go(func() error {
			word := fmt.Sprintf("fresh%dword", i)
			written, err := root.Do(t.Context(), http.MethodPost, "/api/tickets/", program.Opening("A "+word))
			if err != nil {
				return err
			}
			var ticket program.Ticket
			if err := json.Unmarshal(written.Body, &ticket); err != nil {
				return err
			}
			n := opened.Add(1)
			reader := root.Client.At(there)
			for what, c := range map[string]struct{ path, want string }{
				"the ticket":  {ticket.Path(), word},
				"the list":    {"/api/tickets/?page_size=50", word},
				"a search":    {"/api/tickets/?q=" + word, word},
				"its history": {ticket.Path("history"), "ticket.opened"},
				"the past":    {ticket.Path() + "?version=1", word},
			} {
				a, err := reader.Do(t.Context(), http.MethodGet, c.path, nil)
				if err != nil {
					return err
				}
				if a.Status != http.StatusOK || !strings.Contains(string(a.Body), c.want) {
					t.Errorf("write %d: %s is old: GET %s answers %d %.300s", i, what, c.path, a.Status, a.Body)
				}
			}
			return atLeastOpened(t, reader, n)
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

// atLeastOpened checks that the report has the tickets that were opened before it was
// asked for.
func atLeastOpened(t *testing.T, reader *program.Client, n int64) error {
	a, err := reader.Do(t.Context(), http.MethodGet, "/api/report/", nil)
	if err != nil {
		return err
	}
	var report struct {
		Opened int64 `json:"tickets_opened_last_7_days"`
	}
	if err := json.Unmarshal(a.Body, &report); err != nil {
		return err
	}
	if report.Opened < n {
		t.Errorf("the report is old: %d opened, want at least %d", report.Opened, n)
	}
	return nil
}
