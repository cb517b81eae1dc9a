package mail

import "context"

// Transport delivers messages. All methods may be called at the same time.
type Transport interface {
	// Send delivers m and calls handOver on the way.
	//
	// Send MUST call handOver at the last moment before somebody else may take
	// the letter, and MUST NOT call it more than once. Over SMTP that is after
	// MAIL, RCPT and DATA were accepted and the whole body was written, and
	// before the terminating dot. A letter that fails earlier is not handed
	// over at all.
	//
	// handOver is where the caller notes durably that from here on the letter
	// may be out. No reply can replace that note: a process that dies before it
	// has certainly sent nothing, and another may try again; one that dies
	// after it leaves a letter in doubt, which MUST NOT be sent again unasked.
	// So handOver MUST return nil only once the note is on disk.
	//
	// When handOver fails, Send MUST leave the letter untaken (it sends no dot
	// and closes the connection) and MUST return that error as it is.
	// Otherwise Send returns nil when the letter was taken, and a [*Fault] when
	// it was not or nobody knows. A Fault before handOver is never [Uncertain].
	//
	// The end of ctx ends Send promptly. When that falls between the dot and
	// its reply, the letter is Uncertain.
	Send(ctx context.Context, m Message, handOver func(context.Context) error) error
}

// Verdict says what became of a letter that [Transport.Send] did not deliver.
type Verdict string

// The verdicts.
const (
	// Refused means the letter was not taken and never will be: a reply of 5xx
	// to the sender, the recipient or the letter.
	Refused Verdict = "refused"
	// Postponed means the letter was certainly not taken, and may be later: a
	// reply of 4xx, a server out of reach, and whatever the operator has to
	// mend, like TLS or a wrong password.
	Postponed Verdict = "postponed"
	// Uncertain means nobody knows whether the letter was taken: it was handed
	// over, and no reply came that says.
	Uncertain Verdict = "uncertain"
)

// Fault is the error of a letter that was not delivered, or maybe not.
type Fault struct {
	Verdict Verdict
	Err     error // never nil; a server's reply is a [*net/textproto.Error] in its chain
}

// faultMax is how many characters of a fault are told; a reply may be of any
// length.
const faultMax = 500

// Error tells the fault in one line without control characters, whatever the
// server replied, in at most 500 characters.
func (f *Fault) Error() string { return line(f.Err.Error(), faultMax) }

// Unwrap answers Err.
func (f *Fault) Unwrap() error { return f.Err }
