package edge

import (
	"testing"
	"time"
)

func TestZonesAreTheSameOnEveryMachine(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Vienna", "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "Etc/GMT+12", "EST5EDT"} {
		zone, err := Zone(name)
		if err != nil || zone.String() != name {
			t.Errorf("%q: got %v, %v", name, zone, err)
		}
	}
	for _, name := range []string{
		"", " ", "Local", "local", "LOCAL", "localtime", "posixrules", "posix/Europe/Vienna", "right/Europe/Vienna", "Factory",
		"Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe/../Europe/Vienna", "Europe//Vienna", "tzdata.zi", "zone.tab",
		"Europe", "+02:00", "Europe/Vienna\x00",
	} {
		if zone, err := Zone(name); err == nil {
			t.Errorf("%q is taken for %v", name, zone)
		}
	}
}

func TestYearsHaveFourDigitsInEveryZone(t *testing.T) {
	for text, want := range map[string][2]bool{ // as an instant, as a day
		"0001-01-01T00:00:00Z":      {false, false},
		"0999-12-31T23:59:59Z":      {false, false},
		"1000-01-01T00:00:00Z":      {true, true},
		"2026-01-31T12:00:00Z":      {true, true},
		"9998-12-31T00:00:00Z":      {true, true},
		"9999-12-31T23:59:59Z":      {true, false},
		"9999-12-31T23:59:59-00:01": {false, false},
		"1000-01-01T00:00:00+01:00": {false, true},
	} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]bool{CheckInstant(at) == nil, CheckDay(at) == nil}; got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestInstantsAreThoseOfRFC3339(t *testing.T) {
	noon := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-01-31T12:00:00Z":            noon,
		"2026-01-31t12:00:00z":            noon,
		"2026-01-31T13:00:00+01:00":       noon,
		"2026-02-01T11:59:00+23:59":       noon,
		"2026-01-31T12:00:00-00:00":       noon,
		"2026-01-31T12:00:00.25Z":         noon.Add(250 * time.Millisecond),
		"2026-01-31T12:00:00.123456789z":  noon.Add(123456789),
		"2026-01-31T12:00:00.0000000001Z": noon,
		"2026-01-31T12:00:00+24:00":       {},
		"2026-01-31T12:00:00+01:60":       {},
		"2026-01-31T12:00:00+0100":        {},
		"2026-01-31T12:00:00,5Z":          {},
		"2026-01-31T12:00:00.Z":           {},
		"2026-01-31 12:00:00Z":            {},
		"2026-01-31T12:00:00":             {},
		"2026-01-31T12:00Z":               {},
		"2026-01-31T24:00:00Z":            {},
		"2026-01-31T23:59:60Z":            {},
		"2026-02-30T12:00:00Z":            {},
		"2026-1-31T12:00:00Z":             {},
		"٢026-01-31T12:00:00Z":            {},
		"9999-12-31T23:59:59-00:01":       {},
		"2026-01-31T12:00:00Z\n":          {},
	} {
		got, err := ParseInstant(text)
		if (err == nil) == want.IsZero() || (err == nil && !got.Equal(want)) {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}
