package wire_test

import (
	"testing"
	"time"

	"helpdesk/httpapi/wire"
)

func TestInstantsAreWrittenInUTCWithMicroseconds(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{
		{}, time.Unix(0, 0), time.Unix(0, -1), time.Date(2026, 1, 2, 3, 4, 5, 6_789, time.FixedZone("", 3600)),
		time.Date(2026, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -3600)), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		want := at.UTC().Format(`"2006-01-02T15:04:05.000000Z"`)
		if got := string(wire.At(at).AppendJSON(nil)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
