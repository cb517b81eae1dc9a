package attachments

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/google/uuid"

	"helpdesk/attachments"
	"helpdesk/attachments/blobs"
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	projection "helpdesk/projections/attachments"
)

// export writes what a person brought.
func export(ctx context.Context, o *program.Operator, account user.Account, w io.Writer) (n int, err error) {
	all, err := projection.NewReader(o.Pool).AttachmentsBy(ctx, account.ID)
	for _, a := range all {
		if err := json.NewEncoder(w).Encode(a); err != nil {
			return n, err
		}
		n++
	}
	return n, err
}

// loose is an upload as a person is shown it.
type loose struct {
	ID           uuid.UUID `json:"id"`
	Filename     string    `json:"filename"`
	ContentType  string    `json:"content_type"`
	DeclaredType string    `json:"declared_type"`
	Size         int64     `json:"size"`
	Digest       string    `json:"digest"`
	CreatedAt    time.Time `json:"created_at"`
}

// exportLoose writes what a person brought and attached to nothing yet.
func (s *settings) exportLoose(ctx context.Context, o *program.Operator, account user.Account, w io.Writer) (n int, err error) {
	files, err := s.files(o.Pool, o.Store)
	if err != nil {
		return 0, err
	}
	for u, err := range files.All(ctx, account.ID) {
		if err != nil {
			return n, err
		}
		if u.To != (ticket.ID{}) {
			continue
		}
		out := loose{u.ID.UUID, u.Filename, u.ContentType, u.DeclaredType, u.Size, u.Digest, u.AddedAt.UTC()}
		if err := json.NewEncoder(w).Encode(out); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// handed is what is in a file that a person is handed: a line of the manifest.
type handed struct {
	ID       uuid.UUID `json:"id"`
	Filename string    `json:"filename"`
	Size     int64     `json:"size"`
	State    string    `json:"state"`          // [attachments.Here] and its like
	File     string    `json:"file,omitempty"` // in the folder; "": there is none
	SHA256   string    `json:"sha256,omitempty"`
}

// exportBytes writes what is in the files that a person brought, and the manifest of them.
func (s *settings) exportBytes(ctx context.Context, o *program.Operator, account user.Account, create func(name string) (io.Writer, error)) error {
	files, err := s.files(o.Pool, o.Store)
	if err != nil {
		return err
	}
	var lines []handed
	for u, err := range files.All(ctx, account.ID) {
		if err != nil {
			return err
		}
		line, err := handOver(ctx, files, u, create)
		if err != nil {
			return err
		}
		lines = append(lines, line)
	}
	known, err := projection.NewReader(o.Pool).AttachmentsBy(ctx, account.ID)
	if err != nil {
		return err
	}
	for _, a := range known {
		if a.Gone {
			lines = append(lines, handed{ID: a.ID, Filename: a.Filename, Size: a.Size, State: attachments.Removed})
		}
	}
	w, err := create("manifest.ndjson")
	if err == nil {
		_, err = program.WriteLines(w, lines)
	}
	return err
}

// handOver writes what is in a file, and returns its line. That it cannot be read is for
// the line to say.
func handOver(ctx context.Context, files *attachments.Files, u attachments.Upload, create func(name string) (io.Writer, error)) (handed, error) {
	line := handed{ID: u.ID.UUID, Filename: u.Filename, Size: u.Size, State: attachments.Here}
	bytes := &source{ReadCloser: files.Open(ctx, u)}
	defer bytes.Close()
	r := bufio.NewReader(bytes)
	_, err := r.Peek(1)
	if err == nil {
		line.File = u.ID.String() + "/" + u.Filename
		var w io.Writer
		if w, err = create(line.File); err != nil {
			return line, err
		}
		digest := sha256.New()
		_, err = io.Copy(io.MultiWriter(w, digest), r)
		line.SHA256 = hex.EncodeToString(digest.Sum(nil))
	}
	switch {
	case err == nil:
	case ctx.Err() != nil, bytes.failed == nil, eventstore.Transient(err) && !errors.Is(err, io.ErrUnexpectedEOF):
		return line, err
	case errors.Is(err, blobs.ErrMissing):
		line.State = attachments.Missing
	default:
		line.State = attachments.Altered
	}
	return line, nil
}

// source is what is read of a file, with the error that ended it; nil: none did.
type source struct {
	io.ReadCloser
	failed error
}

// Read implements [io.Reader].
func (s *source) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		s.failed = err
	}
	return n, err
}
