package audit

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/uuid"

	"helpdesk/eventstore"
)

// versions checks that the versions of every stream are 1, 2, 3 … in the order
// of positions. What it has to remember of a stream would grow with their
// number, so it is sorted into files first, each of which is then checked by
// itself.
type versions struct {
	files   [versionFiles]*os.File
	buffers [versionFiles]*bufio.Writer
}

const (
	versionFiles  = 64
	versionRecord = 16 + 4 + 8 // stream, version, position
)

func newVersions() (*versions, error) {
	v := &versions{}
	for i := range v.files {
		f, err := os.CreateTemp("", "helpdesk-verify-")
		if err != nil {
			v.close()
			return nil, fmt.Errorf("make a temporary file: %w", err)
		}
		v.files[i], v.buffers[i] = f, bufio.NewWriter(f)
		if err := os.Remove(f.Name()); err != nil { // it lives on until it is closed
			v.close()
			return nil, fmt.Errorf("make a temporary file: %w", err)
		}
	}
	return v, nil
}

func (v *versions) add(e *eventstore.Recorded) error {
	var record [versionRecord]byte
	copy(record[:], e.StreamID[:])
	binary.BigEndian.PutUint32(record[16:], uint32(e.Version))
	binary.BigEndian.PutUint64(record[20:], uint64(e.Position))
	// The last byte of an id is random.
	if _, err := v.buffers[e.StreamID[15]%versionFiles].Write(record[:]); err != nil {
		return fmt.Errorf("write a temporary file: %w", err)
	}
	return nil
}

// check returns the first event whose version is not the next of its stream,
// nil for none.
func (v *versions) check() (first *Fault, err error) {
	for i, f := range v.files {
		if err := v.buffers[i].Flush(); err != nil {
			return nil, fmt.Errorf("write a temporary file: %w", err)
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("read a temporary file: %w", err)
		}
		fault, err := checkVersions(bufio.NewReader(f))
		if err != nil {
			return nil, fmt.Errorf("read a temporary file: %w", err)
		}
		if fault != nil && (first == nil || fault.Position < first.Position) {
			first = fault
		}
	}
	return first, nil
}

func checkVersions(r io.Reader) (*Fault, error) {
	at := map[uuid.UUID]uint32{}
	var record [versionRecord]byte
	for {
		if _, err := io.ReadFull(r, record[:]); errors.Is(err, io.EOF) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		id := uuid.UUID(record[:16])
		got, want := binary.BigEndian.Uint32(record[16:]), at[id]+1
		if got != want {
			return &Fault{Position: int64(binary.BigEndian.Uint64(record[20:])), Why: fmt.Sprintf(
				"it is version %d of stream %s, and %d is the next", int32(got), id, want)}, nil
		}
		at[id] = got
	}
}

func (v *versions) close() {
	for _, f := range v.files {
		if f != nil {
			f.Close() // it is gone already
		}
	}
}
