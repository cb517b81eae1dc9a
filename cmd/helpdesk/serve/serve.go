// Package serve runs the service: API, site, projections, process managers.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/cmd/helpdesk/program"

	"github.com/spf13/cobra"
)

// Role is what a process does.
type Role string

// The roles.
const (
	All    Role = "all"
	API    Role = "api"    // answers clients
	Worker Role = "worker" // moves projections, sagas, commands and emails
)

func (r Role) serves() bool { return r != Worker }
func (r Role) works() bool  { return r != API }

func command(m program.Modules) *cobra.Command {
	var as string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the service",
		Long: `Runs the service until it is stopped (SIGTERM or Ctrl-C). Requests in progress are
finished first. The database is migrated at the start.

With --role the work is divided among processes on one database, any number of each:
"api" serves clients, "worker" keeps the projections, escalates tickets and sends
emails. A worker serves /healthz, /readyz and /metrics only.`,
		Example: "  helpdesk serve\n  HELPDESK_DATABASE_URL=postgres://db/desk helpdesk serve --role=worker",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := config.OneOf(as, string(All), string(API), string(Worker)); err != nil {
				return fmt.Errorf("--role: %q is not allowed: %w", as, err)
			}
			return serve(cmd.Context(), m, Role(as), cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&as, "role", string(All), "what this process does: all, api or worker")
	return cmd
}

func serve(ctx context.Context, m program.Modules, as Role, out io.Writer) (err error) {
	c, unknown, err := m.Load(os.Environ())
	if err != nil {
		return err
	}
	log := c.Logger(os.Stderr)
	collectSeldom(os.Getenv)
	for _, name := range unknown {
		log.Warn("unknown setting, see docs/config.md", "variable", name)
	}
	if as != All && c.DatabaseURL == "" {
		return errors.New("--role: the embedded Postgres serves one process only: set HELPDESK_DATABASE_URL to divide the work")
	}
	at, err := Listen(ctx, c)
	if err != nil {
		return err
	}
	defer at.Close()
	db, err := program.Open(ctx, c, log, program.Own)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	s, err := New(ctx, m, c, as, log, db, out)
	if err != nil {
		return err
	}
	hasAdmin, err := s.Accounts.HasAdmin(ctx)
	if err != nil {
		return err
	}
	return s.Run(ctx, at, func(addr, metricsAddr string) {
		if db.Local != nil {
			if err := db.Local.SetAddress(addr); err != nil {
				log.Warn("address not recorded for other processes", "error", err)
			}
		}
		greet(out, as, "http://"+addr, "http://"+metricsAddr, hasAdmin)
	})
}

// collectSeldom has garbage collected when the heap is five times what is in use,
// unless the environment has a say: what is in use is small, and at twice its size
// collecting took a sixth of the processor time of a request.
func collectSeldom(env func(string) string) {
	if env("GOGC") == "" && env("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
	}
}

// greet shows whoever started the service where it is.
func greet(out io.Writer, as Role, url, metricsURL string, hasAdmin bool) {
	if !as.serves() {
		fmt.Fprintf(out, "The helpdesk is at %s\n  A worker: it serves health and metrics, not clients.\n"+
			"  Health   %[1]s/healthz  %[1]s/readyz\n  Metrics  %[2]s/metrics\n", url, metricsURL)
		return
	}
	fmt.Fprintf(out, "The helpdesk is at %s\n  Site     %[1]s/admin/\n  API      %[1]s/api/  to try out: %[1]s/swagger/\n  Health   %[1]s/healthz  %[1]s/readyz\n  Metrics  %[2]s/metrics\n", url, metricsURL)
	if !hasAdmin {
		fmt.Fprint(out, "There is no admin yet. Create the first one in another terminal:\n"+
			"  bin/helpdesk createsuperuser --username admin --email admin@example.com\n")
	}
}
