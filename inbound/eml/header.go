// Package eml reads messages (RFC 5322) as they come in: what their header says, and what
// their sender wrote. It is lenient: what cannot be read says nothing.
package eml

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
	"unicode"

	"github.com/jhillyerd/enmime/v2"
)

// Header is the header of a message. The zero Header says nothing.
type Header struct{ fields textproto.MIMEHeader }

// headerMost bounds a header, in bytes.
const headerMost = 1 << 20

// ErrNone is the error for what has not even a field of a header.
var ErrNone = errors.New("there is no message (RFC 5322)")

// TakeHeader reads a header from r, up to and with the empty line behind it, and returns its
// bytes as they came: of one that is too long, the beginning. Its errors are [ErrNone] and
// those of r.
func TakeHeader(r *bufio.Reader) (raw []byte, err error) {
	for len(raw) < headerMost {
		line, err := r.ReadSlice('\n')
		raw = append(raw, line...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return raw, err
		case err != nil || len(bytes.TrimRight(line, "\r\n")) == 0:
			if !ParseHeader(raw).says() {
				return raw, ErrNone
			}
			return raw, nil
		}
	}
	return raw, nil
}

// ParseHeader returns the header that bytes begin with.
func ParseHeader(raw []byte) Header {
	r := bufio.NewReader(bytes.NewReader(message(raw)))
	fields, _ := enmime.ReadHeader(r, ignored{}) // what there is of it
	return Header{fields}
}

// ignored are errors in a header, of which none is told.
type ignored struct{}

// AddError and AddWarning implement [enmime.ErrorCollector].
func (ignored) AddError(string, string, ...any)   {}
func (ignored) AddWarning(string, string, ...any) {}

// message returns bytes without the line that mailbox files, and some programs that pipe
// messages on, put before a message.
func message(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte("From ")) {
		_, rest, _ := bytes.Cut(raw, []byte("\n"))
		return rest
	}
	return raw
}

func (h Header) says() bool { return len(h.fields) > 0 }

// Get returns the first field of a name, decoded and on one line; "": there is none.
func (h Header) Get(name string) string {
	return line(enmime.DecodeRFC2047(h.fields.Get(name)))
}

// raw returns all fields of a name, the topmost first, as they are.
func (h Header) raw(name string) []string { return h.fields.Values(name) }

// has reports whether there is a field of the name.
func (h Header) has(name string) bool { return len(h.raw(name)) > 0 }

// line returns text on one line, of what UTF-8 can say and people can see.
func line(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	return strings.Join(strings.Fields(text), " ")
}

// From returns whom the message says it is from: its first author. The zero Address: it
// says nothing that is an address.
func (h Header) From() mail.Address {
	return first(h.addresses("From"))
}

func first(all []mail.Address) mail.Address {
	if len(all) == 0 {
		return mail.Address{}
	}
	return all[0]
}

// Recipients returns the addresses in To and Cc.
func (h Header) Recipients() []mail.Address { return append(h.addresses("To"), h.addresses("Cc")...) }

func (h Header) addresses(name string) (all []mail.Address) {
	for _, field := range h.raw(name) {
		list, err := enmime.ParseAddressList(field)
		if err != nil {
			continue
		}
		for _, a := range list {
			if strings.Contains(a.Address, "@") {
				all = append(all, mail.Address{Name: line(a.Name), Address: line(a.Address)})
			}
		}
	}
	return all
}

// Date returns when the message says that it was written; the zero Time: it does not.
func (h Header) Date() time.Time {
	at, err := mail.ParseDate(h.fields.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// MessageID returns the id of the message with its angle brackets; "": it has none.
func (h Header) MessageID() string { return firstOf(ids(h.fields.Get("Message-Id"))) }

func firstOf(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// referencesMost is how many of the newest References count.
const referencesMost = 50

// References returns the ids of the messages that this one answers, the one it answers
// directly first, then those before, the newest first.
func (h Header) References() []string {
	all := ids(h.fields.Get("In-Reply-To"))
	if len(all) > referencesMost {
		all = all[:referencesMost]
	}
	before := ids(h.fields.Get("References"))
	for i := len(before) - 1; i >= max(0, len(before)-referencesMost); i-- {
		all = append(all, before[i])
	}
	return all
}

// ids returns the message ids in a field.
func ids(field string) (all []string) {
	for {
		_, rest, ok := strings.Cut(field, "<")
		if !ok {
			return all
		}
		id, after, ok := strings.Cut(rest, ">")
		if !ok {
			return all
		}
		if id = strings.TrimSpace(id); id != "" && !strings.ContainsAny(id, "<\x00") {
			all = append(all, "<"+strings.ToValidUTF8(id, "�")+">")
		}
		field = after
	}
}

// AutoSubmitted returns the field Auto-Submitted without comments (RFC 3834 §5), in lower
// case; "": a person sent the message.
func (h Header) AutoSubmitted() string {
	word := strings.ToLower(strings.TrimSpace(h.fields.Get("Auto-Submitted")))
	if i := strings.IndexAny(word, "( ;\t"); i >= 0 {
		word = word[:i]
	}
	if word == "no" {
		return ""
	}
	return word
}

// Responder returns the field by which a machine that answers mail gives itself away that
// knows no Auto-Submitted; "": none.
func (h Header) Responder() string {
	switch {
	case h.has("X-Autoreply"):
		return "X-Autoreply"
	case h.has("X-Auto-Response-Suppress") && h.precedence() == "auto_reply":
		return "X-Auto-Response-Suppress"
	}
	return ""
}

func (h Header) precedence() string {
	return strings.ToLower(strings.TrimSpace(h.fields.Get("Precedence")))
}

// List returns the field by which a message goes to many; "": it does not.
func (h Header) List() string {
	switch h.precedence() {
	case "bulk", "list", "junk":
		return "Precedence"
	}
	for _, name := range []string{"List-Id", "List-Post", "List-Unsubscribe", "List-Help", "List-Subscribe", "List-Owner", "List-Archive"} {
		if h.has(name) {
			return name
		}
	}
	return ""
}

// Unanswered reports whether the message asks machines for no answer: of its kind or of
// every kind, as Exchange has it, or as one that a machine sent.
func (h Header) Unanswered() bool {
	asks := strings.ToLower(strings.TrimSpace(h.fields.Get("X-Auto-Response-Suppress")))
	return (asks != "" && asks != "none") || h.AutoSubmitted() != "" || h.Responder() != ""
}

// Report reports whether the message is a report (RFC 6522), and of which type, in lower
// case.
func (h Header) Report() (kind string, is bool) {
	media, params := mediaType(h.fields.Get("Content-Type"))
	return strings.ToLower(params["report-type"]), media == "multipart/report"
}

// FromServer reports whether the message is from a mail server: from nobody, whom no answer
// reaches, or from the mailer daemon.
func (h Header) FromServer() bool {
	return h.Nobody() || h.has("X-Failed-Recipients") || strings.HasPrefix(strings.ToLower(h.From().Address), "mailer-daemon@")
}

// ReportOfServer reports whether the message is what a mail server writes about an email that
// was to somebody else: no receipt, and no answer in somebody's absence.
func (h Header) ReportOfServer() bool {
	kind, is := h.Report()
	if is {
		return kind != "disposition-notification"
	}
	return h.FromServer() && h.AutoSubmitted() != "auto-replied"
}

// Nobody reports whether the envelope's sender is empty, as who took the message says.
func (h Header) Nobody() bool { return strings.TrimSpace(h.fields.Get("Return-Path")) == "<>" }

// Local returns what is before the @ in a message id.
func Local(messageID string) (string, bool) {
	local, _, ok := strings.Cut(strings.Trim(messageID, "<>"), "@")
	return local, ok
}
