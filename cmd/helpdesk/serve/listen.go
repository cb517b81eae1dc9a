package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"helpdesk/cmd/helpdesk/config"
)

// Limits of a connection and of the shutdown.
const (
	headerTimeout   = 10 * time.Second
	readTimeout     = 30 * time.Second
	writeTimeout    = 60 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 20 * time.Second
	// maxHeader bounds what is read of a request before it is known whose it is, in
	// bytes; net/http adds 4 KiB. The longest address of our own, a list with a cursor,
	// has a few thousand.
	maxHeader = 32 << 10
)

// Listeners are the addresses of a service, taken before anything is made: a start
// that fails on one of them was none.
type Listeners []net.Listener // clients, and metrics where they have an address of their own

// Listen takes the addresses that are configured. The caller MUST close them.
func Listen(ctx context.Context, c config.Config) (Listeners, error) {
	var all Listeners
	for _, at := range []struct{ setting, addr string }{{"HELPDESK_ADDR", c.Addr}, {"HELPDESK_METRICS_ADDR", c.MetricsAddr}} {
		if at.addr == "" {
			continue
		}
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at.addr)
		if errors.Is(err, syscall.EADDRINUSE) {
			err = errors.New("another program listens there: stop it, or set another address")
		}
		if err != nil {
			all.Close()
			return nil, fmt.Errorf("%s: %q cannot be used: %w", at.setting, at.addr, err)
		}
		all = append(all, listener)
	}
	return all, nil
}

// Close gives the addresses up.
func (l Listeners) Close() {
	for _, listener := range l {
		listener.Close() // its server did already, where there was one
	}
}

// serveHTTP serves until ctx ends and then lets the requests under way finish.
// listening is called with where the service is, and where its metrics are.
func (s *Service) serveHTTP(ctx context.Context, at Listeners, listening func(addr, metricsAddr string)) error {
	servers := []*http.Server{s.server(s.handler())}
	servers[0].RegisterOnShutdown(s.streams.End) // else it would wait for them
	if s.config.MetricsAddr != "" {
		servers = append(servers, s.server(s.metrics()))
	}
	listening(at[0].Addr().String(), at[len(at)-1].Addr().String())
	group, failed := errgroup.WithContext(ctx)
	for i, server := range servers {
		group.Go(func() error {
			if err := server.Serve(at[i]); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve %s: %w", at[i].Addr(), err)
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

func (s *Service) server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:        handler,
		MaxHeaderBytes: maxHeader, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}
