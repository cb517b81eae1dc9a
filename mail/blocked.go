package mail

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"helpdesk/domain/email"
)

// errBlocked means that a server cannot be used as it is configured.
var errBlocked = errors.New("not as it is configured")

// undialled judges why there is no connection: a server that is away, or one that wants
// nothing of us.
func undialled(err error) *email.Fault {
	reply, replied := errors.AsType[*textproto.Error](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	if errors.Is(err, errBlocked) || untrusted || (replied && reply.Code/100 == 5) {
		return &email.Fault{Verdict: email.VerdictBlocked, Err: err}
	}
	return &email.Fault{Verdict: email.VerdictPostponed, Err: err}
}

// enhanced is how an enhanced status code begins a reply (RFC 2034 §4), but for its
// class.
var enhanced = regexp.MustCompile(`^5\.(\d{1,3})\.(\d{1,3})\b`)

// ourWords are in replies to RCPT about us of servers without such codes.
var ourWords = regexp.MustCompile(`(?i)\b(relay|helo\b|ehlo\b)`)

// signIn are the replies about how we signed in (RFC 4954 §6, RFC 3207 §4).
var signIn = []int{530, 534, 535, 538}

// aboutUs reports whether a server refuses, for good, what no recipient can help and
// another email would meet too: how we sign in, who we say we are, whom we send for.
func aboutUs(step string, reply *textproto.Error) bool {
	switch {
	case reply.Code/100 != 5 || reply.Code == 552: // too large, or the mailbox is full
		return false
	case slices.Contains(signIn, reply.Code):
		return true
	}
	code := enhanced.FindStringSubmatch(reply.Msg)
	if code == nil {
		return step == "MAIL" || (step == "RCPT" && ourWords.MatchString(reply.Msg))
	}
	subject, _ := strconv.Atoi(code[1]) // digits
	detail, _ := strconv.Atoi(code[2])
	switch subject {
	case 1: // addresses: 7 and 8 are the sender's (RFC 3463 §3.2)
		return step == "MAIL" || detail == 7 || detail == 8
	case 2, 6: // the recipient's mailbox, the content
		return false
	case 3: // 4: the email is too large
		return step == "MAIL" && detail != 4
	case 7: // policy; of the email itself where it is about who sent it (RFC 7372)
		return (step != "email" && !ofRecipient(detail)) || (detail >= 20 && detail <= 29)
	}
	return step == "MAIL" || (step == "RCPT" && subject == 5)
}

// ofRecipient reports whether a detail of X.7 is about the recipient (RFC 5248 §2.4,
// RFC 7293 §6).
func ofRecipient(detail int) bool { return detail == 2 || detail == 13 || detail == 17 || detail == 18 }

// hostname is what may be said in EHLO, but for an address in brackets; hostnameMax is
// how long it may be (RFC 5321 §4.5.3.1.2).
const hostnameMax = 255

var hostname = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*$`)

// CheckHello returns an error unless a mail server may be greeted with the name: that of
// a host, or an address in brackets (RFC 5321 §4.1.3).
func CheckHello(name string) error {
	literal, bracketed := strings.CutPrefix(name, "[")
	if bracketed && strings.HasSuffix(literal, "]") {
		literal = strings.TrimPrefix(strings.TrimSuffix(literal, "]"), "IPv6:")
		if _, err := netip.ParseAddr(literal); err == nil {
			return nil
		}
	}
	if len(name) <= hostnameMax && hostname.MatchString(name) {
		return nil
	}
	return fmt.Errorf("%q is not the name of a host, such as desk.example.com, nor an address in brackets", name)
}
