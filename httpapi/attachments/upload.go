package attachments

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/attachments"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/edge"
	"helpdesk/httpapi"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/wire"
)

// Refusals of uploads by the edge.
var (
	errManyUploads = problem.TooMany("too_many_uploads_at_once", "you have too many uploads under way; wait until one has ended", 5*time.Second)
	errNoPart      = problem.Member("file", "required", "a part of this name with the file is required")
	errOneFile     = problem.Member("file", "repeated", "one file a call")
	errForm        = problem.Bad("malformed_form", "the body is no form that can be read")
	errBroken      = problem.Bad("unreadable_body", "the body could not be read to its end")
	errNoName      = problem.Header("Content-Disposition", "must name the file: attachment; filename*=UTF-8''log.txt")
)

// UploadsMost is how many uploads a person has under way at most.
const UploadsMost = 4

func (r Resource) upload(ctx context.Context, c *httpapi.Call, _ httpapi.Empty) (wire.Attachment, error) {
	if !writes(c.Actor) {
		return wire.Attachment{}, domain.ErrForbidden
	}
	var a ticket.Attachment
	err := r.incoming(c, func(whole context.Context, file incoming) (err error) {
		a, err = r.App.Bring(whole, c.Cause(), c.Actor, file.name, file.declared, file.r)
		return err
	})
	if err != nil {
		return wire.Attachment{}, err
	}
	c.Header.Set("Location", "/api/attachments/"+a.ID.String()+"/")
	return wire.UploadOf(a, c.Names(ctx, []uuid.UUID{a.By.UUID})[a.By.UUID]), nil
}

// incoming has a file in a request read to its end.
func (r Resource) incoming(c *httpapi.Call, read func(whole context.Context, file incoming) error) error {
	whole, body := c.Upload()
	leave, ok := r.Uploading.Enter(whole, c.Actor.ID)
	if !ok {
		return errManyUploads
	}
	defer leave()
	file, err := opened(c.Request, body)
	if err == nil {
		err = r.Limits.Check(file.name, file.size)
	}
	if err == nil {
		err = read(whole, file)
	}
	if err == nil {
		err = file.end()
	}
	if err != nil {
		c.Header.Set("Connection", "close") // rather than read the rest
	}
	if errors.Is(err, attachments.ErrNoScan) {
		c.Unforeseen(whole, err) // why is for the log
	}
	return refused(err)
}

// repeated returns the answer to an upload that was made before, without the address of
// bytes that are destroyed by now. A file of another name, or of other bytes as long as
// there are any to compare it with, is another.
func (r Resource) repeated(ctx context.Context, c *httpapi.Call, first wire.Attachment) (wire.Attachment, error) {
	err := r.incoming(c, func(whole context.Context, file incoming) error {
		if ticket.Filename(file.name) != first.Filename {
			return httpapi.ErrKeyReused
		}
		found, err := r.Files.Find(whole, first.ID)
		if err != nil {
			return err
		}
		u, there := found[first.ID]
		if !there {
			first.ContentURL, first.ThumbnailURL = nil, nil
			_, err = io.Copy(io.Discard, io.LimitReader(file.r, r.Limits.File))
			return err
		}
		stored := r.Files.Open(whole, u)
		defer stored.Close()
		if _, err := io.Copy(comparison{stored}, file.r); err != nil {
			return err
		}
		switch n, err := stored.Read(make([]byte, 1)); {
		case n > 0:
			return httpapi.ErrKeyReused
		case err != io.EOF:
			return err
		}
		return nil
	})
	return first, err
}

// comparison is a writer that takes the bytes that a file has, and refuses others.
type comparison struct{ file io.Reader }

// Write implements [io.Writer].
func (c comparison) Write(p []byte) (int, error) {
	stored := make([]byte, len(p))
	_, err := io.ReadFull(c.file, stored)
	if err == io.EOF || err == io.ErrUnexpectedEOF || err == nil && !bytes.Equal(p, stored) {
		err = httpapi.ErrKeyReused
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// writes reports whether somebody may write at all.
func writes(a domain.Actor) bool { return a.Role != domain.RoleAuditor }

// refused is how the edge says what a file was refused for.
func refused(err error) error {
	switch {
	case errors.Is(err, attachments.ErrTooLarge):
		return &problem.Refusal{Status: http.StatusRequestEntityTooLarge, Code: attachments.ErrTooLarge.Code, Detail: err.Error()}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errBroken
	}
	return err
}

// incoming is a file in the body of a request.
type incoming struct {
	name     string
	declared string
	size     int64 // 0: not known
	r        io.Reader
	end      func() error // what may follow it is to be nothing
}

// opened returns the file in a request: the part of a form, or its whole body.
func opened(r *http.Request, body io.Reader) (incoming, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && kind == "multipart/form-data" {
		return part(body, params["boundary"])
	}
	name := edge.FileName(r.Header.Get("Content-Disposition"))
	if name == "" {
		return incoming{}, errNoName
	}
	return incoming{
		name: name, declared: declared(kind), size: max(r.ContentLength, 0), r: body, end: func() error { return nil },
	}, nil
}

// declaredMost bounds what is kept of how a sender calls the type of a file.
const declaredMost = 100

func declared(kind string) string {
	if len(kind) > declaredMost {
		return ""
	}
	return kind
}

// mediaType returns a media type without its parameters.
func mediaType(of string) string {
	kind, _, _ := strings.Cut(of, ";")
	return kind
}

// etag returns the strong ETag of bytes with this digest.
func etag(digest string) string { return `"` + digest[:32] + `"` }

// named returns the parameters of Content-Disposition that name a file (RFC 6266): for
// clients of old without what is beyond ASCII.
func named(filename string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%`, r) {
			return '_'
		}
		return r
	}, filename)
	return `; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(filename), "+", "%20")
}
