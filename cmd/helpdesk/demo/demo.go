// Package demo has the subcommand that fills a database with a made-up year.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"helpdesk/cmd/helpdesk/program"
	"helpdesk/eventstore/follow"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"helpdesk/commands"
	"helpdesk/demo"
	"helpdesk/domain"
)

func command(m program.Modules) *cobra.Command {
	tickets := 20_000
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Fill an empty database with a year of sample data",
		Long: `Fills an empty database with a year of a made-up company: an admin, an auditor,
50 agents, 600 requesters, and 20,000 tickets with their whole history, each event
at the time it happened. No email is sent about it.

It works whether or not the service is running. If it is interrupted, run it again to
resume. A database that contains anything else is refused: set HELPDESK_DATA_DIR to use
another one.`,
		Example: "  helpdesk demo",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if tickets < 1 {
				return errors.New("--tickets: must be at least 1")
			}
			return m.RunWith(cmd.Context(), program.Begin, cmd.Name(), func(ctx context.Context, o *program.Operator) error {
				return (&demoLoader{Operator: o, out: cmd.OutOrStdout(), errs: cmd.ErrOrStderr(), count: tickets}).run(ctx)
			})
		},
	}
	cmd.Flags().IntVar(&tickets, "tickets", tickets, "number of tickets")
	return cmd
}

// demoLoader loads a year of package demo.
type demoLoader struct {
	*program.Operator
	out, errs io.Writer
	count     int // tickets

	written atomic.Int64 // events
}

// How much is written at once. Registrations do not share a flush to the disk.
const (
	demoPeopleAtOnce  = 8
	demoTicketsAtOnce = 128
)

func (d *demoLoader) run(ctx context.Context) error {
	end, err := d.end(ctx)
	if err != nil {
		return err
	}
	people := demo.People(end)
	if err := d.register(ctx, people); err != nil {
		return err
	}
	if err := d.tickets(ctx, demo.Tickets(end, people, d.count)); err != nil {
		return err
	}
	if err := d.show(ctx); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "The year up to %s is in: %s. %d events were written now.\n",
		end.Format("2 January 2006, 15:04 MST"), program.Counted(d.count, "tickets"), d.written.Load())
	return nil
}

// errNotEmpty refuses to mix what is made up with what is not.
var errNotEmpty = errors.New("this database is in use: the demo needs an empty one, for example HELPDESK_DATA_DIR=./var/demo")

// end returns when the year ends: now, or what it was when it was begun.
func (d *demoLoader) end(ctx context.Context) (time.Time, error) {
	now := time.Now().UTC().Truncate(time.Minute)
	first, err := d.Store.Load(ctx, demo.People(now)[0].ID.UUID)
	if err != nil {
		return now, err
	}
	if len(first) > 0 {
		return first[0].OccurredAt.UTC().Add(demo.Length), nil
	}
	head, err := d.Store.Head(ctx)
	if err == nil && head > 0 {
		err = errNotEmpty
	}
	return now, err
}

// register registers those who are not there yet, all with one password, and
// says it before anything else can go wrong.
func (d *demoLoader) register(ctx context.Context, people []demo.Person) error {
	var missing []demo.Person
	for _, p := range people {
		there, err := d.Store.Load(ctx, p.ID.UUID)
		if err != nil {
			return err
		}
		if len(there) == 0 {
			missing = append(missing, p)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	password := rand.Text()
	hash, err := d.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	var examples []string
	for _, role := range domain.Roles() {
		if i := slices.IndexFunc(missing, func(p demo.Person) bool { return p.Role == role }); i >= 0 {
			examples = append(examples, fmt.Sprintf("%s (%s)", missing[i].Username, role))
		}
	}
	fmt.Fprintf(d.out, "%d people sign in with the password %s, such as %s.\n", len(missing), password, strings.Join(examples, ", "))

	register := commands.NewPeople(d.Store, d.Accounts)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(demoPeopleAtOnce)
	for i, p := range missing {
		r := commands.Request{CorrelationID: "demo", OccurredAt: p.Joined}
		work := func() error {
			_, err := register.Register(ctx, r, p.ID, p.Register, hash)
			d.written.Add(1)
			return err
		}
		if i == 0 { // the admin first: by them the next run knows the year
			if err := work(); err != nil {
				return err
			}
			continue
		}
		group.Go(work)
	}
	return group.Wait()
}

// tickets writes the tickets, many side by side: their appends share flushes to
// the disk.
func (d *demoLoader) tickets(ctx context.Context, year func(yield func(demo.Ticket) bool)) error {
	take := commands.NewTickets(d.Store, d.Store)
	progress := program.NewProgress("written", "tickets", 5_000, d.errs)
	defer progress.Close()
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(demoTicketsAtOnce)
	for t := range year {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			n, err := take.TakeOver(ctx, commands.Request{CorrelationID: "demo"}, t.ID, t.Past)
			d.written.Add(int64(n))
			done.Add(1)
			return err
		})
		progress.Show(done.Load(), int64(d.count))
	}
	return group.Wait()
}

// show brings the read models up to date, in turns with a running service.
func (d *demoLoader) show(ctx context.Context) error {
	head, err := d.Store.Head(ctx)
	if err != nil {
		return err
	}
	followers := d.Modules.Projections()
	progress := program.NewProgress("shown", "events", program.ProgressStep, d.errs)
	defer progress.Close()
	looking, stop := context.WithCancel(ctx)
	var group errgroup.Group
	group.Go(func() error {
		defer stop()
		return d.Follow(ctx, head, followers...)
	})
	for tick := time.NewTicker(200 * time.Millisecond); looking.Err() == nil; {
		select {
		case <-looking.Done():
			tick.Stop()
		case <-tick.C:
			if at, err := d.slowest(looking, followers); err == nil {
				progress.Show(at, head)
			}
		}
	}
	return group.Wait()
}

// slowest returns the position that all followers have reached.
func (d *demoLoader) slowest(ctx context.Context, followers []follow.Follower) (position int64, err error) {
	var names []string
	for _, f := range followers {
		names = append(names, f.Name)
	}
	const q = `SELECT coalesce(min(position), 0) FROM checkpoints WHERE name = ANY ($1)`
	err = d.Pool.QueryRow(ctx, q, names).Scan(&position)
	return position, err
}
