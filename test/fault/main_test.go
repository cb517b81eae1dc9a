// Package fault ends the true program and its Postgres in the middle of their
// work, and holds what is left against DESIGN.md's promises.
package fault

import (
	"context"
	"testing"
	"time"

	"helpdesk/test/pgtest"
)

// patience is far above what anything here takes.
const patience = time.Minute

func TestMain(m *testing.M) { pgtest.Main(m) }

// eventually looks again and again until ok, and fails the test when it never
// is.
func eventually(t testing.TB, what string, ok func(ctx context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok(ctx) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("after %v still not: %s", patience, what)
		}
	}
}
