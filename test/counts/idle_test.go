package counts

import (
	"strings"
	"testing"

	"helpdesk/test/load"
	"helpdesk/test/pgcount"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// TestAnIdleServiceAsksSeldom counts between polls of the followers, of which there is
// one a second.
func TestAnIdleServiceAsksSeldom(t *testing.T) {
	t.Parallel()
	const polls, aPoll = 6, 4
	db := pgtest.New(t)
	proxy, err := pgcount.Listen(db.ServiceURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	program.OpenOn(t, db, "HELPDESK_DATABASE_URL="+proxy.URL())
	if _, err := load.Quiet(t.Context(), db.OwnerPool(t)); err != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 1000)
	proxy.Trace(func(s pgcount.Statement) { asked <- s.SQL })
	defer proxy.Trace(nil)
	var all []string
	for seen := 0; seen <= polls; { // what came before the first is not counted
		select {
		case q := <-asked:
			if strings.Contains(q, "FROM checkpoints") && strings.HasPrefix(q, "SELECT EXISTS") {
				seen++
			}
			if seen > 0 {
				all = append(all, strings.Join(strings.Fields(q), " "))
			}
		case <-t.Context().Done():
			t.Fatal("the followers do not poll")
		}
	}
	if got := len(all) - 1; got > polls*aPoll {
		t.Errorf("%d statements in %d polls, want at most %d:\n%s", got, polls, polls*aPoll, strings.Join(all, "\n"))
	} else {
		t.Logf("%d statements in %d polls:\n%s", got, polls, strings.Join(all, "\n"))
	}
}
