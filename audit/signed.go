package audit

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/note"
)

// signedFiles gives the checkpoints of several files in the order of sizes,
// without ever holding more than one of each.
type signedFiles struct {
	keys  []note.Verifier
	files []*signedFile
}

type signedFile struct {
	f       *os.File
	scanner *bufio.Scanner
	last    int64
	next    *Checkpoint // nil: at the end
}

func openSigned(names []string, keys []note.Verifier) (*signedFiles, error) {
	s := &signedFiles{keys: keys}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("open the checkpoints: %w", err)
		}
		info, err := f.Stat()
		if err != nil {
			f.Close()
			s.close()
			return nil, fmt.Errorf("open the checkpoints: %w", err)
		}
		// What is signed from now on is not of the log that is looked at.
		file := &signedFile{f: f, scanner: bufio.NewScanner(io.LimitReader(f, info.Size()))}
		file.scanner.Buffer(make([]byte, 4<<10), maxNote)
		file.scanner.Split(splitNotes)
		s.files = append(s.files, file)
		if err := s.advance(file); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

func (s *signedFiles) advance(file *signedFile) error {
	if !file.scanner.Scan() {
		file.next = nil
		if err := file.scanner.Err(); err != nil {
			return fmt.Errorf("%s: %w", file.f.Name(), err)
		}
		return nil
	}
	c, err := openCheckpoint(bytes.Clone(file.scanner.Bytes()), s.keys)
	if err != nil {
		return fmt.Errorf("%s: after the checkpoint of size %d: %w", file.f.Name(), file.last, err)
	}
	if c.Size < file.last {
		return fmt.Errorf("%s: a checkpoint of size %d comes after one of size %d: give files in the order in which they were signed",
			file.f.Name(), c.Size, file.last)
	}
	file.last, file.next = c.Size, &c
	return nil
}

// smallest returns the file with the smallest checkpoint before it, nil for none.
func (s *signedFiles) smallest() (found *signedFile) {
	for _, file := range s.files {
		if file.next != nil && (found == nil || file.next.Size < found.next.Size) {
			found = file
		}
	}
	return found
}

// peek returns the smallest checkpoint that was not taken yet, nil for none.
func (s *signedFiles) peek() *Checkpoint {
	if file := s.smallest(); file != nil {
		return file.next
	}
	return nil
}

// take takes the checkpoint of peek.
func (s *signedFiles) take() error {
	if file := s.smallest(); file != nil {
		return s.advance(file)
	}
	return nil
}

func (s *signedFiles) close() {
	for _, file := range s.files {
		file.f.Close() // it was only read
	}
}
