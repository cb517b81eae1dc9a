package domain

// Event is a fact of one aggregate. Its stored name is a literal such as
// "ticket.assigned", never derived from a Go name: it outlives the code.
type Event interface {
	EventType() string
}

// StreamType names the kind of aggregate a stream belongs to.
type StreamType string

// The stream types in use.
const (
	TicketStream StreamType = "ticket"
	UserStream   StreamType = "user"
	EmailStream  StreamType = "email"
	AccessStream StreamType = "access"
)
