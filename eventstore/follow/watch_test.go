package follow

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"helpdesk/test/kit"
)

func TestTheWatchdogAlarmsWhenAFollowerDoesNotMove(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	var text bytes.Buffer
	d := NewWatchdog(l.Pool, WatchConfig{StallAfter: 30 * time.Second, Logger: slog.New(slog.NewTextHandler(&text, nil))})
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	alarms := 0
	for _, step := range []struct {
		name     string
		at       time.Duration
		position int64
		head     int // events by now
		want     []string
		alarms   int // and how often the log was told
	}{
		{"nothing to do is no stall", 0, 0, 0, nil, 0},
		{"nor is it after a long time", time.Hour, 0, 0, nil, 0},
		{"events come, and their time begins to run", time.Hour + 2*time.Second, 0, 3, nil, 0},
		{"not yet", time.Hour + 29*time.Second, 0, 3, nil, 0},
		{"it moves, and the time begins anew", time.Hour + 31*time.Second, 1, 3, nil, 0},
		{"still within it", time.Hour + 60*time.Second, 1, 3, nil, 0},
		{"that was too long", time.Hour + 61*time.Second, 1, 3, []string{"a"}, 1},
		{"more events change nothing, and one alarm is enough", time.Hour + 70*time.Second, 1, 4, []string{"a"}, 1},
		{"it moves again", time.Hour + 71*time.Second, 2, 4, nil, 1},
		{"it stalls again", time.Hour + 101*time.Second, 2, 4, []string{"a"}, 2},
		{"it catches up", time.Hour + 102*time.Second, 4, 4, nil, 2},
		{"and rests", 2 * time.Hour, 4, 4, nil, 2},
	} {
		l.setCheckpoint(t, "a", step.position)
		l.setCheckpoint(t, "b", l.End(t)) // this one is always there
		for l.End(t) < int64(step.head) {
			l.Fill(t, 1)
			l.setCheckpoint(t, "b", l.End(t))
		}
		if err := d.runOnce(kit.Context(t), start.Add(step.at)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, d.Stalled()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
		if alarms = strings.Count(text.String(), "a follower is stalled"); alarms != step.alarms {
			t.Errorf("%s: %d alarms, want %d", step.name, alarms, step.alarms)
		}
	}
	if diff := cmp.Diff([]Progress{{"a", 4, 4, 0, false}, {"b", 4, 4, 0, false}}, d.Progress()); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}

func TestTheWatchdogLooksUntilItIsStopped(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.Fill(t, 1)
	l.setCheckpoint(t, "a", 0)
	d := NewWatchdog(l.Pool, WatchConfig{Every: time.Millisecond, StallAfter: time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	stop := kit.Run(t, d.Run)
	kit.Poll(t, "the stall", func() bool { return len(d.Stalled()) == 1 })
	l.setCheckpoint(t, "a", 1)
	kit.Poll(t, "the end of the stall", func() bool { return len(d.Stalled()) == 0 })
	stop()
}

func TestTheWatchdogSaysWhenItCannotLook(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	ctx, cancel := context.WithCancel(kit.Context(t))
	cancel()
	if err := NewWatchdog(l.Pool, WatchConfig{}).runOnce(ctx, time.Now()); err == nil {
		t.Error("a look that was not made is taken for one")
	}
}
