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
