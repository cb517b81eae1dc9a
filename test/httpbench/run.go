package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"helpdesk/test/counts"
	"helpdesk/test/load"
	"helpdesk/test/pgcount"
)

// findings are all that the page shows.
type findings struct {
	config
	at       time.Time
	machine  string
	postgres string
	version  string // of the helpdesk
	filled   time.Duration
	space    space
	idle     usage
	rows     []figures
	memory   memory
	growth   []growth
}

func run(ctx context.Context, c config) (err error) {
	m, err := start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	f := findings{config: c, at: time.Now(), machine: describeMachine(), version: describeVersion(ctx)}
	if err := m.admin.QueryRow(ctx, `SHOW server_version`).Scan(&f.postgres); err != nil {
		return err
	}
	if err := m.measure(ctx, &f); err != nil {
		return err
	}
	if f.growth, err = m.grow(ctx, c); err != nil {
		return err
	}
	return f.write(os.Stdout)
}

// measure fills a desk and measures it.
func (m *machine) measure(ctx context.Context, f *findings) error {
	floor, err := m.serveFloor(ctx, f.tickets)
	if err != nil {
		return err
	}
	d, err := m.fill(ctx, "desk", f.tickets)
	if err != nil {
		return err
	}
	f.filled = d.filled
	if f.space, err = d.takes(ctx); err != nil {
		return err
	}
	b := &bench{desk: d, config: f.config, least: floor}
	if b.service, err = d.serve(d.url()); err != nil {
		return err
	}
	if b.works, err = d.opened(ctx, address(b.service)); err != nil {
		return err
	}
	if err := b.rest(ctx); err != nil {
		return err
	}
	f.idle = b.idle
	if f.rows, err = b.measureAll(ctx); err != nil {
		return err
	}
	if f.memory, err = b.remembers(b.service.PID()); err != nil {
		return err
	}
	if err := b.service.Stop(); err != nil {
		return err
	}
	floor.Kill()
	return d.count(ctx, f.rows)
}

// freshTickets is how many tickets there are to be changed: four for each of the most
// connections.
const freshTickets = 512

// opened returns the works of a desk's program, by name.
func (d *desk) opened(ctx context.Context, address string) (map[string]load.Work, error) {
	opened, err := load.Open(ctx, address, d.people, d.tickets, freshTickets)
	if err != nil {
		return nil, err
	}
	works := map[string]load.Work{}
	for _, w := range opened.Works() {
		works[w.Name] = w
	}
	_, err = load.Quiet(ctx, d.conn)
	return works, err
}

// count adds what single requests cost, of a program behind a proxy that counts.
func (d *desk) count(ctx context.Context, all []figures) error {
	say("counting statements")
	proxy, err := pgcount.Listen(d.url())
	if err != nil {
		return err
	}
	defer proxy.Close()
	p, err := d.serve(proxy.URL())
	if err != nil {
		return err
	}
	defer p.Kill()
	works, err := d.opened(ctx, address(p))
	if err != nil {
		return err
	}
	found := map[string]*counts.Counts{}
	for i, f := range all {
		if found[f.work] == nil {
			c, err := counts.Of(ctx, proxy, d.conn, address(p), works[f.work])
			if err != nil {
				return fmt.Errorf("count %s: %w", f.work, err)
			}
			found[f.work] = &c
		}
		all[i].counts = found[f.work]
	}
	return nil
}

// describeMachine names the processors.
func describeMachine() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	model, n := "", 0
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			n++
		}
	}
	return fmt.Sprintf("%d processors, %s", n, model)
}
