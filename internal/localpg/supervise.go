package localpg

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

const (
	// maxFailedStarts in a row end the supervision.
	maxFailedStarts = 5

	// A server that lived for less than shortLife is restarted with a delay
	// that doubles from firstDelay to maxDelay, as are failed starts.
	shortLife  = 10 * time.Second
	firstDelay = 100 * time.Millisecond
	maxDelay   = 2 * time.Second
)

// supervise starts the server again whenever it ends by itself, until ctx ends
// or the server does not come up any more.
func (s *Server) supervise(ctx context.Context, child *process) {
	defer close(s.supervised)
	var delay time.Duration
	for {
		up := time.Now()
		select {
		case <-ctx.Done():
			return
		case <-child.exited:
		}
		s.setChild(nil)
		if time.Since(up) > shortLife {
			delay = 0
		}
		s.log.Error("the embedded Postgres ended, starting it again",
			slog.Any("exit", child.err), slog.Duration("lived", time.Since(up)), slog.Duration("delay", delay))
		next, err := s.relaunch(ctx, delay)
		if ctx.Err() != nil {
			s.setChild(next)
			return
		}
		if err != nil {
			s.log.Error("the embedded Postgres does not start any more", slog.Any("error", err))
			s.giveUp(err)
			return
		}
		child = next
		s.setChild(child)
		s.log.Info("the embedded Postgres is back", slog.Int("pid", child.pid))
		delay = nextDelay(delay)
	}
}

// relaunch starts the server after delay, up to maxFailedStarts times.
func (s *Server) relaunch(ctx context.Context, delay time.Duration) (*process, error) {
	for failed := 1; ; failed++ {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(delay):
		}
		child, err := s.launch(ctx)
		if err == nil || failed == maxFailedStarts || ctx.Err() != nil {
			return child, err
		}
		delay = nextDelay(delay)
		s.log.Error("the embedded Postgres did not start",
			slog.Any("error", err), slog.Int("failed", failed), slog.Duration("delay", delay))
	}
}

func nextDelay(d time.Duration) time.Duration {
	return min(max(2*d, firstDelay), maxDelay)
}

// setChild notes the server that accepts connections, nil for none.
func (s *Server) setChild(child *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.child, s.ready = child, 0
	if child != nil {
		s.ready = child.pid
	}
}

func (s *Server) giveUp(err error) {
	s.mu.Lock()
	s.err = fmt.Errorf("%w: %w", ErrGaveUp, err)
	s.mu.Unlock()
	close(s.done)
}
