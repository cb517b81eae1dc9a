package blobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
)

// Folder keeps each blob in a file, in folders by the end of its id, which is random. It
// is for processes that see one file system.
type Folder struct{ path string }

// NewFolder returns the store in a folder, which it makes.
func NewFolder(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of attachments: %w", err)
	}
	return &Folder{path: path}, nil
}

// Is reports whether a path leads to the store's folder.
func (s *Folder) Is(path string) bool {
	mine, err := os.Stat(s.path)
	other, otherErr := os.Stat(path)
	return err == nil && otherErr == nil && os.SameFile(mine, other)
}

// unfinished is what the name of a file ends in that is still being written.
const unfinished = ".part"

// Name returns the name of a blob's file within the folder.
func (s *Folder) Name(id uuid.UUID) string {
	name := id.String()
	return filepath.Join(name[len(name)-2:], name)
}

func (s *Folder) file(id uuid.UUID) string { return filepath.Join(s.path, s.Name(id)) }

// Put implements [Store].
func (s *Folder) Put(_ context.Context, id uuid.UUID, r io.Reader) (err error) {
	name := s.file(id)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("make the folder of blob %s: %w", id, err)
	}
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("begin blob %s: %w", id, fs.ErrExist)
	}
	f, err := os.OpenFile(name+unfinished, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("begin blob %s: %w", id, err)
	}
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(name+unfinished, name); err != nil { // unlike a new name it takes the place of nothing
		return fmt.Errorf("end blob %s: %w", id, err)
	}
	if err := os.Remove(name + unfinished); err != nil {
		return fmt.Errorf("end blob %s: %w", id, err)
	}
	return errors.Join(synced(filepath.Dir(name)), synced(s.path))
}

// synced has a folder's list of files on disk.
func synced(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open implements [Store].
func (s *Folder) Open(_ context.Context, id uuid.UUID, from int64) (io.ReadCloser, error) {
	f, err := os.Open(s.file(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("open blob %s: %w", id, err)
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return nil, errors.Join(fmt.Errorf("read blob %s: %w", id, err), f.Close())
	}
	return f, nil
}

// Delete implements [Store].
func (s *Folder) Delete(_ context.Context, id uuid.UUID) error {
	for _, name := range []string{s.file(id), s.file(id) + unfinished} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("delete blob %s: %w", id, err)
		}
	}
	return nil
}

// Each implements [Store].
func (s *Folder) Each(ctx context.Context, f func(Stored) error) error {
	return filepath.WalkDir(s.path, func(_ string, entry fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil || entry.IsDir() {
			return err
		}
		id, err := uuid.Parse(strings.TrimSuffix(entry.Name(), unfinished))
		if err != nil {
			return nil // a file that is not ours
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return err
		}
		return f(Stored{ID: id, Size: info.Size(), At: info.ModTime()})
	})
}
