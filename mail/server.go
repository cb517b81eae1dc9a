package mail

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// security is how a connection to a mail server is kept private.
type security string

const (
	startTLS    security = "starttls" // TLS after STARTTLS, without which nothing is sent
	implicitTLS security = "tls"      // TLS from the first byte
	noTLS       security = "none"
)

// server is a mail server and how it is spoken to.
type server struct {
	host     string
	port     int
	security security
	user     string // "" for none
	password string
}

// address returns what is dialled.
func (s server) address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// parseServer reads the URL of a mail server, see [NewSMTP]. No error quotes
// the URL or what url.Parse says of it, either may hold the password.
func parseServer(raw string) (server, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return server{}, errors.New(`it is no URL like "smtp://user:password@mail.example.com:587"; special characters in user and password are written like %40`)
	}
	s := server{host: u.Hostname()}
	switch u.Scheme {
	case "smtp":
		s.security, s.port = startTLS, 587 // RFC 6409 §3.1
	case "smtps":
		s.security, s.port = implicitTLS, 465 // RFC 8314 §3.3
	default:
		return server{}, errors.New("its scheme has to be smtp or smtps")
	}
	if s.host == "" {
		return server{}, errors.New("it names no host")
	}
	if strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return server{}, errors.New("it may have no path and no fragment; a # or / in the password is written %23 or %2F")
	}
	if err := s.readQuery(u); err != nil {
		return server{}, err
	}
	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil || s.port < 1 || s.port > 65535 {
			return server{}, errors.New("its port is not between 1 and 65535")
		}
	}
	return s, s.readUser(u)
}

// readQuery takes the one parameter there is.
func (s *server) readQuery(u *url.URL) error {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || strings.Contains(u.RawQuery, "@") { // part of a password
		return errors.New("its query cannot be read; a ? in the password is written %3F")
	}
	for name, values := range query {
		switch {
		case name != "tls":
			return fmt.Errorf("its parameter %q is unknown: the only one is tls", name)
		case s.security != startTLS:
			return errors.New("its parameter tls is for smtp:// alone: smtps:// always has TLS")
		case len(values) != 1 || values[0] != "none":
			return errors.New("its parameter tls has to be none, or left out for STARTTLS")
		}
		s.security, s.port = noTLS, 25
	}
	return nil
}

// readUser takes user and password, and refuses to send them in clear to
// another machine.
func (s *server) readUser(u *url.URL) error {
	if u.User == nil {
		return nil
	}
	var ok bool
	s.user = u.User.Username()
	if s.password, ok = u.User.Password(); s.user == "" || !ok {
		return errors.New("it has to name a user and a password, or neither")
	}
	ip := net.ParseIP(s.host)
	if local := s.host == "localhost" || (ip != nil && ip.IsLoopback()); s.security == noTLS && !local {
		return errors.New("it would send the password in clear: with tls=none, user and password are for this machine alone")
	}
	return nil
}
