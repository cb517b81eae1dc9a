package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the service",
		Long: `Runs the service until it is told to stop (SIGTERM or Ctrl-C); requests and pages
under way are finished first. The schema is brought up to date at the start.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), cmd.OutOrStdout())
		},
	}
}

func serve(ctx context.Context, out io.Writer) (err error) {
	c, unknown, err := loadConfig(os.Environ())
	if err != nil {
		return err
	}
	log := c.logger(os.Stderr)
	for _, name := range unknown {
		log.Warn("there is no such setting; see docs/config.md", "variable", name)
	}
	db, err := openDatabase(ctx, c, log, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := db.migrate(ctx); err != nil {
		return err
	}
	s, err := newService(ctx, c, log, db)
	if err != nil {
		return err
	}
	hasAdmin, err := s.accounts.HasAdmin(ctx)
	if err != nil {
		return err
	}
	return s.run(ctx, func(addr, metricsAddr string) {
		if db.local != nil {
			if err := db.local.SetAddress(addr); err != nil {
				log.Warn("other processes are not told the address", "error", err)
			}
		}
		greet(out, "http://"+addr, "http://"+metricsAddr, hasAdmin)
	})
}

// greet tells whoever started the service where it is.
func greet(out io.Writer, url, metricsURL string, hasAdmin bool) {
	fmt.Fprintf(out, "The helpdesk is at %s\n  API      %[1]s/api/\n  Health   %[1]s/healthz  %[1]s/readyz\n  Metrics  %[2]s/metrics\n", url, metricsURL)
	if !hasAdmin {
		fmt.Fprint(out, "There is no admin yet. Make the first one, in another terminal:\n"+
			"  bin/helpdesk createsuperuser --username admin --email admin@example.com\n")
	}
}
