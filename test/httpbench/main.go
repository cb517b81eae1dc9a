// Command httpbench measures what the helpdesk makes of a machine, held against the
// least that a service on Postgres does (test/floor): both run in turn on one server,
// asked by as many connections. make bench-http runs it; docs/performance.md has the
// figures.
//
// It brings a Postgres of its own with the settings of production, fills it with a
// made-up year, and removes it at the end. Ctrl-C ends all of it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// config is what is measured, and where it is written.
type config struct {
	tickets     int
	lasts       time.Duration // of a run
	settle      time.Duration // until backends have reported; 0: flushes are not counted
	only        string        // part of the names of the works to measure
	connections int           // that those works are asked from; 0: all
	growth      sizes
	page        string // Markdown with the marks of the section; empty: none
	plot        string
}

// sizes are numbers of tickets, each given by a flag of its own.
type sizes []int

func (s *sizes) String() string { return fmt.Sprint([]int(*s)) }

func (s *sizes) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return errors.New("must be a number of tickets")
	}
	*s = append(*s, n)
	return nil
}

func main() {
	var c config
	flag.IntVar(&c.tickets, "tickets", 100_000, "tickets that the database is filled with")
	flag.DurationVar(&c.lasts, "lasts", 5*time.Second, "how long each run lasts")
	// A backend that is idle reports within ten seconds (pgstat.c, PGSTAT_IDLE_INTERVAL).
	flag.DurationVar(&c.settle, "settle", 10500*time.Millisecond, "wait after each run of writes, for the server's counts; runs of less than a second have none")
	flag.StringVar(&c.only, "only", "", "measure the works alone whose names have this part")
	flag.IntVar(&c.connections, "connections", 0, "measure the works alone that so many connections ask for")
	flag.Var(&c.growth, "growth", "size of a desk whose times are compared at the end with those of others; may be repeated")
	flag.StringVar(&c.page, "page", "", "page whose section is written anew")
	flag.StringVar(&c.plot, "plot", "", "file of the plot")
	flag.Parse()
	if c.lasts < time.Second {
		c.settle = 0
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends at once
	err := run(ctx, c)
	if ctx.Err() != nil {
		fmt.Fprintln(os.Stderr, "httpbench: interrupted:", err)
		os.Exit(130) // 128 + SIGINT, as a shell has it
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "httpbench:", err)
		os.Exit(1)
	}
}

// say shows how far it is.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
