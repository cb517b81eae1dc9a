package mail

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"regexp"
	"strings"

	"helpdesk/domain/email"

	"github.com/google/uuid"
)

// Files has the bytes of files.
type Files interface {
	Read(ctx context.Context, id uuid.UUID) (io.ReadCloser, error)
}

// errNoFiles is the error for a message with files where nothing has their bytes.
var errNoFiles = errors.New("there is nothing to read files from")

// alternative is the field of a message without files that says what it is made of.
var alternative = regexp.MustCompile(`Content-Type: multipart/alternative;\s+boundary="([^"]+)"`)

// Stream writes the whole message, with its files (RFC 2046 §5.1.3). Of these no more than
// a piece is in memory.
func (m Message) Stream(ctx context.Context, w io.Writer) error {
	head, body, _ := bytes.Cut(m.Data, []byte("\r\n\r\n"))
	kind := alternative.FindSubmatch(head)
	if len(m.Files) == 0 || kind == nil {
		_, err := w.Write(m.Data)
		return err
	}
	// As that of the texts it cannot stand in what is encoded.
	boundary := string(kind[1]) + "=files"
	mixed := "Content-Type: multipart/mixed;\r\n boundary=\"" + boundary + `"`
	_, err := fmt.Fprintf(w, "%s\r\n\r\n--%s\r\n%s\r\n\r\n%s", bytes.Replace(head, kind[0], []byte(mixed), 1), boundary, kind[0], body)
	for _, f := range m.Files {
		if err == nil {
			_, err = fmt.Fprintf(w, "\r\n--%s\r\n%s", boundary, partOf(f))
		}
		if err == nil {
			err = m.encode(ctx, w, f)
		}
	}
	if err == nil {
		_, err = fmt.Fprintf(w, "\r\n--%s--\r\n", boundary)
	}
	return err
}

// partOf returns the header of the part that a file is.
func partOf(f email.File) string {
	kind := f.ContentType
	if !mayBeEncoded(kind) {
		kind = "application/octet-stream"
	}
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": f.Name})
	return fmt.Sprintf("Content-Disposition: %s\r\nContent-Transfer-Encoding: base64\r\nContent-Type: %s\r\n\r\n",
		strings.Replace(disposition, "; ", ";\r\n ", 1), kind)
}

// mayBeEncoded reports whether a part of that type may be encoded (RFC 2045 §6.4).
func mayBeEncoded(contentType string) bool {
	_, _, err := mime.ParseMediaType(contentType)
	return err == nil && !strings.HasPrefix(contentType, "message/") && !strings.HasPrefix(contentType, "multipart/")
}

// encode writes what is in a file, all of it or an error.
func (m Message) encode(ctx context.Context, w io.Writer, f email.File) error {
	if m.Source == nil {
		return errNoFiles
	}
	r, err := m.Source.Read(ctx, f.ID)
	if err != nil {
		return fmt.Errorf("read file %s: %w", f.ID, err)
	}
	defer r.Close()
	lines := &lines{w: w}
	encoder := base64.NewEncoder(base64.StdEncoding, lines)
	source := &tallied{r: io.LimitReader(r, f.Size)}
	if _, err = io.Copy(encoder, source); err == nil {
		err = encoder.Close()
	}
	if err == nil && source.n < f.Size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("write file %s: %w", f.ID, err)
	}
	return nil
}

// tallied counts what is read.
type tallied struct {
	r io.Reader
	n int64
}

// Read implements [io.Reader].
func (c *tallied) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// lineMax is how long a line of base64 is (RFC 2045 §6.8).
const lineMax = 76

// lines breaks what is written into lines.
type lines struct {
	w  io.Writer
	at int // in the line
}

// Write implements [io.Writer].
func (l *lines) Write(p []byte) (written int, err error) {
	var broken bytes.Buffer
	for rest := p; len(rest) > 0; {
		if l.at == lineMax {
			broken.WriteString("\r\n")
			l.at = 0
		}
		n := min(len(rest), lineMax-l.at)
		broken.Write(rest[:n])
		rest, l.at = rest[n:], l.at+n
	}
	if _, err := l.w.Write(broken.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}
