package mail

import "context"

// Transport delivers messages. All methods may be called at the same time.
type Transport interface {
	// Send delivers m and calls handOver on the way.
	//
	// Send MUST call handOver at the last moment before somebody else may take
	// the email, and MUST NOT call it more than once. Over SMTP that is after
	// MAIL, RCPT and DATA were accepted and the whole body was written, and
	// before the terminating dot. An email that fails earlier is not handed
	// over at all.
	//
	// handOver is where the caller notes durably that from here on the email
	// may be out. No reply can replace that note: a process that dies before it
	// has certainly sent nothing, and another may try again; one that dies
	// after it leaves an email in doubt, which MUST NOT be sent again unasked.
	// So handOver MUST return nil only once the note is on disk.
	//
	// When handOver fails, Send MUST leave the email untaken (it sends no dot
	// and closes the connection) and MUST return that error as it is.
	// Otherwise Send returns nil when the email was taken, and a [*email.Fault] when
	// it was not or nobody knows. A Fault before handOver is never [email.VerdictUncertain].
	//
	// The end of ctx ends Send promptly. When that falls between the dot and
	// its reply, the email is Uncertain.
	Send(ctx context.Context, m Message, handOver func(context.Context) error) error
}
