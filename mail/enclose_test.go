package mail

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/emersion/go-message"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain/email"
)

// shelf has the bytes of files.
type shelf map[uuid.UUID]io.Reader

// Read implements [Files].
func (s shelf) Read(_ context.Context, id uuid.UUID) (io.ReadCloser, error) {
	r, there := s[id]
	if !there {
		return nil, errors.New("it is gone")
	}
	return io.NopCloser(r), nil
}

// streamed returns a whole message with its files.
func streamed(t *testing.T, l email.Content, from Files) ([]byte, error) {
	t.Helper()
	m := compose(t, newComposer(t, Config{PublicURL: "https://desk.example.com"}), l)
	m.Source = from
	var b bytes.Buffer
	err := m.Stream(t.Context(), &b)
	return b.Bytes(), err
}

func TestFilesGoWithAnEmail(t *testing.T) {
	t.Parallel()
	png, text, mail := uuid.New(), uuid.New(), uuid.New()
	noise := strings.Repeat("\x00\xff=_--", 10_000)
	l := anEmail(email.Commented)
	l.Files = []email.File{
		{ID: png, Name: `Drucker "läuft".png`, ContentType: "image/png", Size: int64(len(noise))},
		{ID: uuid.New(), Name: "left.zip", ContentType: "application/zip", Left: email.TooLarge},
		{ID: text, Name: "log.txt", ContentType: "text/plain; charset=utf-8", Size: 4},
		{ID: mail, Name: "old.eml", ContentType: "message/rfc822", Size: 5},
	}
	got, err := streamed(t, l, shelf{png: iotest.HalfReader(strings.NewReader(noise)), text: strings.NewReader("log\n"), mail: strings.NewReader("a: b\n")})
	if err != nil {
		t.Fatal(err)
	}
	checkLines(t, got)
	e, err := message.Read(bytes.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	err = e.Walk(func(_ []int, part *message.Entity, err error) error {
		kind, _, _ := part.Header.ContentType()
		_, disposition, _ := part.Header.ContentDisposition()
		line := kind + " " + disposition["filename"]
		if disposition["filename"] != "" {
			body, err := io.ReadAll(part.Body)
			if err != nil {
				return err
			}
			line += " " + string(body)
		}
		parts = append(parts, strings.TrimSpace(line))
		return err
	})
	want := []string{
		"multipart/mixed", "multipart/alternative", "text/plain", "text/html",
		`image/png Drucker "läuft".png ` + noise, "text/plain log.txt log", "application/octet-stream old.eml a: b",
	}
	if diff := cmp.Diff(want, parts); diff != "" || err != nil {
		t.Errorf("the parts (-want +got), %v:\n%s", err, diff)
	}
	if again, err := streamed(t, l, shelf{png: strings.NewReader(noise), text: strings.NewReader("log\n"), mail: strings.NewReader("a: b\n")}); err != nil || !bytes.Equal(got, again) {
		t.Errorf("it is another each time: %v", err)
	}
}

func TestAnEmailWhoseFileBreaksOffIsNotWritten(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	l := anEmail(email.Commented)
	l.Files = []email.File{{ID: id, Name: "log.txt", ContentType: "text/plain", Size: 4}}
	for name, from := range map[string]Files{
		"it is gone": shelf{}, "it is too short": shelf{id: strings.NewReader("log")}, "it cannot be read": shelf{id: iotest.ErrReader(errors.New("broken"))}, "nothing has it": nil,
	} {
		t.Run(name, func(t *testing.T) {
			if b, err := streamed(t, l, from); err == nil || strings.Contains(string(b), "=files--") {
				t.Errorf("it is written, %v: %s", err, b)
			}
		})
	}
}
