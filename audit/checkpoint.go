package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
)

// Checkpoint is what a key says of the tree: its size and root hash.
type Checkpoint struct {
	Size int64
	Root []byte
	Note []byte // the signed note as it was read (C2SP tlog-checkpoint)
}

// errCheckpoint is the error for a note that is no checkpoint of the log.
var errCheckpoint = errors.New("it is no checkpoint signed by the log's key")

// openCheckpoint reads a note that one of the keys has signed.
func openCheckpoint(text []byte, keys []note.Verifier) (c Checkpoint, err error) {
	for _, key := range keys {
		var parsed *log.Checkpoint
		if parsed, _, _, err = log.ParseCheckpoint(text, key.Name(), key); err != nil {
			continue
		}
		if parsed.Size > 1<<62 || len(parsed.Hash) != hashSize {
			return c, fmt.Errorf("%w: it names no tree", errCheckpoint)
		}
		return Checkpoint{Size: int64(parsed.Size), Root: parsed.Hash, Note: text}, nil
	}
	return c, fmt.Errorf("%w: %w", errCheckpoint, err)
}

// signCheckpoint makes the note of a tree.
func signCheckpoint(size int64, root []byte, key note.Signer) (Checkpoint, error) {
	text := log.Checkpoint{Origin: key.Name(), Size: uint64(size), Hash: root}.Marshal()
	signed, err := note.Sign(&note.Note{Text: string(text)}, key)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign a checkpoint: %w", err)
	}
	return Checkpoint{Size: size, Root: root, Note: signed}, nil
}

// A file of checkpoints is signed notes one after the other, each followed by an
// empty line.

// signatureLine is what each line of a note's signatures begins with.
const signatureLine = "— "

// splitNotes is a [bufio.SplitFunc] for such a file. What a crash has left of a
// note at the end is passed over.
func splitNotes(data []byte, atEOF bool) (advance int, token []byte, err error) {
	skip := len(data) - len(bytes.TrimLeft(data, "\n"))
	text := data[skip:]
	body := bytes.Index(text, []byte("\n\n"+signatureLine))
	if body >= 0 {
		if end := bytes.Index(text[body+2:], []byte("\n\n")); end >= 0 {
			end += body + 3
			return skip + end + 1, text[:end], nil
		}
	}
	switch {
	case !atEOF:
		return 0, nil, nil
	case body >= 0 && bytes.HasSuffix(text, []byte("\n")):
		return len(data), text, nil
	case len(text) > 0 && body < 0 && bytes.Count(text, []byte("\n")) > 3:
		return 0, nil, errCheckpoint // not what a crash leaves
	}
	return len(data), nil, nil
}

// maxNote is how long a note may be.
const maxNote = 64 << 10

// appendNote adds a note to a file of checkpoints, and makes the file where there
// is none. What a crash has left of another note goes first.
func appendNote(name string, text []byte) (err error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	end, _, err := lastNote(f)
	if err != nil {
		return err
	}
	if err := f.Truncate(end); err != nil {
		return err
	}
	if _, err := f.WriteAt(append(bytes.Clone(text), '\n'), end); err != nil {
		return err
	}
	return f.Sync()
}

// lastNote returns the newest note of a file, nil for none, and where it ends.
func lastNote(f *os.File) (end int64, text []byte, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, nil, err
	}
	from := max(info.Size()-2*maxNote, 0)
	tail := make([]byte, info.Size()-from)
	if _, err := f.ReadAt(tail, from); err != nil && !errors.Is(err, io.EOF) {
		return 0, nil, err
	}
	at := 0
	if from > 0 { // begin where a note does
		signature := bytes.Index(tail, []byte("\n"+signatureLine))
		if signature < 0 {
			return 0, nil, errCheckpoint
		}
		at = signature + 1 + bytes.Index(tail[signature+1:], []byte("\n\n")) + 2
	}
	end = from + int64(at)
	for {
		advance, token, err := splitNotes(tail[at:], false)
		if err != nil || advance == 0 {
			return end, text, err
		}
		at += advance
		end, text = from+int64(at), token
	}
}

// newestIn returns the newest note of the file of that name, nil for none.
func newestIn(name string) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	_, text, err := lastNote(f)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return text, err
}
