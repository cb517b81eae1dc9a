package mail

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"sync"

	"helpdesk/domain/email"
)

// separator is the line before each email on the console.
var separator = strings.Repeat("=", 30) + " email " + strings.Repeat("=", 30)

// console is a Transport for a desk without a mail server.
type console struct {
	mu sync.Mutex
	w  io.Writer
}

// NewConsole returns a [Transport] that writes every email to w, whole and one
// at a time, each after a line that sets it apart. Header fields and parts are
// shown decoded, of files no more than what they are called. An email counts as taken once
// w has it; when w fails, the email is [email.VerdictUncertain].
func NewConsole(w io.Writer) Transport { return &console{w: w} }

// Send implements [Transport].
func (c *console) Send(ctx context.Context, m Message, handOver func(context.Context) error) error {
	if ctx.Err() != nil {
		return &email.Fault{Verdict: email.VerdictPostponed, Err: context.Cause(ctx)}
	}
	if err := handOver(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var files strings.Builder
	for _, f := range m.Files {
		fmt.Fprintf(&files, "\n[%s, %d bytes: %s]\n", f.ContentType, f.Size, f.Name)
	}
	if _, err := fmt.Fprintf(c.w, "%s\n%s%s\n", separator, readable(m.Data), &files); err != nil {
		return &email.Fault{Verdict: email.VerdictUncertain, Err: fmt.Errorf("write the email: %w", err)}
	}
	return nil
}

// readable returns the message with its header and parts decoded and lines
// ending in "\n"; what is no message with parts, as it is.
func readable(data []byte) string {
	plain := strings.ReplaceAll(string(data), "\r\n", "\n")
	head, _, _ := strings.Cut(plain, "\n\n")
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return plain
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return plain
	}

	var b strings.Builder
	for field := range strings.SplitSeq(strings.ReplaceAll(head, "\n ", " "), "\n") {
		if decoded, err := new(mime.WordDecoder).DecodeHeader(field); err == nil {
			field = decoded
		}
		b.WriteString(field + "\n")
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := parts.NextPart()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			return plain
		}
		body, err := io.ReadAll(part) // which decodes quoted-printable
		if err != nil {
			return plain
		}
		fmt.Fprintf(&b, "\n[%s]\n\n%s", part.Header.Get("Content-Type"), strings.ReplaceAll(string(body), "\r\n", "\n"))
	}
}
