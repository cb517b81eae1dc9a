package eml

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"

	"github.com/jhillyerd/enmime/v2"
	"github.com/jhillyerd/enmime/v2/mediatype"
	"github.com/k3a/html2text"
)

// Content is what the sender of a message wrote and sent along.
type Content struct {
	Text   string // what is new in it
	Quoted string // what it quotes of the conversation before; "": nothing
	Files  []File
}

// File is a part of a message that is a file.
type File struct {
	Name  string
	Type  string // as its sender calls it
	Bytes []byte
	Lost  bool // nothing of it can be read
}

// ErrMalformed is the error for a message whose parts cannot be read.
var ErrMalformed = errors.New("the parts of the message cannot be read")

// errorsMost is how many faults of a part are remembered.
const errorsMost = 10

var parser = enmime.NewParser(enmime.DisableCharacterDetection(true), enmime.DisableTextConversion(true), enmime.MaxStoredPartErrors(errorsMost),
	enmime.SetReadPartErrorPolicy(func(_ *enmime.Part, err error) bool { return enmime.IsBase64CorruptInputError(err) })) // what can be read counts

// Read reads a whole message: [ErrMalformed] where that is not possible. Plain text is
// preferred, else what is left of HTML as text.
func Read(raw []byte) (c Content, err error) {
	root, err := parser.ReadParts(bytes.NewReader(message(raw)))
	if err != nil {
		return c, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	for _, p := range root.DepthMatchAll(untyped) {
		typed(p)
	}
	e, err := parser.EnvelopeFromPart(root)
	if err != nil {
		return c, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	text := begin(e.Text)
	if strings.TrimSpace(text) == "" && e.HTML != "" {
		text = html2text.HTML2TextWithOptions(begin(e.HTML), html2text.WithUnixLineBreaks())
	}
	c.Text, c.Quoted = Split(clean(text))
	for _, parts := range [][]*enmime.Part{e.Attachments, e.Inlines, e.OtherParts} {
		for _, p := range parts {
			if p.FirstChild != nil {
				continue // it is what its parts are
			}
			c.Files = append(c.Files, File{Name: named(p), Type: p.ContentType, Bytes: p.Content, Lost: lost(p)})
		}
	}
	return c, nil
}

// untyped reports whether a part does not say what it is: plain text (RFC 2045 §5.2).
func untyped(p *enmime.Part) bool { return p.ContentType == "" && p.FirstChild == nil }

// typed gives a part the type of plain text, and what it says of being a file.
func typed(p *enmime.Part) {
	p.ContentType = "text/plain"
	if disposition, params, _, err := mediatype.Parse(p.Header.Get("Content-Disposition")); err == nil {
		p.Disposition, p.FileName = disposition, enmime.DecodeRFC2047(params["filename"])
	}
}

// lost reports whether a part has bytes, of which none can be read.
func lost(p *enmime.Part) bool {
	return len(p.Content) == 0 && slices.ContainsFunc(p.Errors, func(e *enmime.Error) bool {
		return e.Name == enmime.ErrorMalformedBase64 || e.Name == enmime.ErrorMalformedChildPart
	})
}

// textMost is how much of a text is looked at, in bytes: far beyond what a comment holds.
const textMost = 1 << 20

func begin(text string) string {
	if len(text) > textMost {
		text = strings.ToValidUTF8(text[:textMost], "")
	}
	return text
}

// named returns what a file is called, by its type where its sender did not say.
func named(p *enmime.Part) string {
	if p.FileName != "" {
		return p.FileName
	}
	if strings.HasPrefix(p.ContentType, "message/") {
		return "message.eml"
	}
	if endings, err := mime.ExtensionsByType(p.ContentType); err == nil && len(endings) > 0 {
		return "attachment" + endings[0]
	}
	return "attachment"
}

// clean returns text as comments may hold it: lines end in one character, and there is no
// control character else.
func clean(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(text, "�"))
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < ' ' || (r >= 0x7f && r <= 0x9f):
			return -1
		case r == '\u00a0':
			return ' '
		}
		return r
	}, text)
	lines := strings.Split(text, "\n")
	for i := range lines {
		if lines[i] != "-- " {
			lines[i] = strings.TrimRight(lines[i], " \t")
		}
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// mediaType returns the media type of a field, in lower case, with its parameters.
func mediaType(field string) (string, map[string]string) {
	media, params, err := mime.ParseMediaType(field)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		media, _, _ = strings.Cut(field, ";")
	}
	return strings.ToLower(strings.TrimSpace(media)), params
}
