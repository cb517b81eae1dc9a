package readmodels

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

// TestAnAnalystHoldsUpNobody keeps a transaction of an analyst open, with a
// cursor in the middle of a large result, while a thousand events a second go
// through appends and projections: nobody ever waits for it, and it goes on
// seeing the moment it began at.
func TestAnAnalystHoldsUpNobody(t *testing.T) {
	t.Parallel()
	const rate, span = 1_000, 3 * time.Second
	d := newModels(t, pgtest.Durable())
	d.register(t)
	fresh := d.follow(t, 0)
	alone := d.lags(t, fresh, rate, span) // something to read, and to compare with

	ctx := kit.Context(t)
	conn, err := d.DB.AnalystPool(t).Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	for _, q := range []string{
		`DECLARE slow CURSOR FOR SELECT f.position, g.position FROM ticket_facts AS f, ticket_facts AS g, tickets AS t, comments AS c`,
		`FETCH 1000 FROM slow`,
	} {
		if _, err := tx.Exec(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	count := func() (n int) {
		t.Helper()
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM ticket_facts`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()

	watching, stop := context.WithCancel(ctx)
	waited := make(chan int)
	go func() { waited <- d.waitingFor(watching, t, conn.Conn().PgConn().PID()) }()
	beside := d.lags(t, fresh, rate, span)
	stop()
	if n := <-waited; n > 0 {
		t.Errorf("somebody waited for the analyst at %d looks", n)
	}
	if want := int(rate * span.Seconds() * 0.9); len(beside) < want {
		t.Errorf("%d events went through, want at least %d", len(beside), want)
	}
	if after := count(); after != before {
		t.Errorf("the analyst saw %d facts and then %d", before, after)
	}
	if _, err := tx.Exec(ctx, `FETCH 1000 FROM slow`); err != nil {
		t.Errorf("the cursor: %v", err)
	}
	slices.Sort(alone)
	slices.Sort(beside)
	t.Logf("append to read, at %d events/s: median %v and p99 %v alone, %v and %v beside the analyst",
		rate, alone[len(alone)/2], alone[len(alone)*99/100], beside[len(beside)/2], beside[len(beside)*99/100])
}

// waitingFor looks again and again whether a session waits for a lock of
// another one, and returns at how many looks it did.
func (d *models) waitingFor(ctx context.Context, t *testing.T, pid uint32) (times int) {
	super, err := pgx.Connect(ctx, d.DB.SuperURL)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer super.Close(context.Background())
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	looks := 0
	for ; ctx.Err() == nil; looks++ {
		var waits bool
		const q = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND $1 = ANY (pg_blocking_pids(pid)))`
		if err := super.QueryRow(ctx, q, int32(pid)).Scan(&waits); err == nil && waits {
			times++
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	if looks < 10 {
		t.Errorf("only %d looks", looks)
	}
	return times
}
