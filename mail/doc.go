// Package mail writes emails and hands them to a mail server: a [Composer]
// turns what an email says into a message, a [Transport] delivers the message.
// When an email is due, and what is noted of it, is the caller's.
//
// # Promised
//
//   - The same [email.Content] composes to the same bytes, on any machine and however
//     often. An email that is tried again is the same email, with the same
//     Message-ID.
//   - Nothing a person wrote adds a header, a part or markup to a message.
//   - Files that go with an email are read while it is sent, and never held whole.
//   - A [Transport] tells apart, by a [*email.Fault], an email that was certainly not
//     taken from one of which nobody knows.
//   - One email that hangs does not hold up the others, and none hangs for
//     longer than the sum of its steps, 30 seconds each.
//
// # Not promised
//
// That an email arrives exactly once: SMTP has no such thing. Between the
// terminating dot and its reply an email may be taken without the sender ever
// hearing of it. [Transport] puts the caller's note right before that moment,
// so that an email is either known not to be taken, or known to be in doubt.
//
// # Failure
//
// Passwords are in no error and no log line, mail addresses in no log line.
// Errors of [Transport.Send] may quote the server's reply, which often names
// the recipient.
package mail
