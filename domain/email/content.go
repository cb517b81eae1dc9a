package email

import (
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
)

// Content is all that an email says, for whoever puts it into words.
type Content struct {
	ID      ID
	Kind    Kind
	To      Addressee
	ToAdmin bool // told as an admin, not as the requester: only of an escalation
	Ticket  Ticket
	Actor   string // username of who caused it; "" for the service itself
	Text    string // the comment, or the reason given; may be empty
	At      time.Time
	Told    []Told // of a digest, which is about no ticket else
}

// Told is what a digest tells of one ticket.
type Told struct {
	Ticket Ticket // its number, title and status
	News   []Kind // what happened, each once
}

// Addressee is who gets an email.
type Addressee struct {
	Name    string
	Address string
}

// Ticket is a ticket as it stood after the event an email tells of.
type Ticket struct {
	ID        uuid.UUID
	Number    int64
	Title     string
	Priority  string
	Status    string
	Requester string // username
	Assignee  string // username; "" when it is nobody's
}

// Fault is the error of an email that was not sent, or of which nobody knows.
type Fault struct {
	Verdict Verdict
	Err     error
}

// faultMax is how many characters of a fault are told; a server's reply may be
// of any length.
const faultMax = 500

// Error returns what went wrong in one line without control characters, whatever
// a server replied.
func (f *Fault) Error() string { return OneLine(f.Err.Error()) }

// OneLine returns what a server said in one line without control characters, cut to
// what is told of it.
func OneLine(said string) string {
	line := strings.Join(strings.FieldsFunc(said, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
	line = strings.ToValidUTF8(line, "")
	if runes := []rune(line); len(runes) > faultMax {
		line = string(runes[:faultMax])
	}
	return line
}

// Unwrap returns what went wrong.
func (f *Fault) Unwrap() error { return f.Err }
