package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"
)

// Sink takes checkpoints to a place outside the service's reach.
type Sink interface {
	// Deliver hands over a signed note. nil means that it has arrived, as far as
	// can be known.
	Deliver(ctx context.Context, checkpoint []byte) error
}

// FileSink appends checkpoints to a file of this name, as [Dir.Checkpoints] is.
type FileSink string

// Deliver implements [Sink].
func (f FileSink) Deliver(_ context.Context, checkpoint []byte) error {
	return appendNote(string(f), checkpoint)
}

// HTTPSink posts checkpoints to this address as text/plain. Any 2xx means that
// it was taken; redirects are not followed.
type HTTPSink string

// Deliver implements [Sink].
func (h HTTPSink) Deliver(ctx context.Context, checkpoint []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, string(h), bytes.NewReader(checkpoint))
	if err != nil {
		return errors.New("the address of the witness cannot be used")
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("the witness answered %s", response.Status)
	}
	return nil
}

// WitnessConfig adjusts a witness.
type WitnessConfig struct {
	Every  time.Duration // shortest time between two checkpoints that it is given
	Logger *slog.Logger  // default [slog.Default]
	Retry  time.Duration // wait after the first failure, doubled each time up to an hour; default 10 s
}

// Witness gives the newest checkpoint of a folder to a sink, not more often than
// asked. What could not be delivered is tried again, or a newer one in its
// place; the service never waits for it. Across restarts it knows what it
// delivered, and when.
type Witness struct {
	dir    Dir
	sink   Sink
	config WitnessConfig
}

// NewWitness makes a witness of what is signed in dir.
func NewWitness(dir Dir, sink Sink, config WitnessConfig) *Witness {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if config.Retry == 0 {
		config.Retry = 10 * time.Second
	}
	return &Witness{dir: dir, sink: sink, config: config}
}

const (
	longestRetry    = time.Hour
	deliverPatience = time.Minute // for one delivery
	witnessPoll     = time.Minute // when nobody says that there is a checkpoint
)

// Run delivers until ctx ends. signed wakes it.
func (w *Witness) Run(ctx context.Context, signed <-chan struct{}) error {
	failures := 0
	for {
		wait, err := w.runOnce(ctx, time.Now())
		if err != nil && ctx.Err() == nil {
			failures++
			wait = min(w.config.Retry<<min(failures-1, 16), longestRetry)
			w.config.Logger.Warn("a checkpoint could not be given to the outside witness", "error", err, "failures", failures)
		} else {
			failures = 0
		}
		woken := signed
		if wait > 0 {
			woken = nil // there is nothing to do before
		} else {
			wait = witnessPoll
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-woken:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// runOnce delivers the newest checkpoint if it is time to, and returns how long
// it is until it may be; 0: it is new ones that are lacking.
func (w *Witness) runOnce(ctx context.Context, now time.Time) (time.Duration, error) {
	newest, err := newestIn(w.dir.Checkpoints())
	if err != nil || newest == nil {
		return 0, err
	}
	name := w.dir.path(deliveredFile)
	delivered, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	if bytes.Equal(delivered, newest) {
		return 0, nil
	}
	if info, err := os.Stat(name); err == nil {
		if wait := info.ModTime().Add(w.config.Every).Sub(now); wait > 0 {
			return wait, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, deliverPatience)
	defer cancel()
	if err := w.sink.Deliver(ctx, newest); err != nil {
		return 0, err
	}
	return w.config.Every, writeWhole(name, newest, 0o644)
}
