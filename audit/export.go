package audit

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// exportRange is how many events a file of an export holds: 256 tiles.
const exportRange = 256 * tileWidth

// exportFormat names the format of an export. It is changed when the format is.
const exportFormat = "helpdesk-audit-export/1"

// Files of an export, beside those of ranges.
const (
	manifestFile         = "manifest.json"
	exportCheckpointFile = "checkpoint"
	exportVKeyFile       = "log.vkey"
	exportHistoryFile    = "checkpoints"
)

// Manifest is what an export holds.
type Manifest struct {
	Format string          `json:"format"`
	Size   int64           `json:"size"` // events, as the file "checkpoint" says
	Ranges []ManifestRange `json:"ranges"`
}

// ManifestRange is a range of events and the two files it is in.
type ManifestRange struct {
	First  int64        `json:"first"`
	Last   int64        `json:"last"`
	Events ManifestFile `json:"events"` // a line for each of them
	Hashes ManifestFile `json:"hashes"` // of the leaves, as the stored tree has them
}

// ManifestFile is a file of an export.
type ManifestFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// ExportConfig is where an export goes.
type ExportConfig struct {
	Out   string
	VKeys []string // that the checkpoint may be verified with
	// History is the file of checkpoints to take along; "" or one that is not
	// there: none.
	History  string
	Progress func(done, of int64)
}

// Export writes the log up to the newest signed checkpoint into a folder. What is
// in the folder whole already, as the manifest's digests tell, is kept; so an
// export that was cut off, or is of yesterday, is completed. Every file is there
// whole or not at all.
func Export(ctx context.Context, pool *pgxpool.Pool, store *eventstore.Store, config ExportConfig) (Manifest, error) {
	x := &exporter{config: config, pool: pool, store: store}
	signed, err := NewReader(pool, store).Checkpoint(ctx)
	if errors.Is(err, domain.ErrNotFound) {
		return Manifest{}, ErrNothingSigned
	}
	if err != nil {
		return Manifest{}, err
	}
	if err := os.MkdirAll(config.Out, 0o700); err != nil {
		return Manifest{}, err
	}
	former, err := readManifest(config.Out)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return Manifest{}, err
	}
	if former.Size > signed.Size {
		return Manifest{}, fmt.Errorf("%s holds %d events, and the newest checkpoint names %d: it is another log's, or events are gone",
			config.Out, former.Size, signed.Size)
	}
	m := Manifest{Format: exportFormat, Size: signed.Size}
	for first := int64(1); first <= signed.Size; first += exportRange {
		r, err := x.write(ctx, first, min(first+exportRange-1, signed.Size), signed.Size, former)
		if err != nil {
			return Manifest{}, err
		}
		m.Ranges = append(m.Ranges, r)
		// From here on a run that is cut off need not write the range again.
		if err := x.keep(m, former); err != nil {
			return Manifest{}, err
		}
	}
	return m, x.finish(m, former, signed)
}

type exporter struct {
	config ExportConfig
	pool   *pgxpool.Pool
	store  *eventstore.Store
}

// write writes the files of a range, or finds them written.
func (x *exporter) write(ctx context.Context, first, last, of int64, former Manifest) (ManifestRange, error) {
	for _, r := range former.Ranges {
		if r.First == first && r.Last == last && x.whole(r.Events) && x.whole(r.Hashes) {
			x.progress(last, of)
			return r, nil
		}
	}
	name := fmt.Sprintf("%010d-%010d", first, last)
	r := ManifestRange{First: first, Last: last}
	var err error
	r.Events, err = x.file("events-"+name+".ndjson", func(w io.Writer) error { return x.events(ctx, w, first, last, of) })
	if err != nil {
		return r, err
	}
	r.Hashes, err = x.file("hashes-"+name, func(w io.Writer) error { return x.hashes(ctx, w, first, last) })
	return r, err
}

func (x *exporter) events(ctx context.Context, w io.Writer, first, last, of int64) error {
	var text []byte
	at := first
	err := readEvents(ctx, x.store, first-1, last, func(e *eventstore.Recorded) (err error) {
		if e.Position != at {
			return &Fault{Position: at, Why: "the event is missing"}
		}
		at++
		if text, err = appendLine(text[:0], e); err != nil {
			return &Fault{Position: e.Position, Why: err.Error()}
		}
		if _, err := w.Write(append(text, '\n')); err != nil {
			return err
		}
		if e.Position%4096 == 0 {
			x.progress(e.Position, of)
		}
		return nil
	})
	if err == nil && at <= last {
		err = &Fault{Position: at, Why: "the event is missing"}
	}
	return err
}

// hashes writes the leaves' hashes of a range, which begins with a tile.
func (x *exporter) hashes(ctx context.Context, w io.Writer, first, last int64) error {
	for at := first; at <= last; at += tileWidth {
		hashes, err := loadTile(ctx, x.pool, 0, uint64(at-1)/tileWidth)
		if err != nil {
			return err
		}
		want := int(min(last-at+1, tileWidth)) * hashSize
		if len(hashes) < want {
			return &Fault{Position: at + int64(len(hashes)/hashSize), Why: "the stored tree has no hash of it: tiles are gone"}
		}
		if _, err := w.Write(hashes[:want]); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) progress(done, of int64) {
	if x.config.Progress != nil {
		x.config.Progress(done, of)
	}
}

// file writes a file that is there whole or not at all.
func (x *exporter) file(name string, write func(io.Writer) error) (m ManifestFile, err error) {
	path := filepath.Join(x.config.Out, name)
	f, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return m, err
	}
	sum := &digest{sha: sha256.New()}
	buffer := bufio.NewWriterSize(io.MultiWriter(f, sum), 256<<10)
	err = write(buffer)
	if err = errors.Join(err, buffer.Flush(), f.Sync(), f.Close()); err != nil {
		return m, errors.Join(err, os.Remove(path+".part"))
	}
	if err := os.Rename(path+".part", path); err != nil {
		return m, err
	}
	return ManifestFile{Name: name, Bytes: sum.bytes, SHA256: sum.hex()}, syncDir(x.config.Out)
}

// digest sums up what is written to it.
type digest struct {
	sha   hash.Hash
	bytes int64
}

// Write implements [io.Writer].
func (d *digest) Write(p []byte) (int, error) {
	d.bytes += int64(len(p))
	return d.sha.Write(p)
}

func (d *digest) hex() string { return hex.EncodeToString(d.sha.Sum(nil)) }

// whole reports whether a file is there as the manifest says.
func (x *exporter) whole(m ManifestFile) bool { return checkFile(x.config.Out, m) == nil }

// checkFile compares a file with what the manifest says of it.
func checkFile(dir string, m ManifestFile) error {
	if m.Name != filepath.Base(m.Name) || strings.HasPrefix(m.Name, ".") {
		return fmt.Errorf("the manifest names %q, which is not in the folder", m.Name)
	}
	f, err := os.Open(filepath.Join(dir, m.Name))
	if err != nil {
		return err
	}
	defer f.Close()
	sum := &digest{sha: sha256.New()}
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if sum.bytes != m.Bytes || sum.hex() != m.SHA256 {
		return fmt.Errorf("%s is not the file that the manifest describes", m.Name)
	}
	return nil
}

// keep notes what is written while the former manifest's other ranges are there.
func (x *exporter) keep(m Manifest, former Manifest) error {
	reached := m.Ranges[len(m.Ranges)-1].Last
	for _, r := range former.Ranges {
		if r.First > reached {
			m.Ranges = append(m.Ranges, r)
		}
	}
	m.Size = max(former.Size, reached)
	return x.manifest(m)
}

func (x *exporter) manifest(m Manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(x.config.Out, manifestFile), append(text, '\n'), 0o600)
}

// finish writes what an export is verified with, the manifest last, and removes
// the files that it has no use for any more.
func (x *exporter) finish(m, former Manifest, signed Checkpoint) error {
	files := map[string][]byte{
		exportCheckpointFile: signed.Note,
		exportVKeyFile:       []byte(strings.Join(x.config.VKeys, "\n") + "\n"),
	}
	for name, text := range files {
		if err := writeWhole(filepath.Join(x.config.Out, name), text, 0o600); err != nil {
			return err
		}
	}
	if err := x.history(signed.Size); err != nil {
		return err
	}
	if err := x.manifest(m); err != nil {
		return err
	}
	used := map[string]bool{}
	for _, r := range m.Ranges {
		used[r.Events.Name], used[r.Hashes.Name] = true, true
	}
	for _, r := range former.Ranges {
		for _, f := range []ManifestFile{r.Events, r.Hashes} {
			if !used[f.Name] && f.Name == filepath.Base(f.Name) {
				if err := os.Remove(filepath.Join(x.config.Out, f.Name)); err != nil && !errors.Is(err, os.ErrNotExist) {
					return err
				}
			}
		}
	}
	return nil
}

// history takes along the checkpoints up to a size.
func (x *exporter) history(size int64) error {
	if x.config.History == "" {
		return nil
	}
	keys, err := Verifiers(x.config.VKeys)
	if err != nil {
		return err
	}
	if _, err := os.Stat(x.config.History); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	all, err := openSigned([]string{x.config.History}, keys)
	if err != nil {
		return err
	}
	defer all.close()
	_, err = x.file(exportHistoryFile, func(w io.Writer) error {
		for c := all.peek(); c != nil && c.Size <= size; c = all.peek() {
			if _, err := w.Write(append(c.Note, '\n')); err != nil {
				return err
			}
			if err := all.take(); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}
