package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// AnalystRole is the role whose members may read schema read and nothing else.
// It cannot sign in itself. Roles belong to the server: all databases on it share
// this one, and each grants it what is its own.
const AnalystRole = "helpdesk_analyst"

// AnalystSettings are what an analyst's session begins with, as "name = value".
// Members of a role do not inherit them: each login is given them too. An
// analyst may choose others; they are there so that nothing is held up by accident.
var AnalystSettings = []string{
	"default_transaction_read_only = on",
	"statement_timeout = '5min'",
	"idle_in_transaction_session_timeout = '5min'",
	"lock_timeout = '10s'",
	"search_path = read",
	"TimeZone = 'UTC'",
}

// analystGrants are granted at each Up, so that new tables are among them.
var analystGrants = []string{
	"USAGE ON SCHEMA read",
	"SELECT ON ALL TABLES IN SCHEMA read",
}

// HasAnalystRole reports whether there is an [AnalystRole] on the server.
func HasAnalystRole(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}) (bool, error) {
	var there bool
	if err := db.QueryRow(ctx, hasRoleSQL, AnalystRole).Scan(&there); err != nil {
		return false, fmt.Errorf("look for role %s: %w", AnalystRole, err)
	}
	return there, nil
}

const hasRoleSQL = `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`

// admitAnalysts makes the role where it is missing and grants it what it may read.
func admitAnalysts(ctx context.Context, db *sql.DB) error {
	if err := makeAnalystRole(ctx, db); err != nil {
		if code(err) == "42501" { // insufficient_privilege: the server's administrator has to
			return nil
		}
		return fmt.Errorf("make role %s: %w", AnalystRole, err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin granting to analysts: %w", err)
	}
	defer tx.Rollback() // after a commit there is nothing to undo
	var database string
	const q = `SELECT pg_advisory_xact_lock($1), current_database()`
	if err := tx.QueryRowContext(ctx, q, grantLock).Scan(new(any), &database); err != nil {
		return fmt.Errorf("take the lock to grant: %w", err)
	}
	for _, g := range append([]string{"CONNECT ON DATABASE " + pgx.Identifier{database}.Sanitize()}, analystGrants...) {
		if _, err := tx.ExecContext(ctx, "GRANT "+g+" TO "+AnalystRole); err != nil {
			return fmt.Errorf("grant %s to %s: %w", g, AnalystRole, err)
		}
	}
	return tx.Commit()
}

// makeAnalystRole makes the role with its settings. Databases of one server may
// be migrated at once, where no lock of a database is any use: whoever comes
// second finds it made.
func makeAnalystRole(ctx context.Context, db *sql.DB) error {
	var there bool
	if err := db.QueryRowContext(ctx, hasRoleSQL, AnalystRole).Scan(&there); err != nil || there {
		return err
	}
	var statements strings.Builder // one message is one transaction
	statements.WriteString("CREATE ROLE " + AnalystRole + " NOLOGIN;")
	for _, s := range AnalystSettings {
		statements.WriteString("ALTER ROLE " + AnalystRole + " SET " + s + ";")
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.ExecContext(ctx, statements.String())
	if c := code(err); c == "42710" || c == "23505" { // duplicate_object, unique_violation
		return nil
	}
	return err
}

// code returns the SQLSTATE of an error of the server, "" for another one.
func code(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}
