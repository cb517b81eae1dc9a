package postgres

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helpdesk/internal/localpg"
	"helpdesk/test/pgtest"
	"helpdesk/test/program"
)

// refused fails the test unless commands that use the database end with said, without
// having made anything.
func refused(t *testing.T, env []string, said string) {
	t.Helper()
	data := t.TempDir()
	env = append(env, "HELPDESK_DATA_DIR="+data)
	for _, command := range []string{"serve", "migrate", "audit verify", "projections list"} {
		_, stderr, err := program.Run(t.Context(), t, "", env, strings.Fields(command)...)
		if err == nil || !strings.Contains(stderr, said) || strings.Contains(stderr, "SQLSTATE") {
			t.Errorf("%s: got %v and %q, want %q", command, err, stderr, said)
		}
	}
	if made, err := os.ReadDir(data); err != nil || len(made) > 0 {
		t.Errorf("in the data folder: %v, %v, want nothing", made, err)
	}
}

func TestAnotherEncodingIsRefused(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"LATIN1", "SQL_ASCII"} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t, pgtest.Empty())
			name := db.Name + "_" + strings.ToLower(encoding)
			do(t, db, "CREATE DATABASE "+name+" OWNER "+localpg.OwnerRole+" ENCODING '"+encoding+"' LOCALE 'C' TEMPLATE template0")
			t.Cleanup(func() { do(t, db, "DROP DATABASE "+name) })
			var env []string
			for _, setting := range program.On(db) {
				env = append(env, strings.Replace(setting, "/"+db.Name+"?", "/"+name+"?", 1))
			}
			refused(t, env, "HELPDESK_DATABASE_OWNER_URL: the encoding of the database is "+encoding+", and must be UTF8")
		})
	}
}

func TestADatabaseThatIsOnlyReadIsRefused(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	do(t, db, "ALTER DATABASE "+db.Name+" SET default_transaction_read_only = on")
	refused(t, program.On(db), "HELPDESK_DATABASE_OWNER_URL: the database takes no writes: default_transaction_read_only is on")
}

func TestAStandbyIsRefused(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Durable())
	signal := filepath.Join(db.DataDir(t), "standby.signal")
	if err := os.WriteFile(signal, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	db.Restart(t)
	refused(t, program.On(db)[:1], "HELPDESK_DATABASE_URL: the server is a standby, which takes no writes: give the address of the primary")
}

func TestAHelpdeskInAnotherSchemaIsRefused(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	do(t, db, "ALTER SCHEMA public RENAME TO desk", "CREATE SCHEMA public", "GRANT ALL ON SCHEMA public TO PUBLIC")
	refused(t, program.On(db), "the helpdesk of this database is in schema \"desk\", and must be in public: "+
		"ALTER SCHEMA public RENAME TO public_before; ALTER SCHEMA \"desk\" RENAME TO public")
	do(t, db, "ALTER SCHEMA public RENAME TO public_before", "ALTER SCHEMA desk RENAME TO public")
	works(t, program.On(db))
}
