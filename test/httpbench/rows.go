package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"helpdesk/test/counts"
	"helpdesk/test/load"
	"helpdesk/test/program"
)

// row is a line of the table: a work, how many connections ask for it, and the ratio to
// the floor that it is to have.
type row struct {
	work        string
	connections int
	bar         float64
}

// rows are in this order: what is read first has no newer tickets before it than the
// made-up year's, and the last is of a word that no ticket has which the writes opened.
var rows = []row{
	{"first page, admin", 32, 0.4},
	{"first page, agent, filtered", 32, 0.3},
	{"title search", 32, 0.2},
	{"search for a common word", 32, 0.05},
	{"search for a rare word", 32, 0.05},
	{"one ticket with comments", 32, 0.5},
	{"report", 32, 0.6},
	{"events page of 100", 32, 0.15},
	{"change a priority", 32, 0.4},
	{"public comment", 32, 0.4},
	{"internal note", 32, 0.4},
	{"create", 1, 0.25},
	{"create", 32, 0.5},
	{"create", 128, 0.8},
	{"title search among older tickets", 32, 0.07},
}

// figures are what was measured of a row.
type figures struct {
	row
	writes           bool
	floor, ours      load.Result
	floorCPU, cpu    time.Duration  // a request, of program and server
	behind           load.Behind    // after the last answer
	wal              float64        // bytes a request
	commits, flushes float64        // a request, under load; below 0: not counted
	counts           *counts.Counts // of one request
}

func (f figures) ratio() float64 { return f.ours.PerSecond() / f.floor.PerSecond() }

// bench measures one desk against the floor.
type bench struct {
	*desk
	config
	least   *program.Program // the floor
	service *program.Program
	works   map[string]load.Work
	idle    usage // of a second without requests
}

// warm is the part of a run's time that it is warmed up for.
const warm = 5

// floorLasts is how long a run of the floor lasts at most: nothing piles up behind it.
const floorLasts = 10 * time.Second

// measureAll measures the rows one after the other, with the floor before, between and
// after them, so that what slows the machine down slows both.
func (b *bench) measureAll(ctx context.Context) (all []figures, err error) {
	var before *floorRun
	for _, r := range rows {
		w := b.works[r.work]
		if !strings.Contains(r.work, b.only) || b.connections > 0 && b.connections != r.connections {
			continue
		}
		if before == nil || before.writes != w.Writes || before.connections != r.connections {
			if before, err = b.runFloor(ctx, w.Writes, r.connections); err != nil {
				return nil, fmt.Errorf("the floor: %w", err)
			}
		}
		f, err := b.measure(ctx, r, w)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.work, err)
		}
		after, err := b.runFloor(ctx, w.Writes, r.connections)
		if err != nil {
			return nil, fmt.Errorf("the floor: %w", err)
		}
		f.floor = load.Join(before.Result, after.Result)
		f.floorCPU = (before.cpu + after.cpu) / 2
		say("%-28s %3d: %8.0f/s of %6.0f/s, ratio %.3f, %.2f of %.2f ms of processor time", r.work, r.connections,
			f.ours.PerSecond(), f.floor.PerSecond(), f.ratio(), ms(f.cpu), ms(f.floorCPU))
		if w.Writes {
			say("  behind at the end: %s", f.behind)
		}
		all = append(all, f)
		before = after
	}
	return all, nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// floorRun is a run of the floor.
type floorRun struct {
	load.Result
	writes      bool
	connections int
	cpu         time.Duration // a request
}

func (b *bench) runFloor(ctx context.Context, writes bool, connections int) (*floorRun, error) {
	w, at := load.Select(b.desk.tickets), address(b.least)
	if writes {
		w = load.Insert()
	}
	lasts := min(b.lasts, floorLasts)
	if _, err := load.Run(ctx, at, connections, lasts/warm, w); err != nil {
		return nil, err
	}
	before, err := b.used(ctx, b.least.PID(), b.name)
	if err != nil {
		return nil, err
	}
	run := &floorRun{writes: writes, connections: connections}
	if run.Result, err = load.Run(ctx, at, connections, lasts, w); err != nil {
		return nil, err
	}
	after, err := b.used(ctx, b.least.PID(), b.name)
	run.cpu = after.sub(before).cpu / time.Duration(len(run.All))
	return run, err
}

func (b *bench) measure(ctx context.Context, r row, w load.Work) (f figures, err error) {
	f = figures{row: r, writes: w.Writes, commits: -1, flushes: -1}
	if err := b.reset(ctx); err != nil {
		return f, err
	}
	first, err := b.used(ctx, b.service.PID(), b.name)
	if err != nil {
		return f, err
	}
	warmed, err := load.Run(ctx, address(b.service), r.connections, b.lasts/warm, w)
	if err != nil {
		return f, err
	}
	if _, err := load.Quiet(ctx, b.conn); err != nil {
		return f, err
	}
	before, err := b.used(ctx, b.service.PID(), b.name)
	if err != nil {
		return f, err
	}
	if f.ours, err = load.Run(ctx, address(b.service), r.connections, b.lasts, w); err != nil {
		return f, err
	}
	if f.behind, err = load.Quiet(ctx, b.conn); err != nil {
		return f, err
	}
	after, err := b.used(ctx, b.service.PID(), b.name)
	if err != nil {
		return f, err
	}
	n := len(f.ours.All)
	f.cpu = after.sub(before).cpu / time.Duration(n)
	f.wal = float64(after.sub(before).wal) / float64(n)
	if b.settle == 0 || !w.Writes {
		return f, nil
	}
	if err := wait(ctx, b.settle); err != nil {
		return f, err
	}
	last, err := b.used(ctx, b.service.PID(), b.name)
	if err != nil {
		return f, err
	}
	of := float64(len(warmed.All) + n)
	f.commits = (float64(last.sub(first).commits) - float64(b.idle.commits)*b.settle.Seconds()) / of
	f.flushes = (float64(last.sub(first).flushes) - float64(b.idle.flushes)*b.settle.Seconds()) / of
	return f, nil
}

// reset has the floor's backends report what they did, by ending them.
func (b *bench) reset(ctx context.Context) error {
	c, err := load.Dial(ctx, address(b.least))
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Ask(load.New("POST", "/reset", "", ""), nil)
	return err
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// rest measures what is used where nobody asks for anything, a second. Short runs leave
// it out.
func (b *bench) rest(ctx context.Context) error {
	if b.settle == 0 {
		return nil
	}
	if err := wait(ctx, b.settle); err != nil { // until the fill's backends have reported
		return err
	}
	before, err := b.used(ctx, b.service.PID(), b.name)
	if err != nil {
		return err
	}
	if err := wait(ctx, b.settle); err != nil {
		return err
	}
	after, err := b.used(ctx, b.service.PID(), b.name)
	b.idle = after.sub(before).over(b.settle)
	say("at rest: %.2f %% of a processor, %d commits a second", 100*b.idle.cpu.Seconds(), b.idle.commits)
	return err
}
