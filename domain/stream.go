package domain

// StreamType names the kind of aggregate a stream belongs to.
type StreamType string

// The stream types in use.
const (
	TicketStream  StreamType = "ticket"
	UserStream    StreamType = "user"
	EmailStream   StreamType = "email"
	AccessStream  StreamType = "access"
	MailboxStream StreamType = "mailbox"
	MessageStream StreamType = "inbound_message"
)

// formerEmailStream is what streams of emails were stored as before.
const formerEmailStream StreamType = "letter"

// Current returns the name that streams of this type are written under now; what
// is stored keeps the name it was stored under.
func (t StreamType) Current() StreamType {
	if t == formerEmailStream {
		return EmailStream
	}
	return t
}
