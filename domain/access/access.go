// Package access is what is recorded of how people come in and of what auditors
// look at. Nothing is decided here: what is recorded happened, and every event
// stands by itself. The streams are apart from those of users and tickets, so
// that these stay clean.
//
// Each person has a stream of such records, whose id follows from theirs;
// sign-ins under names that nobody has are in one stream of their own. Where
// somebody was and what with is personal: it is sealed under the key of the
// person whose stream it is. Of names that nobody has nobody could ever ask to be
// erased, and people type passwords where a name belongs: so nothing of what was
// typed is kept, and of where it came from the network alone.
package access

import (
	"crypto/sha256"
	"errors"
	"net/netip"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// ErrRecorded means that the use of a token, or a reading, was recorded less than an
// hour ago, and is not again.
var ErrRecorded = errors.New("it was recorded within the hour already")

// Bounds of what is kept of a request, in characters. What is beyond is cut off
// and an ellipsis says so.
const (
	AgentMax = 200
	QueryMax = 2000
)

// namespace is what the ids of streams are derived in, for good.
var namespace = uuid.MustParse("6a1f7b0e-52a8-5d0b-9d3c-3d0c1f5b7e42")

// Stream returns the id of the stream of a person's records; the zero person is
// nobody known.
func Stream(person domain.UserID) uuid.UUID { return uuid.NewSHA1(namespace, person.UUID[:]) }

// Gathered returns what a reading has in common with those that are one record with
// it for an hour: where from and what, whatever its filters; nil for what is recorded
// each time. Who proves event after event would else make one with each.
func Gathered(e domain.Event) []byte {
	read, ok := e.(RecordRead)
	if !ok {
		return nil
	}
	sum := sha256.Sum256([]byte(read.Address + "\n" + read.Path))
	return sum[:]
}

// From is where a request came from.
type From struct {
	Address   string // an IP address or, for IPv6, its network
	UserAgent string // as the client calls itself
}

// cut bounds what is kept.
func (f From) cut() From {
	f.UserAgent = clip(f.UserAgent, AgentMax)
	return f
}

// Network returns what is kept of an address that nobody known used: of IPv4 the
// first 24 bits, of IPv6 the first 48; "" for what is no address.
func Network(address string) string {
	prefix, err := netip.ParsePrefix(address)
	if err != nil {
		ip, err := netip.ParseAddr(address)
		if err != nil {
			return ""
		}
		prefix = netip.PrefixFrom(ip.Unmap().WithZone(""), ip.Unmap().BitLen())
	}
	bits := 24
	if prefix.Addr().Is6() {
		bits = 48
	}
	return netip.PrefixFrom(prefix.Addr(), min(bits, prefix.Bits())).Masked().String()
}

func clip(text string, length int) string {
	if runes := []rune(text); len(runes) > length {
		return string(runes[:length-1]) + "…"
	}
	return text
}
