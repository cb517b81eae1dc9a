// Package imapserver is an IMAP server for tests, with a user who has folders in memory.
package imapserver

import (
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"testing"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// User and Password are those of the one user.
const (
	User     = "desk"
	Password = "open sesame"
)

// Server is a server that runs until its test ends.
type Server struct {
	address string
	mailbox *imapmemserver.Server
}

// Start starts a server whose user has INBOX and some other folders.
func Start(t testing.TB, folders ...string) *Server {
	t.Helper()
	user := imapmemserver.NewUser(User, Password)
	for _, name := range append([]string{"INBOX"}, folders...) {
		if err := user.Create(name, nil); err != nil {
			t.Fatal(err)
		}
	}
	s := &Server{mailbox: imapmemserver.New()}
	s.mailbox.AddUser(user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return s.mailbox.NewSession(), nil, nil
		},
		Caps:         goimap.CapSet{goimap.CapIMAP4rev1: {}, goimap.CapIMAP4rev2: {}},
		InsecureAuth: true,
		Logger:       log.New(io.Discard, "", 0), // that clients went away is no news
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }() // it ends with its listener
	t.Cleanup(func() { _ = server.Close() })
	s.address = listener.Addr().String()
	return s
}

// URL returns what a mailbox is told of a folder.
func (s *Server) URL(folder string) string {
	return "imap://" + User + "@" + s.address + "/" + folder + "?tls=none"
}

func (s *Server) client(t testing.TB) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(s.address, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login(User, Password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// Deliver puts a message into a folder.
func (s *Server) Deliver(t testing.TB, folder, message string) {
	t.Helper()
	c := s.client(t)
	append := c.Append(folder, int64(len(message)), nil)
	if _, err := append.Write([]byte(message)); err != nil {
		t.Fatal(err)
	}
	if err := append.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := append.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Logout().Wait(); err != nil {
		t.Fatal(err)
	}
}

// Folder returns the flags of each message in a folder, in their order.
func (s *Server) Folder(t testing.TB, folder string) (flags []string) {
	t.Helper()
	c := s.client(t)
	data, err := c.Select(folder, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if data.NumMessages > 0 {
		all, err := c.Fetch(goimap.SeqSet{goimap.SeqRange{Start: 1}}, &goimap.FetchOptions{Flags: true}).Collect()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			var own []string
			for _, f := range m.Flags {
				own = append(own, string(f))
			}
			slices.Sort(own)
			flags = append(flags, strings.Join(own, " "))
		}
	}
	if err := c.Logout().Wait(); err != nil {
		t.Fatal(err)
	}
	return flags
}
