package edge

import "time"

// Limits beside the general one (API.md "Limits").
const (
	FailuresPerName      = 10  // a minute
	FailuresPerAddress   = 100 // a minute
	RegistrationsPerHour = 100 // an address
)

// Limits are the limits of one process; without any nothing is refused.
type Limits struct {
	Calls         *Limiter // by caller
	names         *Limiter // failed sign-ins, by whom somebody tried to be
	addresses     *Limiter // failed sign-ins, by address
	registrations *Limiter // by address
}

// newLimits makes the limits: all of them, or none when perMinute is zero.
func newLimits(perMinute int, now func() time.Time) Limits {
	if perMinute == 0 {
		return Limits{}
	}
	return Limits{
		Calls:         NewLimiter(perMinute, time.Minute, now),
		names:         NewLimiter(FailuresPerName, time.Minute, now),
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

// TooManyCalls refuses a caller who has none left.
func TooManyCalls(left Allowance) error {
	return &TooMany{Code: "rate_limited", Detail: "too many calls; the headers RateLimit-* say what is allowed", Retry: left.Retry}
}

// Guess counts an attempt at the password of whoever is named until it is known to have
// been right: then succeeded takes it back. Attempts beyond the limits are to be
// refused without a look at the password, with the [*TooMany] that is answered.
func (l Limits) Guess(of, address string) (succeeded func(), err error) {
	byName := l.names.Take(of)
	byAddress := l.addresses.Take(address)
	giveBack := func() { byName.GiveBack(); byAddress.GiveBack() }
	if byName.Allowed && byAddress.Allowed {
		return giveBack, nil
	}
	switch { // what was refused took nothing
	case byName.Allowed:
		byName.GiveBack()
	case byAddress.Allowed:
		byAddress.GiveBack()
	}
	return nil, &TooMany{
		Code: "too_many_failures", Detail: "too many wrong passwords; wait before the next try",
		Retry: max(byName.Retry, byAddress.Retry),
	}
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
