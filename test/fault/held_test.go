package fault

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

const (
	heldTickets = 334              // each is opened, edited and commented on: 1,002 writes
	heldFor     = 10 * time.Second // at least
	heldWriters = 200              // at once: each write waits two seconds in vain
)

// TestWritesAnswerWholeResourcesWhileEveryProjectionIsHeld takes the tables of all
// projections away, from those who write them and from those who read them.
// [program.Client] holds every answer against the API's document.
func TestWritesAnswerWholeResourcesWhileEveryProjectionIsHeld(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	p := program.Serve(t, program.On(db)...)
	people := signUp(t, p, 4)
	held, release := time.After(heldFor), holdProjections(t, connect(t, db.SuperURL))

	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(heldWriters)
	for i := range heldTickets {
		group.Go(func() error { return openEditComment(ctx, people[i%len(people)], i) })
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	<-held
	release()
	eventually(t, "all that was written to be shown", func(ctx context.Context) bool {
		a, err := people[0].Do(ctx, "GET", "/api/comments/?count=true&page_size=1", nil)
		return err == nil && strings.Contains(string(a.Body), fmt.Sprintf(`"count":%d`, (heldTickets+len(people)-1)/len(people)))
	})
}

// holdProjections locks every table that a projection keeps, until release.
func holdProjections(t *testing.T, conn *pgx.Conn) (release func()) {
	t.Helper()
	tables := kit.One[string](t, conn, `SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables WHERE schemaname = 'read'`)
	for _, sql := range []string{`BEGIN`, `LOCK TABLE ` + tables + ` IN ACCESS EXCLUSIVE MODE`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		if _, err := conn.Exec(t.Context(), `ROLLBACK`); err != nil {
			t.Error(err)
		}
	}
}

// heldTicket is what of a ticket or a comment a write answers with.
type heldTicket struct {
	ID        uuid.UUID
	Ticket    uuid.UUID
	Title     string
	Text      string
	Version   int
	CreatedBy struct{ Username string } `json:"created_by"`
	Author    struct{ Username string }
}

// openEditComment opens a ticket, edits it and comments on it, each held against
// what was asked for.
func openEditComment(ctx context.Context, who *program.Client, i int) error {
	title := fmt.Sprintf("held %d", i)
	write := func(method, path string, status int, body map[string]any) (got heldTicket, err error) {
		a, err := who.Do(ctx, method, path, body)
		if err == nil && a.Status != status {
			err = fmt.Errorf("%s %s: %d %s", method, path, a.Status, a.Body)
		}
		if err == nil {
			err = json.Unmarshal(a.Body, &got)
		}
		return got, err
	}
	opened, err := write("POST", "/api/tickets/", http.StatusCreated, map[string]any{"title": title, "description": "It smokes."})
	if err != nil {
		return err
	}
	edited, err := write("PATCH", "/api/tickets/"+opened.ID.String()+"/", http.StatusOK, map[string]any{"title": title + " again", "priority": "high"})
	if err != nil {
		return err
	}
	comment, err := write("POST", "/api/comments/", http.StatusCreated, map[string]any{"ticket": opened.ID, "text": title})
	if err != nil {
		return err
	}
	if opened.Title != title || opened.Version != 1 || opened.CreatedBy.Username == "" ||
		edited.Title != title+" again" || edited.Version <= opened.Version || edited.CreatedBy != opened.CreatedBy ||
		comment.Ticket != opened.ID || comment.Text != title || comment.Author != opened.CreatedBy {
		return fmt.Errorf("opened %+v, edited %+v, comment %+v", opened, edited, comment)
	}
	return nil
}
