package mailbox

import (
	"errors"
	"net/url"
	"strings"

	"helpdesk/domain"
)

// IMAP is where the service fetches the messages of a mailbox from.
type IMAP struct {
	URL   string `json:"url"`   // imaps://user@host:993/FOLDER; with imap:// STARTTLS is required unless ?tls=none
	After string `json:"after"` // what becomes of a message that was fetched: seen, delete or move:FOLDER
}

// What becomes of a message on the server once it is durable here.
const (
	AfterSeen   = "seen"
	AfterDelete = "delete"
	AfterMove   = "move:" // with the name of a folder
)

// Bounds of the settings of IMAP.
const (
	URLMax      = 500
	AfterMax    = 250
	PasswordMax = 1000
)

// Refusals of the settings of IMAP.
var (
	ErrIMAP     = &domain.Error{Kind: domain.KindInvalid, Code: "imap_url", Message: "use imaps://user@host/FOLDER", Field: "imap/url"}
	ErrAfter    = &domain.Error{Kind: domain.KindInvalid, Code: "enum", Message: "must be seen, delete or move:FOLDER", Field: "imap/after"}
	ErrNoServer = &domain.Error{Kind: domain.KindInvalid, Code: "no_server", Message: "there is no server to give it to: set imap, too", Field: "password"}
	ErrPassword = &domain.Error{
		Kind: domain.KindInvalid, Code: "required", Field: "password",
		Message: "the password is needed with a server, and again where that changes: it is sent to no other than it was given for",
	}
)

// Server is what an [IMAP.URL] says.
type Server struct {
	Host   string // with its port
	User   string
	Folder string
	TLS    TLS
}

// TLS is how a connection is kept from being read on its way.
type TLS string

// The ways.
const (
	Implicit TLS = "implicit"
	StartTLS TLS = "starttls"
	NoTLS    TLS = "none"
)

// inbox is the folder that each server has (RFC 9051 §5.1).
const inbox = "INBOX"

// Server returns what the URL says.
func (m IMAP) Server() (s Server, err error) {
	u, err := url.Parse(m.URL)
	if err != nil {
		return s, ErrIMAP
	}
	port := ""
	switch query := u.Query(); {
	case u.Scheme == "imaps" && u.RawQuery == "":
		s.TLS, port = Implicit, "993"
	case u.Scheme == "imap" && u.RawQuery == "":
		s.TLS, port = StartTLS, "143"
	case u.Scheme == "imap" && len(query) == 1 && query.Get("tls") == "none":
		s.TLS, port = NoTLS, "143"
	default:
		return s, ErrIMAP
	}
	if _, has := u.User.Password(); has {
		return s, ErrIMAP.With("the password goes into password, not into the URL")
	}
	if u.Port() != "" {
		port = u.Port()
	}
	s.User, s.Folder = u.User.Username(), strings.TrimPrefix(u.Path, "/")
	if u.Hostname() == "" || s.User == "" || u.Opaque != "" || u.Fragment != "" {
		return s, ErrIMAP
	}
	if s.Folder == "" {
		s.Folder = inbox
	}
	s.Host = joined(u.Hostname(), port)
	return s, nil
}

// joined returns a host with its port; a host of IPv6 has brackets.
func joined(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + port
}

// Moved returns the folder that messages are moved to; "" where they are not.
func (m IMAP) Moved() string {
	folder, _ := strings.CutPrefix(m.After, AfterMove)
	if folder == m.After {
		return ""
	}
	return folder
}

// checkIMAP returns the settings as they are stored.
func checkIMAP(m IMAP) (IMAP, error) {
	var err error
	if m.URL, err = domain.Line("imap/url", m.URL, URLMax); err != nil {
		return m, err
	}
	if m.After, err = domain.Line("imap/after", m.After, AfterMax); err != nil {
		return m, err
	}
	if m.After != AfterSeen && m.After != AfterDelete && m.Moved() == "" {
		return m, ErrAfter
	}
	_, err = m.Server()
	return m, err
}

// same reports whether a password that was given for one server may be sent to another.
func (s Server) same(other Server) bool {
	return s.Host == other.Host && s.User == other.User && (s.TLS == other.TLS || other.TLS == Implicit)
}

// PasswordOf returns the sealed password that a command brings; nil: none.
func PasswordOf(c Command) []byte {
	switch c := c.(type) {
	case Add:
		return c.Password
	case Edit:
		return c.Password
	}
	return nil
}

// checkPassword refuses a server that the mailbox has no password for.
func checkPassword(before State, next IMAP, password []byte) error {
	none := next == IMAP{}
	if none && len(password) > 0 {
		return ErrNoServer
	}
	if none || len(password) > 0 {
		return nil
	}
	if before.Passworded == (Server{}) {
		return ErrPassword
	}
	if s, err := next.Server(); err != nil || !before.Passworded.same(s) {
		return errors.Join(err, ErrPassword)
	}
	return nil
}
