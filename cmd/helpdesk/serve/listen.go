package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// Limits of a connection and of the shutdown.
const (
	headerTimeout   = 10 * time.Second
	readTimeout     = 30 * time.Second
	writeTimeout    = 60 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 20 * time.Second
)

// serveHTTP serves until ctx ends and then lets the requests under way finish.
// listening is called with where the service is, and where its metrics are.
func (s *Service) serveHTTP(ctx context.Context, listening func(addr, metricsAddr string)) error {
	servers := []*http.Server{s.server(s.config.Addr, s.handler())}
	servers[0].RegisterOnShutdown(s.streams.End) // else it would wait for them
	if s.config.MetricsAddr != "" {
		servers = append(servers, s.server(s.config.MetricsAddr, s.metrics()))
	}
	// All addresses before a word is said: a start that fails on one was none.
	listeners := make([]net.Listener, len(servers))
	for i, server := range servers {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", server.Addr)
		if err != nil {
			return fmt.Errorf("listen on %s: %w", server.Addr, err)
		}
		defer listener.Close() // where a later one fails; else its server did
		listeners[i] = listener
	}
	listening(listeners[0].Addr().String(), listeners[len(listeners)-1].Addr().String())
	group, failed := errgroup.WithContext(ctx)
	for i, server := range servers {
		group.Go(func() error {
			if err := server.Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve %s: %w", server.Addr, err)
			}
			return nil
		})
	}
	<-failed.Done() // told to end, or one of them cannot go on
	s.log.Info("shutting down")
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	var err error
	for _, server := range servers {
		err = errors.Join(err, server.Shutdown(last))
	}
	return errors.Join(err, group.Wait())
}

func (s *Service) server(addr string, handler http.Handler) *http.Server {
	return &http.Server{
		Addr: addr, Handler: handler,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}
