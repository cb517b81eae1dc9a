package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"helpdesk/domain"
)

// visibility is [domain.AgentVisibility] as a setting.
type visibility domain.AgentVisibility

// Decode reads the setting.
func (v *visibility) Decode(s string) error {
	*v = visibility(s)
	return OneOf(s, string(domain.VisibleAssigned), string(domain.VisibleQueue), string(domain.VisibleAll))
}

// Span is a [time.Duration] as a setting, which MUST have bounds.
type Span time.Duration

// Decode reads the setting.
func (d *Span) Decode(s string) error {
	parsed, err := time.ParseDuration(s)
	if err != nil {
		return err // the bounds say what would do
	}
	*d = Span(parsed)
	return nil
}

// String returns the span as it is written.
func (d Span) String() string { return time.Duration(d).String() }

// networks is a list of addresses and networks as a setting.
type networks []netip.Prefix

// Decode reads the setting.
func (n *networks) Decode(s string) error {
	*n = nil
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		network, err := netip.ParsePrefix(part)
		if addr, single := netip.ParseAddr(part); single == nil {
			network, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return errors.New("use addresses and networks such as 10.0.0.0/8,::1")
		}
		if err := checkNetwork(network); err != nil {
			return err
		}
		*n = append(*n, network.Masked())
	}
	return nil
}

// The largest networks of proxies: those that are private are no larger (RFC 1918,
// RFC 4193).
const (
	largest4 = 8
	largest6 = 7
)

// checkNetwork refuses a network in which everybody may be, for they could forge their
// address, and one in which nobody is.
func checkNetwork(network netip.Prefix) error {
	addr, bits := network.Addr(), network.Bits()
	switch {
	case addr.Is4In6():
		return errors.New("write addresses of IPv4 as such: 10.0.0.0/8")
	case addr.Is4() && bits < largest4, addr.Is6() && bits < largest6:
		return fmt.Errorf("%s is too large a network, name that of the proxies, such as 10.0.0.0/8", network)
	}
	return nil
}

// String returns the list as it can be set.
func (n networks) String() string {
	var parts []string
	for _, network := range n {
		parts = append(parts, network.String())
	}
	return strings.Join(parts, ",")
}

// logLevel is [slog.Level] as a setting.
type logLevel slog.Level

// Decode reads the setting.
func (l *logLevel) Decode(s string) error {
	if err := OneOf(strings.ToLower(s), "debug", "info", "warn", "error"); err != nil {
		return err
	}
	return (*slog.Level)(l).UnmarshalText([]byte(s))
}

// String returns the level's name.
func (l logLevel) String() string { return slog.Level(l).String() }

// logFormat is text or json.
type logFormat string

// Decode reads the setting.
func (f *logFormat) Decode(s string) error {
	*f = logFormat(s)
	return OneOf(s, "text", "json")
}

// OneOf returns an error that lists what is allowed where s is none of it.
func OneOf(s string, allowed ...string) error {
	if slices.Contains(allowed, s) {
		return nil
	}
	return fmt.Errorf("use one of %s", strings.Join(allowed, ", "))
}
