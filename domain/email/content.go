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
	Files   []File // of the comment, in order

	// InReplyTo is the Message-ID of the message that it acknowledges, as that has it.
	InReplyTo string
}

// FilesMax is how many bytes of files go with an email in all. Many servers take no email
// of more than 25 MB, and what a file is encoded as is a third longer.
const FilesMax = 10 << 20

// File is a file that an email is to bring.
type File struct {
	ID          uuid.UUID
	Name        string
	ContentType string
	Size        int64 // in bytes
	Left        Left  // why it does not go with the email; "": it does
}

// Left is why a file does not go with an email.
type Left string

// Why a file is left out.
const (
	TooLarge  Left = "too large" // for an email, with those before it
	Destroyed Left = "removed"   // its bytes are
)

// Enclose returns the files, of which those go with the email that are there and for which
// there is room beside those before them.
func Enclose(files []File) []File {
	room := int64(FilesMax)
	for i, f := range files {
		switch {
		case f.Left != "":
		case f.Size > room:
			files[i].Left = TooLarge
		default:
			room -= f.Size
		}
	}
	return files
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
