package localpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// Names within the server.
const (
	Database    = "helpdesk"
	SuperRole   = "postgres"
	OwnerRole   = "helpdesk_owner" // owns Database; may make roles, no superuser
	ServiceRole = "helpdesk_app"   // may connect; owns nothing
)

const socketName = ".s.PGSQL.5432"

// endpoint is where a server is reached.
type endpoint struct{ socketDir string }

// Server is a running server, or the share in another process's (see Attach).
// Its methods may be called from any goroutine.
type Server struct {
	endpoint
	cfg    Config
	log    *slog.Logger
	layout *layout
	bin    Binaries

	lock       *os.File // nil for a share
	cancel     context.CancelFunc
	supervised chan struct{} // closed when the supervisor returned
	done       chan struct{} // closed when it gave up
	stopOnce   sync.Once
	stopErr    error

	mu    sync.Mutex
	child *process
	ready int // pid of the postmaster once it accepts connections, else 0
	note  owner
	err   error
}

// OwnerURL connects as the role that owns the database: for migrations.
func (e endpoint) OwnerURL() string { return e.URL(OwnerRole, Database) }

// ServiceURL connects as the role of the service, which can do what the owner
// granted it.
func (e endpoint) ServiceURL() string { return e.URL(ServiceRole, Database) }

// SuperURL connects as the superuser: for backups and for tests.
func (e endpoint) SuperURL() string { return e.URL(SuperRole, Database) }

// URL is the address of a database for a role, as pgx reads it.
func (e endpoint) URL(role, database string) string {
	q := url.Values{"host": {e.socketDir}, "port": {"5432"}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: q.Encode()}
	return u.String()
}

// Dir is the folder the server lives in.
func (s *Server) Dir() string { return s.layout.dir }

// Binaries returns what runs; zero for a share.
func (s *Server) Binaries() Binaries { return s.bin }

// Shared reports whether another process owns the server.
func (s *Server) Shared() bool { return s.lock == nil }

// PostmasterPID is the pid of the server while it accepts connections, 0 while
// it is being restarted, after Stop and for a share.
func (s *Server) PostmasterPID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ready
}

// Done is closed when the server died and could not be started again; Err says
// why. The data is as it was. A share never closes it, nor does Stop.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err is nil until Done is closed; then it wraps ErrGaveUp.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// SetAddress notes the HTTP address this process serves, so that a second one
// that is refused can name it. A share notes nothing.
func (s *Server) SetAddress(addr string) error {
	if s.Shared() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note.Address = addr
	return s.layout.writeOwner(s.note)
}

// Stop ends the server the clean way: sessions are cut off, what was committed
// is written. When ctx ends first, it is ended at once, which costs the next
// start a recovery, and the error says so. It returns with the server gone and
// the data folder free in any case. Further calls answer the same. A share is
// merely let go of.
func (s *Server) Stop(ctx context.Context) error {
	if s.Shared() {
		return nil
	}
	s.stopOnce.Do(func() {
		s.cancel()
		<-s.supervised
		s.stopErr = s.shutdown(ctx)
	})
	return s.stopErr
}

func (s *Server) shutdown(ctx context.Context) error {
	s.mu.Lock()
	child := s.child
	s.child, s.ready = nil, 0
	s.mu.Unlock()
	var err error
	if child != nil && !child.stop(ctx, s.cfg.stopSignal()) {
		err = fmt.Errorf("stop the embedded Postgres cleanly: %w", context.Cause(ctx))
	}
	if filepath.Dir(s.socketDir) != s.layout.dir {
		_ = os.Remove(s.socketDir) // the next start makes it again
	}
	return errors.Join(err, s.release())
}

// release gives the data folder free.
func (s *Server) release() error {
	return errors.Join(os.Remove(s.layout.owner), unlock(s.lock))
}

// stopSignal asks the postmaster for a fast shutdown, or an immediate one where
// nothing is worth writing down.
func (c Config) stopSignal() syscall.Signal {
	if c.Throwaway {
		return syscall.SIGQUIT
	}
	return syscall.SIGINT
}

// startOwned starts the server for the holder of the lock and gives the lock
// up when that fails.
func startOwned(ctx context.Context, cfg Config, l *layout, lock *os.File) (*Server, error) {
	s := &Server{
		cfg:        cfg,
		log:        cfg.logger(),
		layout:     l,
		lock:       lock,
		supervised: make(chan struct{}),
		done:       make(chan struct{}),
		note:       newOwner(),
	}
	if err := s.start(ctx); err != nil {
		if s.child != nil {
			s.child.stop(ctx, s.cfg.stopSignal())
		}
		return nil, errors.Join(err, s.release())
	}
	live, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go s.supervise(live, s.child)
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	if err := s.layout.writeOwner(s.note); err != nil {
		return err
	}
	bin, err := FindBinaries(ctx, s.cfg, s.layout.data)
	if err != nil {
		return err
	}
	s.bin = bin
	if !s.layout.hasData() {
		s.layout.acct = accountFor(s.layout.data) // an installation may have brought a user
		if err := s.initialise(ctx); err != nil {
			return err
		}
	}
	if s.socketDir, err = s.layout.socketDir(); err != nil {
		return err
	}
	if s.child, err = s.launch(ctx); err != nil {
		return err
	}
	if err := s.bootstrap(ctx); err != nil {
		return err
	}
	s.ready = s.child.pid
	s.note.Ready, s.note.SocketDir = true, s.socketDir
	return s.layout.writeOwner(s.note)
}
