package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up to date",
		Long: `Brings the database's schema up to date and grants the service's login what it
needs. "helpdesk serve" does the same when it starts; any number may run at once.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd.Context(), func(ctx context.Context, _ Config, _ *database) error {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "The schema is up to date.")
				return err
			})
		},
	}
}

// withDatabase runs an operator's command on the configured database, migrated.
func withDatabase(ctx context.Context, work func(context.Context, Config, *database) error) error {
	return withDatabaseAsItIs(ctx, func(ctx context.Context, c Config, db *database) error {
		if err := db.migrate(ctx); err != nil {
			return err
		}
		return work(ctx, c, db)
	})
}

// withDatabaseAsItIs runs an operator's command on the configured database,
// whatever its schema.
func withDatabaseAsItIs(ctx context.Context, work func(context.Context, Config, *database) error) (err error) {
	c, _, err := loadConfig(os.Environ())
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, c, c.logger(os.Stderr), false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	return work(ctx, c, db)
}
