package mail

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // reports come in any
	"github.com/emersion/go-message/textproto"
	"github.com/google/uuid"

	"helpdesk/domain/email"
)

// Bounds of a report: the rest of a longer one, which is the returned email, is left
// alone.
const (
	reportMax      = 1 << 20
	reportDepth    = 8
	recipientsMost = 100
)

// Report is what a mail server reports of an email that the service sent.
type Report struct {
	Email      email.ID
	Delivery   email.Delivery
	Status     string // the enhanced status code (RFC 3463); "": none was given
	Diagnostic string // what the server said, in one line
}

// The errors of [ReadReport].
var (
	// ErrUnreadable: it is no message (RFC 5322).
	ErrUnreadable = errors.New("it is no message (RFC 5322)")
	// ErrNoReport: it is not what a mail server sends when it cannot deliver.
	ErrNoReport = errors.New("it is not the report of a mail server on an email that it could not deliver")
	// ErrNotOurs: it does not say which of the emails of the service it is about.
	ErrNotOurs = errors.New("it is the report of a mail server, and has no email of this service")
)

// ReadReport reads the report of a mail server: a delivery status notification (RFC
// 3464), or, of servers that write none, a message from nobody or from the mailer
// daemon that has the email in it. Which email it is about is told by the Message-ID
// of what was returned. Errors are [ErrUnreadable], [ErrNoReport], [ErrNotOurs] and
// those of r.
func ReadReport(r io.Reader) (Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, reportMax))
	if err != nil {
		return Report{}, fmt.Errorf("read the message: %w", err)
	}
	m, err := message.Read(bytes.NewReader(data))
	if (err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err)) || m == nil || m.Header.Len() == 0 {
		return Report{}, ErrUnreadable
	}
	var f found
	f.walk(m, 0)
	if !f.told && !fromServer(m.Header) {
		return Report{}, ErrNoReport
	}
	if f.email == uuid.Nil {
		f.email = messageID(data)
	}
	if f.email == uuid.Nil {
		return Report{}, ErrNotOurs
	}
	if f.diagnostic == "" {
		f.diagnostic = saidOf(f.text, f.recipient)
	}
	report := Report{Email: email.ID{UUID: f.email}, Delivery: f.delivery, Status: f.status, Diagnostic: email.OneLine(f.diagnostic)}
	if !f.told {
		report.Delivery, report.Diagnostic = email.DeliveryFailed, "returned by a mail server"
		if isWarning(m.Header.Get("Subject")) {
			report.Delivery, report.Diagnostic = email.DeliveryDelayed, "delayed by a mail server"
		}
	}
	return report, nil
}

// found is what the parts of a report say.
type found struct {
	email              uuid.UUID
	told               bool // whether there is a delivery status
	delivery           email.Delivery
	status, diagnostic string
	recipient, text    string // for people, where the diagnostic may be only there
}

// walk reads a part and those in it. What cannot be read says nothing.
func (f *found) walk(e *message.Entity, depth int) {
	kind, _, _ := e.Header.ContentType() // "" says nothing
	if parts := e.MultipartReader(); parts != nil {
		for depth < reportDepth {
			part, err := parts.NextPart()
			if part == nil || (err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err)) {
				return
			}
			f.walk(part, depth+1)
		}
		return
	}
	switch kind {
	case "text/plain":
		if f.text == "" {
			text, _ := io.ReadAll(e.Body) // what there is of it
			f.text = string(text)
		}
	case "message/delivery-status", "message/global-delivery-status":
		f.statuses(bufio.NewReader(e.Body))
	case "message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers":
		if h, err := textproto.ReadHeader(bufio.NewReader(e.Body)); err == nil && f.email == uuid.Nil {
			f.email = messageID([]byte("Message-ID: " + h.Get("Message-ID")))
		}
	}
}

// statuses reads the fields of a delivery status: those of the message, then those of
// each recipient. An email has one: of what is said about them the worst counts.
func (f *found) statuses(r *bufio.Reader) {
	for range recipientsMost {
		h, err := textproto.ReadHeader(r)
		if err != nil && h.Len() == 0 {
			return
		}
		// The word counts: a comment may follow.
		action, _, _ := strings.Cut(strings.TrimSpace(h.Get("Action")), " ")
		delivery, rank := deliveryOf(action)
		_, known := deliveryOf(string(f.delivery))
		if action == "" || rank == 0 || (f.told && rank <= known) {
			if err != nil {
				return
			}
			continue
		}
		f.told, f.delivery = true, delivery
		f.status, _, _ = strings.Cut(strings.TrimSpace(h.Get("Status")), " ")
		f.recipient = afterType(h.Get("Final-Recipient"))
		f.diagnostic = afterType(h.Get("Diagnostic-Code"))
		if err != nil {
			return
		}
	}
}

// afterType returns the value of a field behind its type, such as rfc822 or smtp.
func afterType(field string) string {
	if _, value, ok := strings.Cut(field, ";"); ok {
		field = value
	}
	return strings.TrimSpace(field)
}

// saidOf returns what the text of a report says of a recipient as Exim does, which
// gives no diagnostic code: in the lines below the address, up to an empty one.
func saidOf(text, recipient string) string {
	_, below, ok := strings.Cut(text, recipient)
	if recipient == "" || !ok {
		return ""
	}
	below = strings.ReplaceAll(below, "\r\n", "\n")
	line, below, _ := strings.Cut(below, "\n")
	if strings.TrimSpace(line) != "" { // it stands in a sentence
		return ""
	}
	said, _, _ := strings.Cut(below, "\n\n")
	return said
}

// deliveryOf returns what an Action means, and how bad it is; 0: it is none.
func deliveryOf(action string) (d email.Delivery, rank int) {
	switch strings.ToLower(action) {
	case "failed":
		return email.DeliveryFailed, 3
	case "delayed":
		return email.DeliveryDelayed, 2
	case "delivered", "relayed", "expanded":
		return email.DeliveryDone, 1
	}
	return "", 0
}

// fromServer reports whether a message is from a mail server: from nobody, whom no
// answer reaches, or from the mailer daemon.
func fromServer(h message.Header) bool {
	if strings.TrimSpace(h.Get("Return-Path")) == "<>" || h.Has("X-Failed-Recipients") {
		return true
	}
	from := strings.ToLower(h.Get("From"))
	return strings.Contains(from, "mailer-daemon@")
}

// isWarning reports whether the subject of a report without a delivery status says
// that the server tries on.
func isWarning(subject string) bool {
	subject = strings.ToLower(subject)
	return strings.Contains(subject, "delayed") || strings.Contains(subject, "warning")
}

// ourID is the field of a Message-ID that [Composer.Compose] makes.
var ourID = regexp.MustCompile(`(?im)^[> \t]*Message-ID:\s*<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@`)

// messageID returns the id of the email in a Message-ID of ours, the zero id where
// there is none.
func messageID(data []byte) uuid.UUID {
	match := ourID.FindSubmatch(data)
	if match == nil {
		return uuid.Nil
	}
	return uuid.MustParse(string(match[1])) // has the form
}
