package fault

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"helpdesk/test/kit"
	"helpdesk/test/program"
)

// underWaySQL counts the rebuilds that have begun and are not over.
const underWaySQL = `SELECT count(*) FROM rebuilds WHERE ended_at IS NULL AND staging_position IS NOT NULL`

func TestARebuildKilledHalfWayUnderWritesGoesOn(t *testing.T) {
	t.Parallel()
	dir := program.DataDir(t)
	env := []string{"HELPDESK_DATA_DIR=" + dir}
	p := program.Serve(t, env...)
	people := signUp(t, p, 4)
	l := newLoad("r", wishes, people)
	conn := embedded(t, dir)
	written := make(chan struct{})
	go func() {
		defer close(written)
		l.run(t.Context(), wishes+1, nil)
	}()
	eventually(t, "writes under way", func(context.Context) bool { return l.acknowledged.Load() > struck })
	var cut int64
	for range 4 {
		killedRebuild(t, conn, env)
		cut += kit.One[int64](t, conn, underWaySQL)
	}
	if cut == 0 {
		t.Error("no rebuild was killed half-way")
	}
	a := people[0].Must(t, http.StatusOK, "GET", "/api/tickets/", nil)
	if !strings.Contains(string(a.Body), "It smokes.") {
		t.Errorf("with half a rebuild the list is %.200s", a.Body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, said, err := program.Run(ctx, t, "", env, "projections", "rebuild", "--all")
	if n := strings.Count(out, " is rebuilt, up to position "); err != nil || n < 6 {
		t.Errorf("%d are rebuilt: %v\n%s", n, err, out)
	}
	if n := strings.Count(said, ": comparing\n"); n < 6 || !strings.Contains(said, "ticket_facts: indexing\n") {
		t.Errorf("what is under way is not said:\n%s", said)
	}
	<-written
	l.wantAll(t)
	awaitFollowers(t, conn)
	wantFold(t, conn)
	program.Must(t, "", env, "projections", "rollback", "ticket_list")
	awaitFollowers(t, conn)
	wantFold(t, conn)
}

// killedRebuild begins to rebuild everything and is killed once something is
// under way.
func killedRebuild(t *testing.T, conn *pgx.Conn, env []string) {
	t.Helper()
	ctx, kill := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, _, err := program.Run(ctx, t, "", env, "projections", "rebuild", "--all", "--afresh")
		ended <- err
	}()
	before := kit.One[int64](t, conn, `SELECT count(*) FROM rebuilds WHERE ended_at IS NOT NULL`)
	eventually(t, "a rebuild under way", func(ctx context.Context) bool {
		var begun bool
		const q = `SELECT count(*) FILTER (WHERE ended_at IS NULL AND staging_position IS NOT NULL) > 0 OR count(*) FILTER (WHERE ended_at IS NOT NULL) > $1 FROM rebuilds`
		return conn.QueryRow(ctx, q, before).Scan(&begun) == nil && begun
	})
	kill() // -9
	<-ended
}

func TestAServiceKilledWhileItRebuildsGoesOnByItself(t *testing.T) {
	t.Parallel()
	dir := program.DataDir(t)
	env := "HELPDESK_DATA_DIR=" + dir
	p := program.Serve(t, env)
	l := newLoad("s", 200, signUp(t, p, 4))
	l.run(t.Context(), wishes, nil)
	program.Superuser(t, []string{env}, "root")
	root := p.SignIn(t, "root")
	root.Fresh = true
	for try := 1; ; try++ {
		conn := embedded(t, dir)
		root.Must(t, http.StatusAccepted, "POST", "/api/projections/ticket_list/rebuild/", map[string]any{})
		eventually(t, "the rebuild under way", func(ctx context.Context) bool {
			var begun bool
			return conn.QueryRow(ctx, `SELECT staging_position IS NOT NULL OR ended_at IS NOT NULL FROM rebuilds WHERE projection = 'ticket_list'`).Scan(&begun) == nil && begun
		})
		p.Kill()
		p = program.Serve(t, env)
		root.URL = p.URL
		conn = embedded(t, dir)
		cut := kit.One[bool](t, conn, `SELECT ended_at IS NULL OR ended_at > run_at AND began_at < run_at - interval '1 second' FROM rebuilds WHERE projection = 'ticket_list'`)
		eventually(t, "the rebuild done", func(ctx context.Context) bool {
			a, err := root.Do(ctx, "GET", "/api/projections/ticket_list/", nil)
			return err == nil && a.Status == http.StatusOK && strings.Contains(string(a.Body), `"phase":"done"`)
		})
		awaitFollowers(t, conn)
		wantFold(t, conn)
		if cut {
			break
		}
		if try == 5 {
			t.Error("five rebuilds were over before their service was killed")
			break
		}
	}
}
