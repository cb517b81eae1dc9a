// Package imap fetches the messages of mailboxes from the servers that receive them.
package imap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"helpdesk/domain/mailbox"
	"helpdesk/inbound"
)

// connectTimeout bounds the way to a server until one is signed in.
const connectTimeout = 30 * time.Second

// folder is a connection to a server, for one folder there. It wraps a library that is
// still in its beta.
type folder struct {
	*imapclient.Client
	name  string
	after mailbox.IMAP
	grown chan struct{} // the server said that there are more messages
	stop  func() bool
}

// open connects to the server of a mailbox and signs in. The connection ends with ctx.
func open(ctx context.Context, box inbound.Fetched) (*folder, error) {
	server, err := box.IMAP.Server()
	if err != nil {
		return nil, err
	}
	f := &folder{name: server.Folder, after: box.IMAP, grown: make(chan struct{}, 1)}
	if f.Client, err = connect(ctx, server, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				select {
				case f.grown <- struct{}{}:
				default:
				}
			}
		},
	}}); err != nil {
		return nil, fmt.Errorf("connect to %s: %w", server.Host, err)
	}
	f.stop = context.AfterFunc(ctx, func() { _ = f.Client.Close() }) // it is on its way out
	if err := f.Login(server.User, box.Password).Wait(); err != nil {
		f.close()
		return nil, fmt.Errorf("sign in to %s as %s: %w", server.Host, server.User, err)
	}
	return f, nil
}

func connect(ctx context.Context, server mailbox.Server, options *imapclient.Options) (*imapclient.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	host, _, err := net.SplitHostPort(server.Host)
	if err != nil {
		return nil, err
	}
	options.TLSConfig = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	var conn net.Conn
	if server.TLS == mailbox.Implicit {
		conn, err = (&tls.Dialer{Config: options.TLSConfig}).DialContext(ctx, "tcp", server.Host)
	} else {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", server.Host)
	}
	if err != nil {
		return nil, err
	}
	if server.TLS == mailbox.StartTLS {
		return imapclient.NewStartTLS(conn, options)
	}
	client := imapclient.New(conn, options)
	if err := client.WaitGreeting(); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return client, nil
}

func (f *folder) close() {
	f.stop()
	_ = f.Client.Close() // whatever was to be done is done
}

// begin opens the folder, and returns its UIDVALIDITY.
func (f *folder) begin() (validity uint32, err error) {
	data, err := f.Select(f.name, nil).Wait()
	if err != nil {
		return 0, fmt.Errorf("open the folder %s: %w", f.name, err)
	}
	return data.UIDValidity, nil
}

// newer returns the UIDs above one, in order. A server gives the last one for a range
// that begins above it (RFC 9051 §9, "seq-range").
func (f *folder) newer(than goimap.UID) ([]goimap.UID, error) {
	from := goimap.UIDSet{goimap.UIDRange{Start: than + 1}}
	found, err := f.UIDSearch(&goimap.SearchCriteria{UID: []goimap.UIDSet{from}}, nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("look for messages in %s: %w", f.name, err)
	}
	uids := slices.DeleteFunc(found.AllUIDs(), func(uid goimap.UID) bool { return uid <= than })
	slices.Sort(uids)
	return uids, nil
}

// read gives the bytes of a message to take, unless it is gone. It leaves it unseen.
func (f *folder) read(uid goimap.UID, take func(goimap.LiteralReader) error) (err error) {
	cmd := f.Fetch(goimap.UIDSetNum(uid), &goimap.FetchOptions{UID: true, BodySection: []*goimap.FetchItemBodySection{{Peek: true}}})
	defer func() { err = errors.Join(err, cmd.Close()) }()
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		for item := msg.Next(); item != nil; item = msg.Next() {
			if body, ok := item.(imapclient.FetchItemDataBodySection); ok && body.Literal != nil {
				return take(body.Literal)
			}
		}
	}
	return nil
}

// finish does with a message what is to be done once it is durable here.
func (f *folder) finish(uid goimap.UID) error {
	set := goimap.UIDSetNum(uid)
	flag := func(flag goimap.Flag) error {
		return f.Store(set, &goimap.StoreFlags{Op: goimap.StoreFlagsAdd, Silent: true, Flags: []goimap.Flag{flag}}, nil).Close()
	}
	var err error
	switch to := f.after.Moved(); {
	case to != "":
		_, err = f.Move(set, to).Wait()
	case f.after.After == mailbox.AfterDelete:
		if err = flag(goimap.FlagDeleted); err == nil && f.Caps().Has(goimap.CapUIDPlus) {
			err = f.UIDExpunge(set).Close()
		}
	default:
		err = flag(goimap.FlagSeen)
	}
	if err != nil {
		return fmt.Errorf("%s for message %d of %s: %w", f.after.After, uid, f.name, err)
	}
	return nil
}

// await returns when the server says that the folder has grown, after a while, or when
// ctx ends.
func (f *folder) await(ctx context.Context, most time.Duration) error {
	var idle *imapclient.IdleCommand
	if f.Caps().Has(goimap.CapIdle) {
		var err error
		if idle, err = f.Idle(); err != nil {
			return fmt.Errorf("wait for messages in %s: %w", f.name, err)
		}
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-f.Closed():
	case <-f.grown:
	case <-timer.C:
	}
	if idle == nil {
		return f.Noop().Wait() // it is told what is new
	}
	return errors.Join(idle.Close(), idle.Wait())
}

// Check signs in to the server of a mailbox, looks how many messages the folder has and
// whether there is the one that they are moved to, and changes nothing.
func Check(ctx context.Context, box inbound.Fetched) (messages uint32, err error) {
	f, err := open(ctx, box)
	if err != nil {
		return 0, err
	}
	defer f.close()
	if to := f.after.Moved(); to != "" {
		if _, err := f.messages(to); err != nil {
			return 0, err
		}
	}
	return f.messages(f.name)
}

// messages returns how many messages a folder has.
func (f *folder) messages(name string) (n uint32, err error) {
	data, err := f.Status(name, &goimap.StatusOptions{NumMessages: true}).Wait()
	if err != nil {
		return 0, fmt.Errorf("look at the folder %s: %w", name, err)
	}
	if data.NumMessages != nil {
		n = *data.NumMessages
	}
	return n, nil
}
