package edge

import (
	"cmp"
	"time"

	"helpdesk/domain"
	"helpdesk/domain/access"
)

// Limits beside the general one (API.md "Limits").
const (
	FailuresPerPlace     = 10  // a minute, of a name from one address
	FailuresPerNetwork   = 50  // a minute, of a name from one network
	FailuresPerName      = 100 // a minute, of a name from anywhere
	FailuresPerAddress   = 100 // a minute
	RegistrationsPerHour = 100 // an address
)

// Limits are the limits of one process; without any nothing is refused.
type Limits struct {
	Calls         *Limiter // by caller
	places        *Limiter // failed sign-ins, by whom somebody tried to be and address
	networks      *Limiter // failed sign-ins, by whom and network, from addresses where they did not get in
	names         *Limiter // failed sign-ins, by whom, from networks where they did not get in
	addresses     *Limiter // failed sign-ins, by address
	familiar      *familiar
	registrations *Limiter // by address
}

// newLimits makes the limits: all of them, or none when perMinute is zero.
func newLimits(perMinute int, now func() time.Time) Limits {
	if perMinute == 0 {
		return Limits{}
	}
	return Limits{
		Calls:         NewLimiter(perMinute, time.Minute, now),
		places:        NewLimiter(FailuresPerPlace, time.Minute, now),
		networks:      NewLimiter(FailuresPerNetwork, time.Minute, now),
		names:         NewLimiter(FailuresPerName, time.Minute, now),
		familiar:      newFamiliar(now),
		addresses:     NewLimiter(FailuresPerAddress, time.Minute, now),
		registrations: NewLimiter(RegistrationsPerHour, time.Hour, now),
	}
}

// TooMany is the refusal of what goes beyond a limit: status 429.
type TooMany struct {
	Code   string // stable, part of the API's contract
	Detail string
	Retry  time.Duration // until it may be tried again
}

func (e *TooMany) Error() string { return e.Detail }

// Caller is who calls: a person where a request proves one, else an address.
type Caller struct {
	Person  domain.UserID
	Address string
}

// Call counts a call of the API or a page of the site.
func (l Limits) Call(of Caller) Allowance {
	return l.Calls.Take(of.key())
}

// key is what callers are told apart by.
func (c Caller) key() string {
	if c.Person.IsZero() {
		return "address " + c.Address
	}
	return "user " + c.Person.String()
}

// TooManyCalls refuses a caller who has none left.
func TooManyCalls(left Allowance) error {
	return &TooMany{Code: "rate_limited", Detail: "too many calls; the headers RateLimit-* say what is allowed", Retry: left.Retry}
}

// Guess counts an attempt at the password of whoever is named until it is known to have
// been right: then succeeded takes it back. Attempts beyond the limits are to be
// refused without a look at the password, with the [*TooMany] that is answered.
//
// Guesses of others hardly keep somebody out: few are allowed from one address, which
// are no one else's (of IPv6 the network of 64 bits, see [Front.Address]). Those from the
// network around it and from everywhere count for less, and not at all where they got in
// before.
func (l Limits) Guess(of, address string) (succeeded func(), err error) {
	place, around := of+" "+address, of+" "+cmp.Or(access.Network(address), address)
	taken := []Allowance{l.places.Take(place), l.addresses.Take(address)}
	if !l.familiar.has(place) {
		taken = append(taken, l.networks.Take(around))
	}
	if !l.familiar.has(around) {
		taken = append(taken, l.names.Take(of))
	}
	giveBack := func() {
		for _, t := range taken {
			if t.Allowed { // what was refused took nothing
				t.GiveBack()
			}
		}
	}
	var retry time.Duration
	for _, t := range taken {
		retry = max(retry, t.Retry)
	}
	if retry > 0 {
		giveBack()
		return nil, &TooMany{Code: "too_many_failures", Detail: "too many wrong passwords; wait before the next try", Retry: retry}
	}
	return func() { giveBack(); l.familiar.add(place); l.familiar.add(around) }, nil
}

// Register counts a registration from an address, and refuses one too many
// with a [*TooMany].
func (l Limits) Register(address string) error {
	left := l.registrations.Take(address)
	if !left.Allowed {
		return &TooMany{Code: "too_many_registrations", Detail: "too many registrations from this address", Retry: left.Retry}
	}
	return nil
}
