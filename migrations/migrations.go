// Package migrations brings a database to the schema this program expects.
//
// Migrations run in the order of their numbers, which have had no gaps since 0060:
// a new one takes the number after the newest, so that two branches which both add
// one are noticed when they meet. Its name ends with _log where it changes the log
// or what the service remembers beside it, which nothing can make anew, and with
// _read where it changes tables that projections are rebuilt into. A migration that
// was released is never edited.
package migrations

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"helpdesk/internal/pgsession"
)

//go:embed *.sql
var files embed.FS

// Up runs every pending migration as the owner of the database and then grants
// serviceRole, the login the service works with, what it needs and no more;
// nothing is granted when that login is the owner itself. [AnalystRole] is made
// and granted what it may read; on a server where the owner may not make roles it
// is left out, which [HasAnalystRole] tells. Any number of processes may call it
// at once: they take turns under an advisory lock.
func Up(ctx context.Context, ownerURL, serviceRole string) error {
	db, err := open(ownerURL)
	if err != nil {
		return err
	}
	defer db.Close()
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	if err := wantNoneElsewhere(ctx, db); err != nil {
		return err
	}
	if err := wantNoNewer(ctx, db, provider); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := grant(ctx, db, serviceRole); err != nil {
		return err
	}
	return admitAnalysts(ctx, db)
}

// ErrNewer: a newer program migrated the database, and this one cannot know what
// stands in it. Nothing was touched.
var ErrNewer = errors.New("the database is of a newer version of helpdesk")

func wantNoNewer(ctx context.Context, db *sql.DB, provider *goose.Provider) error {
	if there, err := begun(ctx, db); err != nil || !there {
		return err
	}
	all := provider.ListSources()
	known := all[len(all)-1].Version
	var newest int64
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&newest); err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if newest > known {
		return fmt.Errorf("%w: its schema is number %d, the newest that this program knows is %d: run the newer program, or restore "+
			"a backup from before it", ErrNewer, newest, known)
	}
	return nil
}

// wantNoneElsewhere returns an error where a helpdesk was begun in another schema than
// public, as it once was where the search path of the owner began with another.
func wantNoneElsewhere(ctx context.Context, db *sql.DB) error {
	var schema string
	const q = `
SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relname = 'goose_db_version' AND n.nspname <> 'public' AND to_regclass('public.goose_db_version') IS NULL
  AND EXISTS (SELECT FROM pg_class AS head WHERE head.relname = 'log_head' AND head.relnamespace = c.relnamespace)`
	switch err := db.QueryRowContext(ctx, q).Scan(&schema); {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for the schema's version: %w", err)
	}
	name := pgx.Identifier{schema}.Sanitize()
	return fmt.Errorf("the helpdesk of this database is in schema %s, and must be in public: "+
		"ALTER SCHEMA public RENAME TO public_before; ALTER SCHEMA %[1]s RENAME TO public", name)
}

// Begun reports whether the database at url was ever migrated.
func Begun(ctx context.Context, url string) (bool, error) {
	db, err := open(url)
	if err != nil {
		return false, err
	}
	defer db.Close()
	there, err := begun(ctx, db)
	if err != nil || there {
		return there, err
	}
	return false, wantNoneElsewhere(ctx, db)
}

func begun(ctx context.Context, db *sql.DB) (there bool, err error) {
	// goose's table is made by the first Up.
	if err := db.QueryRowContext(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&there); err != nil {
		return false, fmt.Errorf("look for the schema's version: %w", err)
	}
	return there, nil
}

// Pending returns how many migrations the database at url still lacks, and
// changes nothing.
func Pending(ctx context.Context, url string) (int, error) {
	db, err := open(url)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return 0, err
	}
	there, err := begun(ctx, db)
	if err != nil {
		return 0, err
	}
	if !there {
		return len(names), nil
	}
	var applied int
	const q = `SELECT count(DISTINCT version_id) FROM goose_db_version WHERE version_id > 0 AND is_applied`
	if err := db.QueryRowContext(ctx, q).Scan(&applied); err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	return len(names) - applied, nil
}

// Hash returns a digest of all migrations: two databases with the same hash
// have the same schema.
func Hash() string {
	sum := sha256.New()
	names, _ := fs.Glob(files, "*.sql") // the pattern is well-formed
	for _, name := range names {
		text, _ := files.ReadFile(name) // embedded: it is there
		fmt.Fprintf(sum, "%s %d\n", name, len(text))
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

// open returns a database through which goose works; nothing is connected yet.
func open(url string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	pgsession.Configure(&config.Config, "helpdesk migrations", nil)
	return stdlib.OpenDB(*config), nil
}

func newProvider(db *sql.DB) (*goose.Provider, error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, fmt.Errorf("make the migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return provider, nil
}
