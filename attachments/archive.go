package attachments

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/google/uuid"

	"helpdesk/attachments/blobs"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// What of files is in an export of the log: their bytes, as they are stored, and a line for
// each file.
const (
	archiveFolder   = "attachments"
	archiveManifest = "attachments.ndjson"
)

// States of a file in an export.
const (
	Here    = "here"    // its bytes are as the log says
	Removed = "removed" // somebody removed it
	Erased  = "erased"  // who brought it was erased
	Missing = "missing" // its bytes are not where they should be
	Altered = "altered" // its bytes are others
)

// Archived is a line of the manifest of an export: what became of a file that the log
// names. What it is called is in the event at that position, sealed as all texts there are.
type Archived struct {
	ID       uuid.UUID `json:"id"`
	Ticket   uuid.UUID `json:"ticket"`
	Position int64     `json:"position"` // of the event that attached it
	Size     int64     `json:"size"`     // of what is in it
	Digest   string    `json:"digest"`   // SHA-256 of its bytes as they are stored, sealed, as the log has it
	State    string    `json:"state"`
	File     string    `json:"file,omitempty"` // where in the export its bytes are; "": nowhere
}

// HasArchive reports whether an export in a folder has the bytes of files.
func HasArchive(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, archiveManifest))
	return err == nil
}

// Archive writes the bytes of the files that the log names up to a position into the folder
// of an export of it, sealed as they are stored, with a manifest. What is there already
// stays, unless the file was removed or who brought it erased. It calls told with the state
// of each file, and how far it is.
func Archive(ctx context.Context, from blobs.Store, log Log, upto int64, dir string, told func(a Archived, done, of int)) (err error) {
	files, err := recordOf(ctx, log)
	if err != nil {
		return err
	}
	to, err := blobs.NewFolder(filepath.Join(dir, archiveFolder))
	if err != nil {
		return err
	}
	manifest := filepath.Join(dir, archiveManifest)
	f, err := os.OpenFile(manifest+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
			err = os.Rename(manifest+".part", manifest)
		}
	}()
	lines := json.NewEncoder(f)
	for i, a := range files.all {
		if a.Position > upto {
			break
		}
		line := Archived{ID: a.AttachmentID.UUID, Ticket: a.StreamID, Position: a.Position, Size: a.Size, Digest: a.Digest}
		if line.State, err = archive(ctx, from, to, files, a.AttachmentAdded); err != nil {
			return fmt.Errorf("file %s: %w", line.ID, err)
		}
		if line.State == Here {
			line.File = path.Join(archiveFolder, to.Name(line.ID))
		}
		if err := lines.Encode(line); err != nil {
			return err
		}
		told(line, i+1, len(files.all))
	}
	return nil
}

// archive brings the bytes of one file into an export, or out of it, and returns its state.
func archive(ctx context.Context, from, to blobs.Store, files record, a ticket.AttachmentAdded) (state string, err error) {
	if state := files.gone(a); state != "" {
		return state, to.Delete(ctx, a.AttachmentID.UUID)
	}
	there, err := compare(ctx, to, a)
	if err != nil || there == "" {
		return Here, err
	}
	if err := carry(ctx, from, to, a.AttachmentID.UUID); errors.Is(err, blobs.ErrMissing) {
		return Missing, nil
	} else if err != nil {
		return "", err
	}
	what, err := compare(ctx, to, a)
	if what == "" {
		return Here, err
	}
	return Altered, errors.Join(err, to.Delete(ctx, a.AttachmentID.UUID))
}

// VerifyArchive holds the bytes of files in the folder of an export against its log, which
// each goes through, and calls fault for each that is not what the log says. Of a file that
// the log does not know to be removed, nor who brought it to be erased, the manifest may
// say so: that was later.
func VerifyArchive(ctx context.Context, dir string, codec *eventstore.Codec, each func(visit func(*eventstore.Recorded) error) error, fault func(Fault)) (v Verified, err error) {
	files := newRecord()
	err = each(func(e *eventstore.Recorded) error {
		if !slices.Contains(recorded, e.Type) {
			return nil
		}
		kept := *e
		kept.Data = slices.Clone(e.Data)
		return files.add(codec, kept)
	})
	if err != nil {
		return v, err
	}
	said, err := readManifest(dir)
	if err != nil {
		return v, err
	}
	in, err := blobs.NewFolder(filepath.Join(dir, archiveFolder))
	if err != nil {
		return v, err
	}
	for _, a := range files.all {
		state := files.gone(a.AttachmentAdded)
		if later := said[a.AttachmentID.UUID]; state == "" && (later == Removed || later == Erased) {
			state = later
		}
		switch state {
		case Removed:
			v.Removed++
			continue
		case Erased:
			v.Erased++
			continue
		}
		what, err := compare(ctx, in, a.AttachmentAdded)
		if err != nil {
			return v, err
		}
		v.count(a, what, fault)
	}
	return v, nil
}

// readManifest returns the states of the files of an export.
func readManifest(dir string) (map[uuid.UUID]string, error) {
	f, err := os.Open(filepath.Join(dir, archiveManifest))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	said := map[uuid.UUID]string{}
	for lines := json.NewDecoder(f); ; {
		var a Archived
		if err := lines.Decode(&a); err == io.EOF {
			return said, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", archiveManifest, err)
		}
		said[a.ID] = a.State
	}
}
