// Package analyst has the subcommands that make, list and drop the database
// logins of analysts.
package analyst

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/cmd/helpdesk/program"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"helpdesk/auth"
	"helpdesk/migrations"
)

func command(m program.Modules) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "analyst",
		Short: "Create, list and drop database logins for analysts",
		Long: `Analysts read the schema "read" of the database with their own tools, such as psql or
pandas. They can read nothing else and change nothing. docs/data-dictionary.md
describes the tables, docs/analytics has example questions with their SQL.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(createAnalystCommand(m), listAnalystsCommand(m), dropAnalystCommand(m))
	return cmd
}

func createAnalystCommand(m program.Modules) *cobra.Command {
	var fromStdin bool
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a login that may read the projections",
		Long: `Creates a database login that may read the schema "read" and nothing else, and prints
how to connect. The password is generated and shown once; with --password-stdin it is
the first line of standard input.`,
		Example: "  helpdesk analyst create ada\n  pass show desk/ada | helpdesk analyst create ada --password-stdin",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			if !analystName.MatchString(name) || strings.HasPrefix(name, "pg_") {
				return fmt.Errorf("%q: a name is a letter and then up to 62 of a-z, 0-9 and _, and does not begin with pg_", name)
			}
			password := rand.Text()
			if fromStdin {
				password = ""
				err := program.NewPrompter(os.Stdin, cmd.ErrOrStderr()).Read(&password)
				if errors.Is(err, io.EOF) {
					return errors.New("--password-stdin: there is no line on standard input")
				}
				if err != nil {
					return err
				}
			}
			verifier, err := auth.DatabaseVerifier(password)
			if err != nil {
				return err
			}
			return withAnalysts(cmd.Context(), m, func(ctx context.Context, db *program.Database, owner *pgx.Conn) error {
				if err := createAnalyst(ctx, owner, name, verifier); err != nil {
					return err
				}
				out := cmd.OutOrStdout()
				fmt.Fprintf(out, "%s may now read the schema \"read\".\n", name)
				if !fromStdin {
					fmt.Fprintf(out, "  Password  %s  (it is not shown again)\n", password)
				}
				return sayHowToConnect(db, out, name)
			})
		},
	}
	cmd.Flags().BoolVar(&fromStdin, "password-stdin", false, "take the password from standard input")
	return cmd
}

func listAnalystsCommand(m program.Modules) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the logins of analysts",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAnalysts(cmd.Context(), m, func(ctx context.Context, _ *program.Database, owner *pgx.Conn) error {
				rows, _ := owner.Query(ctx, analystsSQL, migrations.AnalystRole) // CollectRows returns its error
				names, err := pgx.CollectRows(rows, pgx.RowTo[string])
				if err != nil {
					return fmt.Errorf("list analysts: %w", err)
				}
				for _, name := range names {
					fmt.Fprintln(cmd.OutOrStdout(), name)
				}
				if len(names) == 0 {
					fmt.Fprintln(cmd.OutOrStdout(), "No analysts. Create one: helpdesk analyst create NAME")
				}
				return nil
			})
		},
	}
}

func dropAnalystCommand(m program.Modules) *cobra.Command {
	return &cobra.Command{
		Use:   "drop NAME",
		Short: "Drop the login of an analyst",
		Long:  "Drops the login of an analyst. Open connections stay until they are closed.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAnalysts(cmd.Context(), m, func(ctx context.Context, _ *program.Database, owner *pgx.Conn) error {
				if err := dropAnalyst(ctx, owner, args[0]); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "The login %s is dropped.\n", args[0])
				return err
			})
		},
	}
}

// analystName is what a login may be called: what needs no quotes anywhere.
var analystName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

const analystsSQL = `
SELECT u.rolname::text
FROM pg_auth_members AS m JOIN pg_roles AS u ON u.oid = m.member JOIN pg_roles AS g ON g.oid = m.roleid
WHERE g.rolname = $1 AND u.rolcanlogin
ORDER BY 1`

// withAnalysts works as the owner of the database, who may make logins.
func withAnalysts(ctx context.Context, m program.Modules, work func(context.Context, *program.Database, *pgx.Conn) error) error {
	return m.WithDatabase(ctx, program.Share, func(ctx context.Context, _ config.Config, db *program.Database) error {
		owner, err := db.Owner(ctx)
		if err != nil {
			return err
		}
		defer owner.Close(context.WithoutCancel(ctx))
		there, err := migrations.HasAnalystRole(ctx, owner)
		if err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("there is no role %[1]s, and the owner of the database may not make it: have the administrator of the "+
				"server run \"CREATE ROLE %[1]s NOLOGIN\" and give the owner CREATEROLE, then try again", migrations.AnalystRole)
		}
		return work(ctx, db, owner)
	})
}

func createAnalyst(ctx context.Context, owner *pgx.Conn, name, verifier string) error {
	login := pgx.Identifier{name}.Sanitize()
	err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		// The verifier is base64 with $ and : between, and needs no quoting.
		statements := []string{"CREATE ROLE " + login + " LOGIN CONNECTION LIMIT 10 PASSWORD '" + verifier + "' IN ROLE " + migrations.AnalystRole}
		for _, s := range migrations.AnalystSettings {
			statements = append(statements, "ALTER ROLE "+login+" SET "+s)
		}
		for _, s := range statements {
			if _, err := tx.Exec(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
	switch sqlState(err) {
	case "42710": // duplicate_object
		return fmt.Errorf("%s: there is a login or role of that name already", name)
	case "42501": // insufficient_privilege
		return errors.New("the owner of the database may not make logins: it needs CREATEROLE, and on Postgres 16 and newer ADMIN on " +
			migrations.AnalystRole + "; see docs/operations.md")
	}
	if err != nil {
		return fmt.Errorf("make the login %s: %w", name, err)
	}
	return nil
}

// dropAnalyst drops a login that is an analyst's, and no other.
func dropAnalyst(ctx context.Context, owner *pgx.Conn, name string) error {
	rows, _ := owner.Query(ctx, `SELECT * FROM (`+analystsSQL+`) AS a (name) WHERE name = $2`, migrations.AnalystRole, name) // CollectRows returns its error
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for the analyst %s: %w", name, err)
	}
	if len(found) == 0 {
		return fmt.Errorf("%s is not an analyst: \"helpdesk analyst list\" lists them", name)
	}
	if _, err := owner.Exec(ctx, "DROP ROLE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return fmt.Errorf("drop the login %s: %w", name, err)
	}
	return nil
}

// sayHowToConnect prints what an analyst gives psql.
func sayHowToConnect(d *program.Database, out io.Writer, name string) error {
	config, err := pgx.ParseConfig(d.ServiceURL)
	if err != nil {
		return fmt.Errorf("database URL: %w", program.Redact(err))
	}
	_, err = fmt.Fprintf(out, "  Connect   psql \"host=%s port=%d dbname=%s user=%s\"\n", config.Host, config.Port, config.Database, name)
	if err == nil && d.Local != nil {
		_, err = fmt.Fprint(out, "  This Postgres is reached through a folder that belongs to the user who runs it,\n"+
			"  so by that user and root on this machine alone, while the service runs; it asks\n"+
			"  for no password. For analysts elsewhere use a Postgres of yours: docs/operations.md\n")
	}
	return err
}

// sqlState returns the SQLSTATE of an error of the server, "" for another one.
func sqlState(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}
