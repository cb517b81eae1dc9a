package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// signedSize returns the size that the newest checkpoint names, 0 for none.
func signedSize(t *testing.T, c *program.Client) int64 {
	t.Helper()
	a, err := c.Do(t.Context(), "GET", "/audit/checkpoint", nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(a.Body), "\n")
	if a.Status != http.StatusOK || len(lines) < 3 {
		return 0
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		t.Fatalf("checkpoint %q: %v", a.Body, err)
	}
	return size
}

// waitSigned waits until the log is signed up to a position.
func waitSigned(t *testing.T, c *program.Client, position int64) {
	t.Helper()
	kit.Poll(t, fmt.Sprint("the checkpoint of position ", position), func() bool { return signedSize(t, c) >= position })
}

// TestTheLogCannotBeChangedUnnoticed changes it behind the back of the service,
// as a superuser for whom no trigger runs, and has the program verify it.
func TestTheLogCannotBeChangedUnnoticed(t *testing.T) {
	t.Parallel()
	db, dir := pgtest.New(t), t.TempDir()
	d := program.OpenOn(t, db, "HELPDESK_DATA_DIR="+dir)
	d.Admin.WantsNoEmails(t)
	for i := range 12 {
		v := d.Admin.Opens(t, fmt.Sprint("Ticket ", i))
		d.Admin.Must(t, http.StatusOK, "PATCH", v.Path(), object{"priority": "high"})
	}
	head := position(t, d.Admin.Must(t, http.StatusOK, "PATCH", "/api/me/", object{"last_name": "Last"}))
	waitSigned(t, d.Admin.Client, head)
	witness := filepath.Join(t.TempDir(), "witness")
	if err := os.WriteFile(witness, d.Admin.Must(t, http.StatusOK, "GET", "/audit/checkpoint", nil).Body, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "audit", "checkpoints")
	verify := func(args ...string) (string, error) {
		out, stderr, err := program.Run(t.Context(), t, "", d.Env, append([]string{"audit", "verify"}, args...)...)
		return out + stderr, err
	}
	if out, err := verify("--checkpoint", witness); err != nil || !strings.HasPrefix(out, fmt.Sprintf("%d events are as they were recorded.\n", head)) {
		t.Fatalf("as it is: %v\n%s", err, out)
	}
	conn, err := pgx.Connect(t.Context(), db.SuperURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(`ALTER TABLE events DISABLE TRIGGER ALL; CREATE TABLE saved AS SELECT * FROM events; CREATE TABLE saved_head AS SELECT * FROM log_head;
CREATE TABLE saved_edge AS SELECT * FROM audit.edge; CREATE TABLE saved_keys AS SELECT * FROM audit.keys`)
	const renumber = `UPDATE events SET position = -position WHERE position >= 10; UPDATE events SET position = %d - position WHERE position < 0; UPDATE log_head SET position = position + (%[1]d)`
	cut := fmt.Sprintf(`DELETE FROM events WHERE position > %d; UPDATE log_head SET position = %[1]d; `, head-10)
	cutTree := fmt.Sprintf(`UPDATE audit.edge SET hashes = substr(hashes, 1, %d * 32); UPDATE audit.keys SET size = 0, checkpoint = NULL`, head-10)
	for _, c := range []struct {
		name, sql string
		forgotten bool // the folder's own checkpoints are gone too
		want      int64
	}{
		{name: "one byte of an event's data", want: 10,
			sql: `UPDATE events SET data = overlay(data::text PLACING 'x' FROM length(data::text) - 2)::json WHERE position = 10`},
		{name: "two events change places", want: 9,
			sql: `UPDATE events SET position = -9 WHERE position = 9; UPDATE events SET position = 9 WHERE position = 14; UPDATE events SET position = 14 WHERE position = -9`},
		{name: "the newest ten are gone", want: head - 9, sql: cut},
		{name: "the newest ten are gone, from the tree too", want: head - 9, sql: cut + cutTree},
		{name: "the newest ten are gone, and all that this service signed", want: head - 9, sql: cut + cutTree, forgotten: true},
		{name: "one is gone and the rest renumbered", want: 10, sql: `DELETE FROM events WHERE position = 10; ` + fmt.Sprintf(renumber, -1)},
		{name: "one is put in between", want: 10, sql: fmt.Sprintf(renumber, 1) +
			`; INSERT INTO events SELECT 10, gen_random_uuid(), stream_type, 1, gen_random_uuid(), type, schema_version, data, actor_kind, actor_id,
correlation_id, causation_id, command_id, occurred_at, recorded_at, person_id FROM events WHERE position = 9`},
	} {
		t.Run(c.name, func(t *testing.T) {
			exec(c.sql)
			var args []string
			if c.forgotten {
				if err := os.Rename(own, own+".away"); err != nil {
					t.Fatal(err)
				}
				args = []string{"--checkpoint", witness}
			}
			out, err := verify(args...)
			if want := fmt.Sprintf("helpdesk: position %d: ", c.want); err == nil || !strings.HasPrefix(out, want) || strings.Count(out, "\n") != 1 {
				t.Errorf("got %v, %s, want %s", err, out, want)
			}
			if c.forgotten {
				if err := os.Rename(own+".away", own); err != nil {
					t.Fatal(err)
				}
			}
			exec(`DELETE FROM events; INSERT INTO events SELECT * FROM saved; UPDATE log_head SET position = s.position FROM saved_head AS s;
UPDATE audit.edge AS e SET hashes = s.hashes FROM saved_edge AS s WHERE s.level = e.level;
UPDATE audit.keys AS k SET size = s.size, checkpoint = s.checkpoint FROM saved_keys AS s WHERE s.id = k.id`)
		})
	}
	exports(t, d, dir, witness, head)
}

// exports takes the log out and verifies it as an auditor would, who has
// nothing else of the helpdesk's.
func exports(t *testing.T, d *program.Helpdesk, dir, witness string, head int64) {
	out := filepath.Join(t.TempDir(), "log")
	said, stderr, err := program.Run(t.Context(), t, "", d.Env, "audit", "export", "--out", out)
	if err != nil || said != fmt.Sprintf("%d events in %s, as the newest checkpoint has them.\n", head, out) {
		t.Fatalf("export: %v\n%s%s", err, said, stderr)
	}
	vkey, _, err := program.Run(t.Context(), t, "", d.Env, "audit", "key")
	if err != nil {
		t.Fatal(err)
	}
	vkey = strings.TrimSpace(vkey)
	said, stderr, err = program.Run(t.Context(), t, "", nil, "audit", "verify", out, "--key", vkey, "--checkpoint", witness)
	if err != nil || !strings.Contains(said, vkey) {
		t.Errorf("verify the export: %v\n%s%s", err, said, stderr)
	}
	other := "other.example.com+" + strings.SplitN(vkey, "+", 2)[1]
	if said, _, err := program.Run(t.Context(), t, "", nil, "audit", "verify", out, "--key", other); err == nil {
		t.Errorf("with another key it is verified too:\n%s", said)
	}
}
