// Package clamd has ClamAV look for malware in files, by the command INSTREAM of its daemon
// (clamd(8)).
package clamd

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"
)

// Times of the conversation.
const (
	stepMax    = 30 * time.Second // of connecting, and of writing a piece
	verdictMax = 2 * time.Minute  // of what clamd takes once it has all of a file
)

// replyMax bounds what is read of a reply.
const replyMax = 1000

// Daemon is where clamd listens.
type Daemon struct{ network, address string }

// Parse reads the URL of a daemon: clamd://host:3310, or unix:///run/clamav/clamd.ctl.
func Parse(rawURL string) (Daemon, error) {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "":
	case u.Scheme == "clamd" && u.Hostname() != "" && strings.Trim(u.Path, "/") == "":
		port := u.Port()
		if port == "" {
			port = "3310"
		}
		return Daemon{"tcp", net.JoinHostPort(u.Hostname(), port)}, nil
	case u.Scheme == "unix" && u.Host == "" && strings.HasPrefix(u.Path, "/"):
		return Daemon{"unix", u.Path}, nil
	}
	return Daemon{}, errors.New("not a URL such as clamd://localhost:3310 or unix:///run/clamav/clamd.ctl")
}

// Scan is one file under way to the daemon: it is written, and then judged. It MUST be
// closed.
type Scan struct {
	conn net.Conn
	out  *bufio.Writer
	stop func() bool
}

// Begin begins to look at a file. The end of ctx breaks it off.
func (d Daemon) Begin(ctx context.Context) (*Scan, error) {
	conn, err := (&net.Dialer{Timeout: stepMax}).DialContext(ctx, d.network, d.address)
	if err != nil {
		return nil, fmt.Errorf("connect to clamd: %w", err)
	}
	const piece = 64 << 10
	s := &Scan{conn: conn, out: bufio.NewWriterSize(conn, piece), stop: context.AfterFunc(ctx, func() { conn.Close() })}
	if _, err := s.out.WriteString("zINSTREAM\x00"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Write implements [io.Writer].
func (s *Scan) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil // as a piece it would be the end
	}
	if err := s.length(len(p)); err != nil {
		return 0, err
	}
	n, err := s.out.Write(p)
	if err != nil {
		err = fmt.Errorf("write to clamd: %w", err)
	}
	return n, err
}

// length writes how long the next piece is; 0: there is none.
func (s *Scan) length(n int) error {
	err := s.conn.SetDeadline(time.Now().Add(stepMax))
	if err == nil {
		err = binary.Write(s.out, binary.BigEndian, uint32(n))
	}
	if err != nil {
		return fmt.Errorf("write to clamd: %w", err)
	}
	return nil
}

// Verdict ends the file and returns the name of the malware in it, "" where there is none.
func (s *Scan) Verdict() (malware string, err error) {
	err = errors.Join(s.length(0), s.out.Flush(), s.conn.SetDeadline(time.Now().Add(verdictMax)))
	if err != nil {
		return "", fmt.Errorf("write to clamd: %w", err)
	}
	reply, err := bufio.NewReader(io.LimitReader(s.conn, replyMax)).ReadString(0)
	if err != nil {
		return "", fmt.Errorf("read the reply of clamd: %w", err)
	}
	verdict := strings.TrimPrefix(strings.TrimSuffix(reply, "\x00"), "stream: ")
	if verdict == "OK" {
		return "", nil
	}
	if malware, found := strings.CutSuffix(verdict, " FOUND"); found && malware != "" {
		return malware, nil
	}
	return "", fmt.Errorf("clamd replied %q", verdict)
}

// Close ends the conversation.
func (s *Scan) Close() error {
	s.stop()
	return s.conn.Close()
}
