package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// user and password of the mail server. Neither can stand in a URL as it is.
const (
	postUser     = "desk@example.com"
	postPassword = "p:a/s?s#%40"
)

// delivery is an email as the mail server took it.
type delivery struct {
	from, to string
	utf8     bool // SMTPUTF8 was asked for
	data     []byte
}

// testServer is a real mail server that keeps what it takes.
type testServer struct {
	server  *smtp.Server
	address string
	trust   *tls.Config // for a client

	mail, rcpt, data error // the replies, nil for yes

	mu       sync.Mutex
	emails   []delivery
	accepted int // connections
	open     int
	most     int           // open at once
	closed   chan struct{} // one for each closed connection
}

// startServer starts the server on loopback. change may alter it before
// anybody can connect.
func startServer(t *testing.T, change func(*testServer)) *testServer {
	t.Helper()
	p := &testServer{closed: make(chan struct{}, 1_000)}
	p.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &counter{server: p}, nil
	}))
	p.server.Domain = "post.example.com"
	p.server.ErrorLog = log.New(io.Discard, "", 0)
	p.server.AllowInsecureAuth = true
	if change != nil {
		change(p)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = l.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.server.Serve(counted{l, p})
	}()
	t.Cleanup(func() {
		p.server.Close()
		l.Close() // which the server does only once it has begun to serve
		<-done
	})
	return p
}

// withTLS lets the server offer STARTTLS.
func withTLS(t *testing.T) func(*testServer) {
	t.Helper()
	certificate, trust := certify(t)
	return func(p *testServer) {
		p.server.TLSConfig, p.trust = &tls.Config{Certificates: []tls.Certificate{certificate}}, trust
	}
}

// taken returns the emails so far.
func (p *testServer) taken() []delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.emails
}

// certify makes a certificate for loopback, and a configuration that trusts it.
func certify(t *testing.T) (tls.Certificate, *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, &tls.Config{RootCAs: pool}
}

// newSMTP makes a transport that is closed with the test.
func newSMTP(t *testing.T, url string, trust *tls.Config) *SMTP {
	t.Helper()
	s, err := NewSMTP(url, "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.tls = trust
	t.Cleanup(s.Close)
	return s
}

// counted is a listener that counts its connections.
type counted struct {
	net.Listener
	server *testServer
}

func (c counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.accepted++
	c.server.open++
	c.server.most = max(c.server.most, c.server.open)
	return &countedConn{Conn: conn, server: c.server}, nil
}

type countedConn struct {
	net.Conn
	server *testServer
	once   sync.Once
}

func (c *countedConn) Close() error {
	c.once.Do(func() {
		c.server.mu.Lock()
		c.server.open--
		c.server.mu.Unlock()
		c.server.closed <- struct{}{}
	})
	return c.Conn.Close()
}

// counter serves one connection.
type counter struct {
	server *testServer
	now    delivery
}

func (c *counter) Mail(from string, options *smtp.MailOptions) error {
	c.now.from, c.now.utf8 = from, options.UTF8
	return c.server.mail
}

func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.now.to = to
	return c.server.rcpt
}

func (c *counter) Data(r io.Reader) (err error) {
	if c.now.data, err = io.ReadAll(r); err != nil {
		return err
	}
	if c.server.data != nil {
		return c.server.data
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.emails = append(c.server.emails, c.now)
	return nil
}

func (c *counter) Reset()                   { c.now = delivery{} }
func (c *counter) Logout() error            { return nil }
func (c *counter) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *counter) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != postUser || password != postPassword {
			return errors.New("no such user, or another password")
		}
		return nil
	}), nil
}
