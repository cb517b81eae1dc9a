package pgcount

import (
	"bytes"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

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

// Statement is one that a client had carried out.
type Statement struct {
	Name    string // of its connection
	SQL     string
	Params  [][]byte
	Formats []int16 // of Params: text is 0, binary 1; one for all, or one each
}

// statements are those that a client has prepared and bound.
type statements struct {
	byName   map[string]string
	byPortal map[string]Statement
}

// next returns the statement that a message of the client has carried out, if it did.
func (s statements) next(kind byte, body []byte) (carried Statement, ok bool) {
	first, rest, _ := strings.Cut(string(body), "\x00")
	switch kind {
	case 'Q':
		return Statement{SQL: first}, true
	case 'P': // Parse: name, statement
		s.byName[first], _, _ = strings.Cut(rest, "\x00")
	case 'B':
		var bind pgproto3.Bind
		if bind.Decode(body) == nil {
			params := make([][]byte, len(bind.Parameters))
			for i, p := range bind.Parameters {
				params[i] = bytes.Clone(p) // nil, as NULL is, stays so
			}
			s.byPortal[first] = Statement{SQL: s.byName[bind.PreparedStatement], Params: params, Formats: bind.ParameterFormatCodes}
		}
	case 'E': // Execute: portal
		return s.byPortal[first], true
	}
	return Statement{}, false
}
