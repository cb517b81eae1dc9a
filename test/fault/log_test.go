package fault

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/internal/localpg"
	"helpdesk/test/keys"
	"helpdesk/test/kit"
	"helpdesk/test/program"
)

// embedded connects as the service to the embedded Postgres of dir: the one a
// program runs there, else one that is started for this and follows nothing.
func embedded(t *testing.T, dir string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	pg, err := localpg.Attach(ctx, localpg.Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Stop(context.Background()) })
	return connect(t, pg.ServiceURL())
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// wantWholeLog fails the test unless positions are 1..head and the versions of
// each stream 1..n, none twice, none missing.
func wantWholeLog(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for _, c := range []struct{ fault, sql string }{
		{"positions that are not 1..head", `
SELECT count(*) FROM (SELECT min(position), max(position), count(*) FROM events) AS e (low, high, n), log_head AS h
WHERE coalesce(low, 1) <> 1 OR coalesce(high, 0) <> n OR h.position <> n`},
		{"streams whose versions are not 1..n", `
SELECT count(*) FROM (
    SELECT FROM events GROUP BY stream_id
    HAVING min(version) <> 1 OR max(version) <> count(*) OR count(DISTINCT version) <> count(*)) AS bad`},
		{"streams that are not at their newest event", `
SELECT count(*) FROM streams AS s FULL JOIN (SELECT stream_id, max(version) AS version FROM events GROUP BY stream_id) AS e
    USING (stream_id)
WHERE s.version IS DISTINCT FROM e.version`},
		{"commands that are not what the events say", `
SELECT count(*) FROM commands AS c FULL JOIN (
    SELECT command_id, min(position) AS first, max(position) AS last FROM events WHERE command_id IS NOT NULL GROUP BY command_id) AS e
    USING (command_id)
WHERE c.first_position IS DISTINCT FROM e.first OR c.last_position IS DISTINCT FROM e.last`},
		{"ticket numbers given twice", `
SELECT count(*) FROM (
    SELECT FROM events WHERE type = 'ticket.opened' GROUP BY data ->> 'number' HAVING count(*) > 1) AS twice`},
		{"events that a follower failed", `SELECT count(*) FROM failed_events`},
	} {
		if n := kit.One[int](t, conn, c.sql); n != 0 {
			t.Errorf("%d %s", n, c.fault)
		}
	}
}

// awaitFollowers waits until every follower has come to the head of the log,
// and returns it.
func awaitFollowers(t *testing.T, conn *pgx.Conn) (head int64) {
	t.Helper()
	eventually(t, "every checkpoint at the head of the log", func(ctx context.Context) bool {
		var slowest int64
		const q = `SELECT h.position, (SELECT min(position) FROM checkpoints) FROM log_head AS h`
		return conn.QueryRow(ctx, q).Scan(&head, &slowest) == nil && slowest == head
	})
	return head
}

// row is what read.tickets shows and the tests here change.
type row struct {
	ID          uuid.UUID
	Number      int64
	Title       string
	Description string
	Priority    string
	Status      string
	CreatedBy   uuid.UUID
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Version     int
}

// wantFold fails the test unless read.tickets is what the events up to its
// projection's checkpoint come to. It returns that checkpoint.
func wantFold(t *testing.T, conn *pgx.Conn) int64 {
	t.Helper()
	position := kit.One[int64](t, conn, `SELECT position FROM checkpoints WHERE name = 'ticket_list'`)
	want := fold(t, conn, position)
	rows, _ := conn.Query(t.Context(), `
SELECT id, number, title, description, priority, status, created_by, created_at, updated_at, version
FROM read.tickets`) // CollectRows answers its error
	shown, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		t.Fatal(err)
	}
	got := map[uuid.UUID]row{}
	for _, r := range shown {
		got[r.ID] = r
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read.tickets at checkpoint %d (-want +got):\n%.2000s", position, diff)
	}
	return position
}

// opened returns the events of tickets in the log, in order, with the texts of
// people as they were written.
func opened(t *testing.T, conn *pgx.Conn) []eventstore.Envelope {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), conn.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	codec := keys.Codec(t, pool)
	recorded, err := eventstore.New(pool, codec, func([]string) {}).Read(t.Context(), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	ofTickets := slices.DeleteFunc(recorded, func(r eventstore.Recorded) bool { return r.StreamType != domain.TicketStream })
	events, err := codec.Open(t.Context(), ofTickets...)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range events {
		if events[i].Data, _, err = codec.Plain(e.Event); err != nil {
			t.Fatal(err)
		}
	}
	return events
}

func fold(t *testing.T, conn *pgx.Conn, upto int64) map[uuid.UUID]row {
	t.Helper()
	tickets := map[uuid.UUID]row{}
	for _, e := range opened(t, conn) {
		if e.Position > upto {
			break
		}
		r := tickets[e.StreamID]
		switch e.Type {
		case "ticket.opened":
			r = row{ID: e.StreamID, Status: "open", CreatedAt: e.OccurredAt}
			fallthrough
		case "ticket.retitled", "ticket.prioritised":
			// Of these events each member is the new value of the same name.
			fields := struct {
				Number                       *int64
				Title, Description, Priority *string
				CreatedBy                    *uuid.UUID `json:"created_by"`
			}{&r.Number, &r.Title, &r.Description, &r.Priority, &r.CreatedBy}
			if err := json.Unmarshal(e.Data, &fields); err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatalf("no test here makes a %s", e.Type)
		}
		r.UpdatedAt, r.Version = e.OccurredAt, e.Version
		tickets[e.StreamID] = r
	}
	return tickets
}

// wantOnce fails the test unless each wish was carried out exactly once.
func (l *load) wantOnce(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	times := l.written(t, conn)
	for _, w := range l.wishes {
		if got := times[w.key]; got != 1 {
			t.Errorf("%s was carried out %d times", w.key, got)
		}
	}
}

// written returns how often each wish is in the log, by its key.
func (l *load) written(t *testing.T, conn *pgx.Conn) map[string]int {
	t.Helper()
	times := map[string]int{}
	for _, e := range opened(t, conn) {
		if d, ok := e.Event.(ticket.Opened); ok {
			times[d.Title]++
		}
	}
	return times
}

func idAndVersion(a program.Answer) (id string, version int) {
	var shown struct {
		ID      string
		Version int
	}
	_ = json.Unmarshal(a.Body, &shown) // a body of another shape has neither
	return shown.ID, shown.Version
}
