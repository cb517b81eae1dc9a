package wire_test

import (
	"testing"
	"time"

	"helpdesk/httpapi/wire"
)

func TestAnInstantIsInMicroseconds(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("", 2*60*60)
	for want, at := range map[string]time.Time{
		`"2026-11-29T12:00:00.000000Z"`: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC),
		`"2026-01-02T03:04:05.000120Z"`: time.Date(2026, 1, 2, 5, 4, 5, 120_999, east),
		`"0001-01-01T00:00:00.987654Z"`: time.Date(1, 1, 1, 0, 0, 0, 987_654_000, time.UTC),
	} {
		got, err := wire.Time{Time: at}.MarshalJSON()
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}
