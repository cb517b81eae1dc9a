package fault

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

func TestACommandBeginsNoDatabase(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(program.DataDir(t), "wrong")
	empty := pgtest.New(t, pgtest.Empty())
	for _, c := range []struct {
		name    string
		env     []string
		setting string
	}{
		{"in a folder of nobody", []string{"HELPDESK_DATA_DIR=" + dir}, "HELPDESK_DATA_DIR: "},
		{"in an empty database", append(program.On(empty), "HELPDESK_DATA_DIR="+dir), "HELPDESK_DATABASE_URL: "},
		{"without the master key", append(program.On(pgtest.New(t)), "HELPDESK_DATA_DIR="+dir, "HELPDESK_MASTER_KEY="), "HELPDESK_DATA_DIR: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, args := range [][]string{superuser("ann"), {"people", "erase", "ann", "--yes"}, {"projections", "list"}} {
				if line := refused(t, program.Secret, c.env, args...); !strings.Contains(line, c.setting) {
					t.Errorf("helpdesk %s: got %q, want it to name %s", args[0], line, c.setting)
				} else if c.setting == "HELPDESK_DATA_DIR: " && !strings.Contains(line, dir) {
					t.Errorf("helpdesk %s: got %q, want it to name %s", args[0], line, dir)
				}
			}
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("the folder: got %v, want none", err)
			}
		})
	}
	var tables int
	if err := empty.OwnerPool(t).QueryRow(t.Context(), `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`).Scan(&tables); err != nil || tables > 0 {
		t.Errorf("the empty database has %d tables, %v", tables, err)
	}
}

func TestALostMasterKeyIsNotReplaced(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	dir := filepath.Join(program.DataDir(t), "new")
	env := append(program.On(db), "HELPDESK_DATA_DIR="+dir, "HELPDESK_MASTER_KEY=")
	if err := program.Serve(t, env...).Stop(); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, "keys", "master.key")
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"serve", "demo"} {
		if line := refused(t, "", env, command); !strings.Contains(line, "there is no master key in "+filepath.Dir(key)) {
			t.Errorf("helpdesk %s: got %q", command, line)
		}
		if _, err := os.Stat(key); !os.IsNotExist(err) {
			t.Errorf("helpdesk %s: the key: got %v, want none", command, err)
		}
	}
}

func TestATakenAddressIsFoundBeforeAnythingIsMade(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := filepath.Join(program.DataDir(t), "new")
	for _, setting := range []string{"HELPDESK_ADDR", "HELPDESK_METRICS_ADDR"} {
		line := refused(t, "", []string{"HELPDESK_DATA_DIR=" + dir, setting + "=" + taken.Addr().String()}, "serve")
		if !strings.Contains(line, setting+": ") || !strings.Contains(line, taken.Addr().String()) {
			t.Errorf("got %q, want it to name %s and the address", line, setting)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("the folder: got %v, want none", err)
		}
	}
}

func TestAFolderThatCannotBeUsedIsNamed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(program.DataDir(t), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve"}, {"migrate"}} {
		if line := refused(t, "", []string{"HELPDESK_DATA_DIR=" + file}, args...); !strings.Contains(line, "HELPDESK_DATA_DIR: ") || !strings.Contains(line, file) {
			t.Errorf("helpdesk %s: got %q, want it to name HELPDESK_DATA_DIR and %s", args[0], line, file)
		}
	}
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	const newer = `INSERT INTO goose_db_version (version_id, is_applied) SELECT max(version_id) + 1, true FROM goose_db_version`
	if _, err := db.OwnerPool(t).Exec(t.Context(), newer, pgx.QueryExecModeExec); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve"}, {"migrate"}, superuser("ann")} {
		if line := refused(t, program.Secret, program.On(db), args...); !strings.Contains(line, "newer version of helpdesk") {
			t.Errorf("helpdesk %s: got %q, want it to say that the database is newer", args[0], line)
		}
	}
}
