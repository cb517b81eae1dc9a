package blobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/minio/sio"
)

// KeySize is the size of a blob's key in bytes: AES-256.
const KeySize = 32

// NewKey returns a key for one blob, which is random.
func NewKey() []byte {
	key := make([]byte, KeySize)
	rand.Read(key) // never fails: crypto/rand
	return key
}

// A blob is sealed as DARE 2.0 (minio/sio): segments of 64 KiB, each with its number
// authenticated and the last marked, so that it is read from any of them on and none can
// be left out, put elsewhere or cut off.
const (
	segment       = 64 << 10
	segmentSealed = segment + 32
)

func sealing(key []byte) sio.Config {
	return sio.Config{MinVersion: sio.Version20, MaxVersion: sio.Version20, CipherSuites: []byte{sio.AES_256_GCM}, Key: key}
}

// Seal returns a reader of what r reads, sealed under a key that seals nothing else.
func Seal(r io.Reader, key []byte) (io.Reader, error) { return sio.EncryptReader(r, sealing(key)) }

// Sealed reads a sealed blob of a store, at any place: an [io.ReadSeekCloser] of Size bytes.
type Sealed struct {
	ctx   context.Context
	store Store
	id    uuid.UUID
	key   []byte
	size  int64

	at     int64
	open   io.ReadCloser // of the store; nil: nothing is
	opened io.Reader     // of open, with at as its next byte
}

// OpenSealed returns the reader of a blob, of size bytes when it is open. It reads nothing
// before it is read.
func OpenSealed(ctx context.Context, store Store, id uuid.UUID, key []byte, size int64) *Sealed {
	return &Sealed{ctx: ctx, store: store, id: id, key: key, size: size}
}

// Read implements [io.Reader].
func (s *Sealed) Read(p []byte) (int, error) {
	if s.at >= s.size {
		return 0, io.EOF
	}
	if s.open == nil {
		if err := s.begin(); err != nil {
			return 0, err
		}
	}
	n, err := s.opened.Read(p)
	s.at += int64(n)
	if err == io.EOF && s.at < s.size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("read blob %s: %w", s.id, err)
	}
	return n, err
}

// begin opens the blob at the segment that the next byte is in.
func (s *Sealed) begin() error {
	nth := s.at / segment
	open, err := s.store.Open(s.ctx, s.id, nth*segmentSealed)
	if err != nil {
		return err
	}
	how := sealing(s.key)
	how.SequenceNumber = uint32(nth)
	opened, err := sio.DecryptReader(open, how)
	if err == nil {
		_, err = io.CopyN(io.Discard, opened, s.at%segment)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("open blob %s: %w", s.id, err), open.Close())
	}
	s.open, s.opened = open, opened
	return nil
}

// Seek implements [io.Seeker].
func (s *Sealed) Seek(offset int64, whence int) (int64, error) {
	at := offset
	switch whence {
	case io.SeekCurrent:
		at += s.at
	case io.SeekEnd:
		at += s.size
	}
	if at < 0 {
		return s.at, errors.New("seek before the beginning")
	}
	if at != s.at {
		_ = s.Close() // it was read only
		s.at = at
	}
	return at, nil
}

// Close implements [io.Closer].
func (s *Sealed) Close() (err error) {
	if s.open != nil {
		err = s.open.Close()
	}
	s.open, s.opened = nil, nil
	return err
}
