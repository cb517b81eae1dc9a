package localpg

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

const (
	// maxSocketDir is the longest socket folder taken: sun_path ends at 104
	// bytes on macOS and 108 on Linux, and Postgres adds "/.s.PGSQL.5432.lock".
	maxSocketDir = 80

	// rootDataDir is where data goes that the server's user could not reach.
	rootDataDir = "/var/lib/helpdesk"
)

// layout is where the parts of one server are, and whom they belong to. When
// this process is root, dir stays root's and data and sock are the server's, so
// that the server cannot have root follow a link of its making.
type layout struct {
	dir, lock, owner, data, dataNew, log string
	acct                                 account
}

func newLayout(cfg Config) (*layout, error) {
	if cfg.DataDir == "" {
		return nil, errors.New("the embedded Postgres needs a data folder")
	}
	base, err := filepath.Abs(cfg.DataDir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDataDir, err)
	}
	l := layoutAt(filepath.Join(base, "pg"))
	if os.Geteuid() != 0 {
		if err := os.MkdirAll(l.dir, 0o700); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDataDir, err)
		}
		return l, nil
	}
	return reachable(l, base, cfg.logger())
}

// wantServer returns ErrNoServer unless a server was made for the data folder, or
// one is being made.
func wantServer(cfg Config) error {
	base, err := filepath.Abs(cfg.DataDir)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDataDir, err)
	}
	for _, l := range []*layout{layoutAt(filepath.Join(base, "pg")), movedFrom(base)} {
		for _, name := range []string{filepath.Join(l.data, "PG_VERSION"), l.lock} {
			if _, err := os.Stat(name); err == nil {
				return nil
			} else if errors.Is(err, fs.ErrPermission) {
				return fmt.Errorf("%w: %w", ErrDataDir, err)
			}
		}
	}
	return fmt.Errorf("%w: %s", ErrNoServer, base)
}

// movedFrom returns where data goes that the server's user could not reach below base.
func movedFrom(base string) *layout {
	sum := sha256.Sum256([]byte(base))
	return layoutAt(filepath.Join(rootDataDir, filepath.Base(base)+"-"+hex.EncodeToString(sum[:4]), "pg"))
}

func layoutAt(dir string) *layout {
	l := &layout{
		dir:     dir,
		lock:    filepath.Join(dir, "lock"),
		owner:   filepath.Join(dir, "owner.json"),
		data:    filepath.Join(dir, "data"),
		dataNew: filepath.Join(dir, "data.new"),
		log:     filepath.Join(dir, "postgres.log"),
	}
	l.acct = accountFor(l.data)
	return l
}

// reachable makes l's folder, or the one under rootDataDir when the server's
// user cannot get at l's or when data is already there.
func reachable(l *layout, base string, log *slog.Logger) (*layout, error) {
	moved := movedFrom(base)
	var why error
	if l.hasData() || !moved.hasData() {
		if why = l.makeReachable(); why == nil {
			return l, nil
		}
		// Others keep their files there too: what nobody can write has no substitute.
		if errors.Is(why, ErrDataDir) {
			return nil, why
		}
		if l.hasData() {
			return nil, fmt.Errorf("user %s cannot reach its data in %s: %w", l.acct.name, l.data, why)
		}
	}
	if err := moved.makeReachable(); err != nil {
		return nil, fmt.Errorf("user %s can reach neither %s (%w) nor %s (%w)", l.acct.name, l.dir, why, moved.dir, err)
	}
	log.Warn("the embedded Postgres keeps its data elsewhere: its user cannot reach the data folder",
		slog.String("user", moved.acct.name), slog.String("folder", moved.dir), slog.String("unreachable", l.dir))
	return moved, nil
}

func (l *layout) makeReachable() error {
	err := os.MkdirAll(l.dir, 0o755)
	if err == nil {
		err = os.Chmod(l.dir, 0o711)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDataDir, err)
	}
	cmd := exec.Command("/bin/sh", "-c", ":")
	cmd.Dir = l.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: l.acct.credential()}
	if err := cmd.Run(); err != nil {
		os.Remove(l.dir) // only when still empty
		return err
	}
	return nil
}

func (l *layout) hasData() bool {
	_, err := os.Stat(filepath.Join(l.data, "PG_VERSION"))
	return err == nil
}

// socketDir makes the folder of the socket: beside the data, or below the
// temporary folder when that path is too long for a socket address.
func (l *layout) socketDir() (string, error) {
	dir := filepath.Join(l.dir, "sock")
	if len(dir) > maxSocketDir {
		sum := sha256.Sum256([]byte(l.dir))
		name := fmt.Sprintf("helpdesk-%d-%s", l.acct.uid, hex.EncodeToString(sum[:6]))
		if dir = filepath.Join(os.TempDir(), name); len(dir) > maxSocketDir {
			dir = filepath.Join("/tmp", name)
		}
	}
	return dir, l.makePrivate(dir)
}

// makePrivate makes dir a folder of the server's user that nobody else can
// enter, and refuses one that somebody else made in its place.
func (l *layout) makePrivate(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil && l.acct.switched {
		err = os.Lchown(dir, int(l.acct.uid), int(l.acct.gid))
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make a private folder: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("check the private folder: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || stat.Uid != l.acct.uid || info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s must be a folder of user %s with mode 0700: remove it or set that right", dir, l.acct.name)
	}
	return nil
}
