package mail

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
)

// scripted is a server that misbehaves as its script says, on each connection
// anew. It counts the emails that were ended by a dot: what a server has got
// then, it may have delivered.
type scripted struct {
	net.Listener
	handlers sync.WaitGroup
	mu       sync.Mutex
	ended    int
	accepted int
}

// dialogue is one connection of a scripted server.
type dialogue struct {
	server *scripted
	nth    int // from 1
	conn   net.Conn
	text   *textproto.Conn
}

// openScript starts the server on loopback. change may alter it before anybody
// can connect.
func openScript(t *testing.T, script func(*dialogue), change func(*scripted)) *scripted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{Listener: l}
	if change != nil {
		change(s)
	}
	s.handlers.Go(func() {
		for {
			conn, err := s.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.accepted++
			d := &dialogue{server: s, nth: s.accepted, conn: conn, text: textproto.NewConn(conn)}
			s.mu.Unlock()
			s.handlers.Go(func() {
				defer conn.Close()
				script(d)
			})
		}
	})
	t.Cleanup(func() { l.Close() })
	return s
}

func (s *scripted) address() string { return s.Addr().String() }

// dots closes client and server, and returns how many emails have come to
// their dot.
func (s *scripted) dots(client *SMTP) int {
	client.Close()
	s.Listener.Close()
	s.handlers.Wait()
	return s.ended
}

// say sends a line.
func (d *dialogue) say(format string, args ...any) { d.text.PrintfLine(format, args...) }

// until goes along as far as the command of that name, and leaves it without a
// reply; "" is the greeting, "." the dot. It reports whether it got there. A
// email that is not to be left is taken.
func (d *dialogue) until(command string) bool {
	if command == "" {
		return true
	}
	d.say("220 post.example.com")
	return d.next(command)
}

// next is until for a client that was greeted.
func (d *dialogue) next(command string) bool {
	for {
		line, err := d.text.ReadLine()
		if err != nil {
			return false
		}
		verb, _, _ := strings.Cut(line, " ")
		if verb == command {
			return true
		}
		switch verb {
		case "EHLO":
			d.say("250-post.example.com\r\n250 8BITMIME")
		case "DATA":
			d.say("354 go on")
			if command == "body" {
				return true
			}
			if !d.email() {
				return false
			}
			if command == "." {
				return true
			}
			d.say("250 taken")
		case "QUIT":
			d.say("221 bye")
			return false
		default:
			d.say("250 ok")
		}
	}
}

// finish serves the connection to its end, as a server should.
func (d *dialogue) finish() { d.until("never") }

// email reads an email, and reports whether its dot came.
func (d *dialogue) email() bool {
	if _, err := io.Copy(io.Discard, d.text.DotReader()); err != nil {
		return false
	}
	d.server.count()
	return true
}

// hang reads until the client goes, and says nothing.
func (d *dialogue) hang() {
	rest, _ := io.ReadAll(d.text.R)
	if bytes.Contains(rest, []byte("\r\n.\r\n")) {
		d.server.count()
	}
}

func (s *scripted) count() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended++
}

// clear is the URL of the server without TLS.
func (s *scripted) clear() string { return fmt.Sprintf("smtp://%s?tls=none", s.address()) }
