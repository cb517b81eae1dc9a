package main

import (
	"context"
	"fmt"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/cmd/helpdesk/program"

	"github.com/spf13/cobra"
)

func migrateCommand(m program.Modules) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Migrate the database to the current schema",
		Long: `Migrates the database to the current schema and grants the service's login what it
needs. "helpdesk serve" does the same when it starts; any number may run at once.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return m.WithDatabase(cmd.Context(), program.Begin, func(ctx context.Context, c config.Config, db *program.Database) error {
				if db.Local != nil { // else the key belongs where the service runs
					if _, err := c.MakeMaster(c.Logger(cmd.ErrOrStderr())); err != nil {
						return err
					}
				}
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "The schema is up to date.")
				return err
			})
		},
	}
}
