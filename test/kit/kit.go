// Package kit is what tests below HTTP stand on: a log on a database of its own, and
// how to wait without sleeping. Those of package eventstore cannot use it, which it
// imports; whole programs are those of package program.
package kit

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Patience is far above what anything waited for takes.
const Patience = 2 * time.Minute

// Context returns a context that ends with the test, and with Patience.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	t.Cleanup(cancel)
	return ctx
}

// Run runs a loop until the test ends or stop is called, and waits for its end.
func Run(t testing.TB, loop func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- loop(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the loop ended with %v", err)
			}
		case <-time.After(Patience):
			t.Error("the loop did not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

// Poll looks until the condition holds, and fails the test when it never does.
func Poll(t testing.TB, what string, condition func() bool) {
	t.Helper()
	limit := time.After(Patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// querier is a connection, a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// One returns the single value of a query.
func One[T any](t testing.TB, db querier, sql string, args ...any) T {
	t.Helper()
	rows, _ := db.Query(Context(t), sql, args...) // CollectExactlyOneRow returns its error
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// NewID returns an id that nothing has.
func NewID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
