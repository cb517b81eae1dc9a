package inbound

import (
	"errors"
	"net"
	"strings"
)

// settings are how messages that come in are judged.
type settings struct {
	LmtpAddr       address  `split_words:"true" desc:"Address that mail servers hand messages to by LMTP (RFC 2033), such as 127.0.0.1:2424. Who reaches it may hand in. Empty: none."`
	MailMax        int64    `split_words:"true" within:"1024..1073741824" default:"41943040" desc:"How many bytes a message may have that comes in. Of a larger one its header is kept."`
	MailLoopLimit  uint32   `split_words:"true" within:"0|1..100000" default:"20" desc:"How many messages of one address a mailbox takes within an hour. What is more is kept without effect, as a loop. 0: any number."`
	MailAuthservID authserv `split_words:"true" desc:"Name by which the mail server that receives for the desk marks its Authentication-Results (RFC 8601). Staff are believed by mail only where the topmost one has this name and dmarc=pass. Empty: never, and what they write is a requester's."`
}

// address is where a server listens; "": nowhere.
type address string

// Decode reads the setting.
func (a *address) Decode(text string) error {
	if _, port, err := net.SplitHostPort(text); text != "" && (err != nil || port == "") {
		return errors.New("use an address such as 127.0.0.1:2424")
	}
	*a = address(text)
	return nil
}

// authserv is the name of a mail server in its Authentication-Results.
type authserv string

// Decode reads the setting.
func (a *authserv) Decode(text string) error {
	if strings.ContainsAny(text, " \t;,\"()") {
		return errors.New("use a name such as mx.example.com")
	}
	*a = authserv(text)
	return nil
}
