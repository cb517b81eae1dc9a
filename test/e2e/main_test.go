// Package e2e tests the helpdesk as its clients meet it: the true program on a
// database of its own, spoken to over HTTP alone. What is expected is API.md.
package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type object = program.Object

// position returns the Event-Position of a write.
func position(t *testing.T, a program.Answer) int64 {
	t.Helper()
	var at int64
	if _, err := fmt.Sscan(a.Header.Get("Event-Position"), &at); err != nil {
		t.Fatalf("Event-Position %q: %v", a.Header.Get("Event-Position"), err)
	}
	return at
}

// logHead returns where the log ends, by writing one event and looking where it
// went: the next head is one more when nothing else was written.
func logHead(t *testing.T, d *program.Helpdesk) int64 {
	t.Helper()
	name := fmt.Sprint("R", time.Now().UnixNano())
	return position(t, d.Admin.Must(t, http.StatusOK, "PATCH", "/api/me/", object{"first_name": name}, "Prefer", "respond-async"))
}

// TestOnOneHelpdesk runs at the same time, on one program, what does not mind
// others: who looks at lists or positions does so as somebody of their own.
func TestOnOneHelpdesk(t *testing.T) {
	t.Parallel()
	d := program.Open(t)
	for name, test := range map[string]func(*testing.T, *program.Helpdesk){
		"every transition": allTransitions, "the instants of a ticket": instants, "paging": paging,
		"many writers": manyWriters, "conditional requests": conditional, "conventions": conventions,
		"asynchronous writes": asynchronous, "allowed methods": allow,
		"the session's cookie": cookie, "ends of sessions": endsOfSessions, "roles": roles,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, d)
		})
	}
}
