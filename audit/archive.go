package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"helpdesk/eventstore"
)

// Archive is an export as a [Source].
type Archive struct {
	dir      string
	manifest Manifest
}

// readManifest reads the manifest of an export.
func readManifest(dir string) (m Manifest, err error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return m, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return m, fmt.Errorf("%s: %w", manifestFile, err)
	}
	if m.Format != exportFormat {
		return m, fmt.Errorf("%s: the format is %q, and this program knows %q", manifestFile, m.Format, exportFormat)
	}
	return m, nil
}

// OpenArchive opens an export. That its ranges follow each other is checked here,
// the rest while it is read.
func OpenArchive(dir string) (*Archive, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, fmt.Errorf("%s is no export: %w", dir, err)
	}
	next := int64(1)
	for i, r := range m.Ranges {
		inside := i == len(m.Ranges)-1
		if r.First != next || r.Last < r.First || (r.Last-r.First+1 != exportRange && !inside) {
			return nil, &Fault{Position: next, Why: fmt.Sprintf("the manifest goes on with %d to %d", r.First, r.Last)}
		}
		next = r.Last + 1
	}
	return &Archive{dir: dir, manifest: m}, nil
}

// Files returns the files of checkpoints that are in the export.
func (a *Archive) Files() []string {
	files := []string{filepath.Join(a.dir, exportCheckpointFile)}
	if history := filepath.Join(a.dir, exportHistoryFile); exists(history) {
		files = append(files, history)
	}
	return files
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// VKeys returns the keys that the export itself names.
func (a *Archive) VKeys() ([]string, error) {
	text, err := os.ReadFile(filepath.Join(a.dir, exportVKeyFile))
	return strings.Fields(string(text)), err
}

// Bounds implements [Source].
func (a *Archive) Bounds(context.Context) (Bounds, error) {
	return Bounds{Head: a.manifest.Size, Last: a.manifest.Size, Tree: a.manifest.Size}, nil
}

// Events implements [Source]. Each file is held against the manifest's digest
// after its events, so that what is wrong in it is told by position first.
func (a *Archive) Events(ctx context.Context, upto int64, visit func(*eventstore.Recorded) error) error {
	for _, r := range a.manifest.Ranges {
		if r.First > upto {
			return nil
		}
		if err := a.events(ctx, r, visit); err != nil {
			return err
		}
		for _, m := range []ManifestFile{r.Events, r.Hashes} {
			if err := checkFile(a.dir, m); err != nil {
				return &Fault{Position: r.First, Last: r.Last, Why: err.Error()}
			}
		}
	}
	return nil
}

// maxLine is how long the line of an event may be. A text of 20,000 characters
// takes 80 kB, and twice escaped and sealed still far less than this.
const maxLine = 16 << 20

func (a *Archive) events(ctx context.Context, r ManifestRange, visit func(*eventstore.Recorded) error) error {
	f, err := a.open(r.Events.Name)
	if errors.Is(err, os.ErrNotExist) {
		return &Fault{Position: r.First, Last: r.Last, Why: "the file " + r.Events.Name + " is missing"}
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	lines.Split(wholeLines)
	at := r.First
	for ; lines.Scan(); at++ {
		if at%eventsPage == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		e, err := parseLine(lines.Bytes())
		if err != nil {
			return &Fault{Position: at, Why: err.Error()}
		}
		if err := visit(&e); err != nil {
			return err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong) || errors.Is(err, io.ErrUnexpectedEOF):
		return &Fault{Position: at, Why: "its line is cut off, or is none"}
	case err != nil:
		return err
	case at != r.Last+1:
		return &Fault{Position: min(at, r.Last+1), Why: fmt.Sprintf("%s does not hold %d to %d", r.Events.Name, r.First, r.Last)}
	}
	return nil
}

// wholeLines is a [bufio.SplitFunc] for lines that each end in "\n".
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if end := bytes.IndexByte(data, '\n'); end >= 0 {
		return end + 1, data[:end], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}

// open opens a file of the export, and of no other folder.
func (a *Archive) open(name string) (*os.File, error) {
	if name != filepath.Base(name) {
		return nil, fmt.Errorf("the manifest names %q, which is not in the folder", name)
	}
	return os.Open(filepath.Join(a.dir, name))
}

// Tile implements [Source]: an export keeps level 0 alone.
func (a *Archive) Tile(_ context.Context, level, index uint64) (hashes []byte, known bool, err error) {
	if level > 0 {
		return nil, false, nil
	}
	in := index * tileWidth / exportRange
	if in >= uint64(len(a.manifest.Ranges)) {
		return nil, true, nil
	}
	f, err := a.open(a.manifest.Ranges[in].Hashes.Name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, true, nil
	}
	if err != nil {
		return nil, true, err
	}
	defer f.Close()
	hashes = make([]byte, tileBytes)
	n, err := f.ReadAt(hashes, int64(index*tileBytes-in*exportRange*hashSize))
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return hashes[:n], true, err
}
