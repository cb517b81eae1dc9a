// Package clamd is a daemon that takes files as clamd does, on loopback, for tests. It finds
// malware in what holds the word [Malware].
package clamd

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
)

// Malware is in files that the daemon finds something in, and Signature what it calls it.
const (
	Malware   = "harmless-malware-of-a-test"
	Signature = "Test.Harmless-1"
)

// Daemon takes files until its test ends.
type Daemon struct {
	Addr string // host:port, or the path of a socket

	listener net.Listener
	mu       sync.Mutex
	reply    string // instead of a verdict; "": that
	taken    [][]byte
}

// Start starts a daemon: on a free port, or with "unix" on the socket of a path.
func Start(t testing.TB, network, address string) *Daemon {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	d := &Daemon{Addr: listener.Addr().String(), listener: listener}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				d.serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		d.Stop()
		serving.Wait()
	})
	return d
}

// Stop has the daemon listen no more.
func (d *Daemon) Stop() { _ = d.listener.Close() }

// Replies has the daemon reply something else than a verdict.
func (d *Daemon) Replies(reply string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reply = reply
}

// Taken returns the files that the daemon was given whole.
func (d *Daemon) Taken() [][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.taken
}

func (d *Daemon) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	if command, err := in.ReadString(0); err != nil || command != "zINSTREAM\x00" {
		_, _ = io.WriteString(conn, "UNKNOWN COMMAND\x00")
		return
	}
	var file bytes.Buffer
	for {
		var n uint32
		if err := binary.Read(in, binary.BigEndian, &n); err != nil {
			return
		}
		if n == 0 {
			break
		}
		if _, err := io.CopyN(&file, in, int64(n)); err != nil {
			return
		}
	}
	_, _ = io.WriteString(conn, d.verdict(file.Bytes())+"\x00")
}

func (d *Daemon) verdict(file []byte) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken = append(d.taken, file)
	switch {
	case d.reply != "":
		return d.reply
	case bytes.Contains(file, []byte(Malware)):
		return "stream: " + Signature + " FOUND"
	}
	return "stream: OK"
}
