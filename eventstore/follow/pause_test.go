package follow

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

func TestAPausedFollowerStandsInAllProcessesUntilItIsResumed(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	_, fresh := l.follow(t, Config{}, recorder("a"), recorder("b"))
	l.Fill(t, 3)
	waitFor(t, fresh, 3)
	if found, err := Pause(kit.Context(t), l.Pool, "a"); !found || err != nil {
		t.Fatalf("pause: %v, %v", found, err)
	}
	other := l.process(t)
	other.start(t, Config{}, recorder("a"), recorder("b"))
	l.Fill(t, 4)
	if err := fresh.Wait(kit.Context(t), 7, "b"); err != nil { // nobody waits for a
		t.Fatal(err)
	}
	l.checkRecorded(t, "a", upTo(3))
	l.checkRecorded(t, "b", upTo(7))

	d := NewWatchdog(l.Pool, WatchConfig{StallAfter: time.Second})
	for _, now := range []time.Time{time.Now(), time.Now().Add(time.Hour)} {
		if err := d.runOnce(kit.Context(t), now); err != nil {
			t.Fatal(err)
		}
	}
	if stalled, paused := d.Stalled(), d.Paused(); len(stalled) > 0 || len(paused) != 1 || paused[0] != "a" {
		t.Errorf("stalled: %v; paused: %v, want a", stalled, paused)
	}
	if found, err := Resume(kit.Context(t), l.Pool, "a"); !found || err != nil {
		t.Fatalf("resume: %v, %v", found, err)
	}
	waitFor(t, fresh, 7)
	l.checkRecorded(t, "a", upTo(7))
}

func TestWhatDoesNotFollowCannotBePaused(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	if found, err := Pause(kit.Context(t), l.Pool, "nobody"); found || err != nil {
		t.Errorf("pause: %v, %v", found, err)
	}
	if found, err := Resume(kit.Context(t), l.Pool, "nobody"); found || err != nil {
		t.Errorf("resume: %v, %v", found, err)
	}
}

func TestTablesThatOtherCodeHasBuiltAskForARebuild(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	l.makeEffects(t)
	said := func(version int) string {
		var text bytes.Buffer
		f := recorder("a")
		f.Tables, f.Version = []string{"a"}, version
		followers := New(l.Pool, l.Codec(), l.Notifier, eventstore.NewNotifier(), Config{Logger: slog.New(slog.NewTextHandler(&text, nil))}, f)
		if err := followers.register(kit.Context(t)); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	if got := said(0); got != "" {
		t.Errorf("of a new one: %s", got)
	}
	if got := said(1); got != "" {
		t.Errorf("of the same version: %s", got)
	}
	if got := said(2); !strings.Contains(got, "projection=a built_by=1 program=2") || !strings.Contains(got, "helpdesk projections rebuild a") {
		t.Errorf("of another version: %s", got)
	}
}
