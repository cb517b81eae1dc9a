package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// export exports the log into dir.
func (d *signedLog) export(t testing.TB, dir string) Manifest {
	t.Helper()
	m, err := d.tryExport(t.Context(), t, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (d *signedLog) tryExport(ctx context.Context, t testing.TB, dir string, progress func(done, of int64)) (Manifest, error) {
	t.Helper()
	vkeys, err := d.dir.VKeys()
	if err != nil {
		t.Fatal(err)
	}
	return Export(ctx, d.Pool, d.Store, ExportConfig{Out: dir, VKeys: vkeys, History: d.dir.Checkpoints(), Progress: progress})
}

func verifyExport(t testing.TB, d *signedLog, dir string) (Verified, error) {
	t.Helper()
	a, err := OpenArchive(dir)
	if err != nil {
		return Verified{}, err
	}
	return Verify(t.Context(), a, VerifyConfig{Keys: d.against(t).Keys, Files: a.Files()})
}

// files returns the names in a folder.
func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestAnExportIsVerifiedAndCompletedLater(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	d.fill(t, 1000, 10)
	d.grow(t)
	d.sign(t)
	d.fill(t, 5, 1) // what is not signed is not taken along
	dir := filepath.Join(t.TempDir(), "log")
	d.export(t, dir)
	if got, err := verifyExport(t, d, dir); err != nil || got.Events != 1000 || got.Count != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	d.grow(t)
	d.sign(t)
	d.export(t, dir)
	if got, err := verifyExport(t, d, dir); err != nil || got.Events != 1005 || got.Count != 3 {
		t.Errorf("completed: got %+v, %v", got, err)
	}
	want := []string{"checkpoint", "checkpoints", "events-0000000001-0000001005.ndjson", "hashes-0000000001-0000001005", "log.vkey", "manifest.json"}
	if diff := cmp.Diff(want, files(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestAnExportThatIsCutOffGoesOn cuts an export of two ranges off in the second:
// the first is kept, and no half file is taken for a whole one.
func TestAnExportThatIsCutOffGoesOn(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	n := exportRange + 9000
	d.fill(t, n, 1000)
	d.grow(t)
	d.sign(t)
	dir := t.TempDir()
	ctx, cut := context.WithCancel(t.Context())
	defer cut()
	_, err := d.tryExport(ctx, t, dir, func(done, _ int64) {
		if done > exportRange {
			cut()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if _, err := verifyExport(t, d, dir); err == nil {
		t.Error("half of it is verified")
	}
	first := filepath.Join(dir, "events-0000000001-0000065536.ndjson")
	before, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "events-0000065537-0000074536.ndjson"), []byte("half")) // as a crash of the system may leave it
	d.export(t, dir)
	if after, err := os.Stat(first); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the first range was written again: %v", err)
	}
	if got, err := verifyExport(t, d, dir); err != nil || got.Events != int64(n) {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, name := range files(t, dir) {
		if strings.HasSuffix(name, ".part") {
			t.Errorf("%s is left over", name)
		}
	}
}

func TestAnExportThatWasTamperedWithIsFoundOut(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	d.fill(t, 500, 5)
	d.grow(t)
	d.sign(t)
	whole := t.TempDir()
	d.export(t, whole)
	const events, hashes = "events-0000000001-0000000500.ndjson", "hashes-0000000001-0000000500"
	lines := func(change func([][]byte) [][]byte) func([]byte) []byte {
		return func(text []byte) []byte { return bytes.Join(change(bytes.SplitAfter(text, []byte("\n"))), nil) }
	}
	for _, c := range []struct {
		name, file string
		change     func([]byte) []byte
		want       string
	}{
		{"a byte of the data", events, lines(func(l [][]byte) [][]byte {
			l[299] = bytes.Replace(l[299], []byte("Plotter"), []byte("Plotted"), 1)
			return l
		}), "position 300: the line is not in its canonical form"},
		{"a byte elsewhere", events, lines(func(l [][]byte) [][]byte {
			l[299] = bytes.Replace(l[299], []byte(`"system"`), []byte(`"import"`), 1)
			return l
		}), "position 300: its hash is"},
		{"two lines have changed places", events, lines(func(l [][]byte) [][]byte {
			l[9], l[11] = l[11], l[9]
			return l
		}), "position 10: the event is missing"},
		{"a line is gone", events, lines(func(l [][]byte) [][]byte { return append(l[:9:9], l[10:]...) }), "position 10: the event is missing"},
		{"the end is gone", events, lines(func(l [][]byte) [][]byte { return l[:490] }), "position 491:"},
		{"the last line is cut", events, func(text []byte) []byte { return text[:len(text)-1] }, "position 500: its line is cut off"},
		{"a hash", hashes, func(text []byte) []byte { text[32*99] ^= 1; return text }, "position 100: its hash is"},
		{"the events' digest", manifestFile, func(text []byte) []byte {
			return bytes.Replace(text, []byte(`"sha256": "`), []byte(`"sha256": "00`), 1)
		}, "positions 1 to 500: events-0000000001-0000000500.ndjson is not the file"},
		{"the range", manifestFile, func(text []byte) []byte {
			return bytes.Replace(text, []byte(`"first": 1`), []byte(`"first": 2`), 1)
		}, "position 1: the manifest goes on with 2"},
		{"a file elsewhere", manifestFile, func(text []byte) []byte {
			return bytes.Replace(text, []byte(`"events-`), []byte(`"../events-`), 1)
		}, `the manifest names "../events-`},
		{"the checkpoint", exportCheckpointFile, func(text []byte) []byte {
			return bytes.Replace(text, []byte("\n500\n"), []byte("\n499\n"), 1)
		}, "it is no checkpoint signed by the log's key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(dir, c.file)
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			write(t, name, c.change(bytes.Clone(text)))
			if _, err := verifyExport(t, d, dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestAnotherLogIsNotExportedOverThisOne(t *testing.T) {
	t.Parallel()
	longer, shorter := newLog(t), newLog(t)
	dir := t.TempDir()
	for n, d := range map[int]*signedLog{20: longer, 10: shorter} {
		d.fill(t, n, 1)
		d.grow(t)
		d.sign(t)
	}
	longer.export(t, dir)
	if _, err := shorter.tryExport(t.Context(), t, dir, nil); err == nil {
		t.Error("it is")
	}
	if _, err := verifyExport(t, longer, dir); err != nil {
		t.Error(err)
	}
}

// TestTheProgramOfThePageVerifiesAnExport runs the Python of docs/audit-log.md.
func TestTheProgramOfThePageVerifiesAnExport(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	page, err := os.ReadFile("../docs/audit-log.md")
	if err != nil {
		t.Fatal(err)
	}
	_, program, found := strings.Cut(string(page), "```python\n")
	program, _, closed := strings.Cut(program, "```\n")
	if !found || !closed {
		t.Fatal("docs/audit-log.md has no such program")
	}
	d := newLog(t)
	d.fill(t, 777, 7)
	d.grow(t)
	d.sign(t)
	dir := t.TempDir()
	d.export(t, dir)
	out, err := exec.CommandContext(t.Context(), python, "-c", program, dir).CombinedOutput()
	if got, want := string(out), "777 events as in the checkpoint of desk.example.com\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	var m Manifest
	if text, err := os.ReadFile(filepath.Join(dir, manifestFile)); err != nil || json.Unmarshal(text, &m) != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, m.Ranges[0].Events.Name)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	write(t, name, bytes.Replace(text, []byte("Plotter"), []byte("Plotted"), 1))
	if out, err := exec.CommandContext(t.Context(), python, "-c", program, dir).CombinedOutput(); err == nil {
		t.Errorf("an altered one passes: %s", out)
	}
}
