package reports

import (
	"testing"
	"time"

	"helpdesk/edge"
)

func TestADayBeginsWhereItsDateDoes(t *testing.T) {
	for _, c := range []struct {
		zone, date, start string
		hours             float64
	}{
		{"UTC", "2026-03-29", "2026-03-29T00:00:00Z", 24},
		{"Europe/Vienna", "2026-03-29", "2026-03-28T23:00:00Z", 23},
		{"Europe/Vienna", "2026-10-25", "2026-10-24T22:00:00Z", 25},
		{"Asia/Kathmandu", "2026-03-29", "2026-03-28T18:15:00Z", 24},
		{"Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", 24.5},
		{"Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00Z", 23},    // from 00:00 to 01:00
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", 25}, // 00:00 comes twice
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0},    // there was none
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", 24},
	} {
		zone, err := edge.Zone(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		day, err := time.Parse(time.DateOnly, c.date)
		if err != nil {
			t.Fatal(err)
		}
		start, end := startOfDay(day, zone), startOfDay(day.AddDate(0, 0, 1), zone)
		if got := start.Format(time.RFC3339); got != c.start || end.Sub(start).Hours() != c.hours {
			t.Errorf("%s in %s: begins %s and has %v hours, want %s and %v", c.date, c.zone, got, end.Sub(start).Hours(), c.start, c.hours)
		}
	}
}
