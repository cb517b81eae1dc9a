package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"helpdesk/test/prose"
)

// Marks of the section of a page that is written anew.
const (
	sectionBegins = "<!-- bench-http -->\n"
	sectionEnds   = "<!-- /bench-http -->\n"
)

// write prints what was found, and puts it into the page and the plot.
func (f *findings) write(out io.Writer) error {
	section := f.section()
	if _, err := io.WriteString(out, section); err != nil {
		return err
	}
	if f.plot != "" {
		if err := os.WriteFile(f.plot, f.draw(), 0o644); err != nil {
			return err
		}
	}
	if f.page == "" {
		return nil
	}
	page, err := os.ReadFile(f.page)
	if err != nil {
		return err
	}
	before, rest, begins := bytes.Cut(page, []byte(sectionBegins))
	_, after, ends := bytes.Cut(rest, []byte(sectionEnds))
	if !begins || !ends {
		return errors.New(f.page + " has no section for the figures")
	}
	page = bytes.Join([][]byte{before, []byte(sectionBegins + section + sectionEnds), after}, nil)
	return os.WriteFile(f.page, page, 0o644)
}

// section is the Markdown of all that was found.
func (f *findings) section() string {
	var s strings.Builder
	fmt.Fprintf(&s, "Written by `make bench-http` on %s, of helpdesk %s: %d tickets, %d events, runs of %s. %s, "+
		"Postgres %s, programs, database and those who ask on one machine.\n\n",
		f.at.Format("2 January 2006"), f.version, f.tickets, f.space.Events, f.lasts, f.machine, f.postgres)
	f.times(&s)
	f.costs(&s)
	fmt.Fprintf(&s, "Filled in %s. The database is %.1f kB a ticket, %.0f bytes an event. The program had at most %.0f MB of memory, the server has %.0f MB.",
		f.filled.Round(1e9), float64(f.space.All)/float64(f.tickets)/1000, float64(f.space.All)/float64(f.space.Events),
		float64(f.memory.program)/1e6, float64(f.memory.server)/1e6)
	if f.settle > 0 {
		fmt.Fprintf(&s, " At rest, both together take %.2f %% of a processor, with %d transactions a second.", 100*f.idle.cpu.Seconds(), f.idle.commits)
	}
	s.WriteString("\n\n")
	f.sizes(&s)
	f.grown(&s)
	return prose.Wrap(strings.TrimRight(s.String(), "\n") + "\n")
}

func (f *findings) times(s *strings.Builder) {
	s.WriteString("| work, connections | requests/s | floor | ratio | to reach | p50, p99 | floor's | processor time a request; floor's | behind at the end |\n" +
		"|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range f.rows {
		behind := ""
		if r.writes {
			behind = r.behind.String()
		}
		fmt.Fprintf(s, "| %s, %d | %.0f | %.0f | %.3f | %.2f | %.2f, %.2f ms | %.2f, %.2f ms | %.2f; %.2f ms | %s |\n",
			r.work, r.connections, r.ours.PerSecond(), r.floor.PerSecond(), r.ratio(), r.bar,
			ms(r.ours.Quantile(0.5)), ms(r.ours.Quantile(0.99)), ms(r.floor.Quantile(0.5)), ms(r.floor.Quantile(0.99)),
			ms(r.cpu), ms(r.floorCPU), behind)
	}
	s.WriteString("\n")
}

func (f *findings) costs(s *strings.Builder) {
	s.WriteString("| work, connections | statements, transactions, round trips until the answer | behind it | under load: transactions, flushes | log of the server |\n" +
		"|---|---|---|---|---|\n")
	for _, r := range f.rows {
		behind, underLoad, wal := "", "", ""
		if r.writes {
			b := r.counts.Behind
			behind = fmt.Sprintf("%d, %d, %d", b.Statements, b.Commits, b.RoundTrips)
			wal = fmt.Sprintf("%.1f kB", r.wal/1000)
		}
		if r.commits >= 0 {
			underLoad = fmt.Sprintf("%.1f, %.2f", r.commits, r.flushes)
		}
		c := r.counts.Request
		fmt.Fprintf(s, "| %s, %d | %d, %d, %d | %s | %s | %s |\n",
			r.work, r.connections, c.Statements, c.Commits, c.RoundTrips, behind, underLoad, wal)
	}
	s.WriteString("\n")
}

func (f *findings) sizes(s *strings.Builder) {
	s.WriteString("| table | rows, bytes a ticket | indexes, bytes a ticket |\n|---|---|---|\n")
	for _, r := range f.space.Relations {
		fmt.Fprintf(s, "| `%s` | %d | %d |\n", r.Name, r.Rows/int64(f.tickets), r.Indexes/int64(f.tickets))
	}
	s.WriteString("\n")
}

func (f *findings) grown(s *strings.Builder) {
	if len(f.growth) == 0 {
		return
	}
	s.WriteString("| median on one connection |")
	for _, size := range f.config.growth {
		fmt.Fprintf(s, " %d tickets |", size)
	}
	s.WriteString(" last to first |\n|---|" + strings.Repeat("---|", len(f.config.growth)) + "---|\n")
	for _, g := range f.growth {
		fmt.Fprintf(s, "| %s |", g.work)
		for _, d := range g.median {
			fmt.Fprintf(s, " %.2f ms |", ms(d))
		}
		fmt.Fprintf(s, " %.2f |\n", float64(g.median[len(g.median)-1])/float64(g.median[0]))
	}
}

// describeVersion names the commit.
func describeVersion(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "of unknown version"
	}
	return strings.TrimSpace(string(out))
}
