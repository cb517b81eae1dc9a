package localpg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// oldest is the first major version with all that the helpdesk's SQL uses.
const oldest = 14

// Binaries are the programs of one Postgres installation.
type Binaries struct {
	Dir   string // with postgres and initdb
	Major int
}

// finder looks for binaries and keeps account of what it tried.
type finder struct {
	cfg   Config
	data  string // the data folder, whose owner has to be able to run them
	major int    // of the data folder, 0 while there is none
	tried []string
	other []int // majors that were found and did not fit
}

// FindBinaries looks for a Postgres to run the data folder data with: in
// cfg.BinDir and nowhere else when that is set, among what is installed, in the
// cache, and then, unless cfg.Offline, by fetching one. An existing data folder
// needs its own major version, a new one gets what is found first.
//
// It fails with ErrMajor or ErrNoBinaries.
func FindBinaries(ctx context.Context, cfg Config, data string) (Binaries, error) {
	major, err := majorOf(data)
	if err != nil {
		return Binaries{}, err
	}
	f := &finder{cfg: cfg, data: data, major: major}
	if cfg.BinDir != "" {
		bin, err := f.check(ctx, cfg.BinDir)
		return bin, f.fail(err)
	}
	if bin, ok := f.firstOf(ctx, "installed", installed()); ok {
		return bin, nil
	}
	cache, err := cfg.cacheDir()
	if err != nil {
		return Binaries{}, err
	}
	cached, _ := filepath.Glob(filepath.Join(cache, "*", "bin")) // the pattern is well-formed
	if bin, ok := f.firstOf(ctx, "cache "+cache, newestFirst(cached)); ok {
		return bin, nil
	}
	bin, err := f.fetch(ctx, cache)
	return bin, f.fail(err)
}

// majorOf returns the major version of a data folder, 0 when there is none.
func majorOf(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the version of the data folder: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read the version of the data folder %s: %w", data, err)
	}
	return major, nil
}

// cacheDir is where fetched binaries are kept, made when missing.
func (c Config) cacheDir() (string, error) {
	dir := c.CacheDir
	switch {
	case dir != "":
	case os.Geteuid() == 0:
		dir = "/var/cache/helpdesk/postgres"
	default:
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find the cache folder: %w", err)
		}
		dir = filepath.Join(user, "helpdesk", "postgres")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	return dir, nil
}

// installed lists the folders an installation of Postgres may be in, those the
// user chose first.
func installed() []string {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                               // Debian
		"/usr/pgsql-*/bin",                                        // the project's RPMs
		"/opt/homebrew/opt/postgresql@*/bin",                      // Homebrew, arm64
		"/usr/local/opt/postgresql@*/bin",                         // Homebrew, x64
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",         // Homebrew, Linux
		"/Applications/Postgres.app/Contents/Versions/[0-9]*/bin", // Postgres.app
	} {
		found, _ := filepath.Glob(pattern) // the patterns are well-formed
		dirs = append(dirs, newestFirst(found)...)
	}
	return dirs
}

var number = regexp.MustCompile(`[0-9]+`)

// newestFirst orders folders that differ in a version number.
func newestFirst(dirs []string) []string {
	version := func(dir string) int {
		n, _ := strconv.Atoi(number.FindString(filepath.Base(filepath.Dir(dir))))
		return n
	}
	slices.SortFunc(dirs, func(a, b string) int { return cmp.Compare(version(b), version(a)) })
	return dirs
}

// firstOf returns the first folder that fits.
func (f *finder) firstOf(ctx context.Context, where string, dirs []string) (Binaries, bool) {
	if len(dirs) == 0 {
		f.note("%s: none", where)
	}
	for _, dir := range dirs {
		bin, err := f.check(ctx, dir)
		if err == nil {
			return bin, true
		}
		f.note("%s: %v", where, err)
	}
	return Binaries{}, false
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) ([0-9]+)`)

// check runs what is in dir as the user the server will run as.
func (f *finder) check(ctx context.Context, dir string) (Binaries, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Binaries{}, err
	}
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return Binaries{}, fmt.Errorf("%s has no initdb", dir)
	}
	acct := accountFor(f.data)
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version")
	cmd.Dir = "/"
	cmd.Env = childEnv()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: acct.credential()}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return Binaries{}, fmt.Errorf("run %s as user %s: %w: %s", cmd.Path, acct.name, err, lastLine(out))
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return Binaries{}, fmt.Errorf("%s calls itself %q", cmd.Path, lastLine(out))
	}
	major, err := strconv.Atoi(string(m[1]))
	switch {
	case err != nil:
		return Binaries{}, fmt.Errorf("%s: %w", cmd.Path, err)
	case f.major != 0 && f.major != major:
		f.other = append(f.other, major)
		return Binaries{}, fmt.Errorf("%s is version %d, the data folder is of %d", dir, major, f.major)
	case major < oldest:
		return Binaries{}, fmt.Errorf("%s is version %d, older than %d", dir, major, oldest)
	}
	return Binaries{Dir: dir, Major: major}, nil
}

func (f *finder) note(format string, args ...any) {
	f.tried = append(f.tried, fmt.Sprintf(format, args...))
}

// fail turns the last error into one that helps; nil stays nil.
func (f *finder) fail(err error) error {
	if err == nil {
		return nil
	}
	f.note("%v", err)
	tried := "\n  - " + strings.Join(f.tried, "\n  - ")
	if len(f.other) > 0 {
		return fmt.Errorf("%w: %s is of version %d and nothing in it was touched. Tried:%s\n"+
			"Install Postgres %d or name its folder in HELPDESK_PG_BIN; to move to a newer version, "+
			"dump with the old one or use pg_upgrade, with the helpdesk stopped", ErrMajor, f.data, f.major, tried, f.major)
	}
	need := fmt.Sprintf("%d or newer", oldest)
	if f.major != 0 {
		need = fmt.Sprintf("%d, which the data folder %s is of", f.major, f.data)
	}
	return fmt.Errorf("%w. Tried:%s\nInstall Postgres %s; or name the folder of its programs in HELPDESK_PG_BIN; "+
		"or give the helpdesk the URL of a server of your own", ErrNoBinaries, tried, need)
}

// lastLine is what a program that failed usually says last.
func lastLine(out []byte) string {
	text := strings.TrimSpace(string(out))
	return text[strings.LastIndexByte(text, '\n')+1:]
}
