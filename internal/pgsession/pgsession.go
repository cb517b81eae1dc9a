// Package pgsession begins this program's sessions with Postgres, alike whatever is
// set for the server, the database or the role, and refuses servers that the program
// cannot work on.
package pgsession

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// settings are what statements of this program rely on, and what is quickest for them.
var settings = map[string]string{
	"search_path":                    "public",
	"client_encoding":                "UTF8",
	"TimeZone":                       "UTC",
	"DateStyle":                      "ISO, MDY",
	"IntervalStyle":                  "postgres",
	"bytea_output":                   "hex",
	"standard_conforming_strings":    "on",
	"quote_all_identifiers":          "off",
	"default_transaction_isolation":  "read committed",
	"default_transaction_deferrable": "off",

	// Short statements that run often, beside each other: compiling one costs more
	// than it saves, and so does starting workers for it.
	"jit":                             "off",
	"max_parallel_workers_per_gather": "0",
}

// oldest is the first version of Postgres with all that the statements use.
const oldest = 14

// Refusal is why the program cannot work on a server, in words.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// The refusals of servers that take no writes, which a server that took them may come to.
const (
	Standby  Refusal = "the server is a standby, which takes no writes: give the address of the primary"
	ReadOnly Refusal = "the database takes no writes: default_transaction_read_only is on for the server, the database or the role"
)

// Configure has each connection made by config known to the server as name, and begin
// with what the program relies on and with more settings. Connecting fails with a
// [Refusal] inside the [pgconn.ConnectError] where the server will not do; of several
// hosts the next is tried then.
//
// The settings are not in the startup packet: poolers refuse it for them.
func Configure(config *pgconn.Config, name string, more map[string]string) {
	if name != "" {
		config.RuntimeParams["application_name"] = name
	}
	before, begin := config.ValidateConnect, beginning(more)
	config.ValidateConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		if before != nil {
			if err := before(ctx, conn); err != nil {
				return err
			}
		}
		result := conn.ExecParams(ctx, begin, nil, nil, nil, nil).Read()
		if result.Err != nil {
			return fmt.Errorf("begin the session: %w", result.Err)
		}
		if len(result.Rows) != 1 {
			return errors.New("begin the session: the server returned no row")
		}
		return judge(result.Rows[0])
	}
}

// beginning returns the statement that sets all there is to set and reads what the
// server is like.
func beginning(more map[string]string) string {
	all := maps.Clone(settings)
	maps.Copy(all, more)
	var sql strings.Builder
	sql.WriteString("SELECT pg_is_in_recovery()::text, current_setting('default_transaction_read_only'), current_setting('server_encoding'), " +
		"current_setting('server_version_num')")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&sql, ", set_config('%s', '%s', false)", name, strings.ReplaceAll(all[name], "'", "''"))
	}
	return sql.String()
}

// judge returns a [Refusal] unless the program can work on the server.
func judge(row [][]byte) error {
	standby, readOnly, encoding, version := string(row[0]), string(row[1]), string(row[2]), string(row[3])
	switch {
	case len(version) < 6 || version[:2] < fmt.Sprint(oldest):
		return Refusal(fmt.Sprintf("the server is Postgres %s: version %d or newer is needed", version[:max(len(version)-4, 0)], oldest))
	case standby == "true":
		return Standby
	case readOnly == "on":
		return ReadOnly
	case encoding != "UTF8":
		return Refusal(fmt.Sprintf("the encoding of the database is %s, and must be UTF8, so that every text can be stored: "+
			"make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", encoding))
	}
	return nil
}
