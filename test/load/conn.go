// Package load asks a program over HTTP from many connections at once, each with its
// next request as soon as its last is answered, and has the requests that the figures
// of docs/performance.md are of.
package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Request is a request as it is sent, so that sending it costs the machine as little
// as can be.
type Request []byte

// New puts a request into its bytes; a body is JSON, empty for none. cookie is the
// Cookie of somebody who is signed in.
func New(method, path, cookie, body string) Request {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, path)
	if cookie != "" {
		fmt.Fprintf(&out, "Cookie: %s\r\n", cookie)
	}
	if body != "" {
		fmt.Fprintf(&out, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	} else if method != http.MethodGet {
		out.WriteString("Content-Length: 0\r\n")
	}
	out.WriteString("\r\n")
	out.WriteString(body)
	return out.Bytes()
}

// Conn is a connection to a program, for one request after the other.
type Conn struct {
	net.Conn
	in *bufio.Reader
}

// Dial connects to a host and port until ctx ends.
func Dial(ctx context.Context, address string) (*Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &Conn{conn, bufio.NewReader(conn)}, nil
}

// patience is how long an answer may take.
const patience = 30 * time.Second

// Refused is an answer that is none of success.
type Refused struct {
	Request string // its first line
	Status  int
	Body    string
}

func (r *Refused) Error() string { return fmt.Sprintf("%s: %d %s", r.Request, r.Status, r.Body) }

// Ask sends a request and reads the answer to its end, into body if that is not nil. It
// fails with *Refused where the answer is none of success; the next may be asked then.
func (c *Conn) Ask(r Request, body io.Writer) (*http.Response, error) {
	if body == nil {
		body = io.Discard
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := c.Write(r); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 != 2 {
		why, err := io.ReadAll(answer.Body)
		if err != nil {
			return nil, err
		}
		line, _, _ := bytes.Cut(r, []byte("\r\n"))
		return nil, &Refused{string(line), answer.StatusCode, string(why)}
	}
	_, err = io.Copy(body, answer.Body)
	return answer, err
}
