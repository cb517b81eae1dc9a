package pgcount

import "strings"

// session is where the server is in what it answers to one connection.
type session struct {
	begun  bool // something was done since the last transaction ended
	failed bool
}

// Kinds of messages of a server (PostgreSQL, "Message Formats").
const (
	parseComplete   = '1'
	bindComplete    = '2'
	commandComplete = 'C'
	errorResponse   = 'E'
	readyForQuery   = 'Z'
)

// next returns what a message of the server adds to the counts.
func (s *session) next(kind byte, body []byte) (more Counts) {
	switch kind {
	case parseComplete, bindComplete:
		s.begun = true
	case commandComplete:
		more.Statements = 1
		s.begun = true
		switch strings.TrimRight(string(body), "\x00") {
		case "COMMIT":
			more.Commits = 1
			s.begun = false
		case "ROLLBACK": // also of a COMMIT after a failure; to a savepoint, where a COMMIT follows
			s.begun = false
		}
	case errorResponse:
		more.Statements = 1
		s.failed = true
	case readyForQuery:
		more.RoundTrips = 1
		if len(body) == 1 && body[0] == 'I' { // not within a transaction
			if s.begun && !s.failed {
				more.Commits = 1
			}
			*s = session{}
		}
	}
	return more
}

// statements are those that a client has prepared and bound.
type statements struct{ byName, byPortal map[string]string }

// next returns the statement that a message of the client has carried out, or "".
func (s statements) next(kind byte, body []byte) string {
	first, rest, _ := strings.Cut(string(body), "\x00")
	second, _, _ := strings.Cut(rest, "\x00")
	switch kind {
	case 'Q':
		return first
	case 'P': // Parse: name, statement
		s.byName[first] = second
	case 'B': // Bind: portal, name
		s.byPortal[first] = s.byName[second]
	case 'E': // Execute: portal
		return s.byPortal[first]
	}
	return ""
}
