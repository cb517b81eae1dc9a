package edge

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"helpdesk/domain"
)

// The years of the instants and the days that are taken: whatever is made of one in
// any time zone, such as the end of a day, has a year of four digits.
const (
	firstYear = 1000
	lastYear  = 9999
)

// ErrYear: the year of an instant or a day is not one that is taken.
var ErrYear = &domain.Error{Kind: domain.KindInvalid, Code: "out_of_range", Message: "the year is out of range"}

// CheckInstant returns [ErrYear] unless the year of an instant is one that is taken.
func CheckInstant(t time.Time) error { return checkYear(t.UTC().Year(), lastYear) }

// CheckDay is [CheckInstant] for a day, which ends with the beginning of another.
func CheckDay(t time.Time) error { return checkYear(t.Year(), lastYear-1) }

func checkYear(year, last int) error {
	if year < firstYear || year > last {
		return ErrYear.With("the year must be from %d to %d", firstYear, last)
	}
	return nil
}

// instantForm is a date-time of RFC 3339 §5.6, with T and Z in either case and a zone
// within a day. A second 60 is none that any clock here shows.
var instantForm = regexp.MustCompile(`^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// ParseInstant reads an instant that somebody wrote. Its error is a [*time.ParseError] or
// [ErrYear].
func ParseInstant(text string) (time.Time, error) {
	if !instantForm.MatchString(text) {
		return time.Time{}, &time.ParseError{Layout: time.RFC3339, Value: text, Message: ": not a date-time of RFC 3339"}
	}
	at, err := time.Parse(time.RFC3339, strings.ToUpper(text))
	if err != nil {
		return time.Time{}, err
	}
	return at, CheckInstant(at)
}

// Instant is a [time.Time] that is read from JSON by [ParseInstant].
type Instant time.Time

// UnmarshalJSON implements [json.Unmarshaler].
func (i *Instant) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil || text == nil {
		return err
	}
	at, err := ParseInstant(*text)
	*i = Instant(at)
	return err
}

var zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)

// Zone finds a time zone of the IANA database by its name. What a machine calls its
// own zone is none, and neither are the copies of the database that count leap
// seconds: they are not the same everywhere, or not what Postgres counts.
func Zone(name string) (*time.Location, error) {
	switch first, _, _ := strings.Cut(strings.ToLower(name), "/"); {
	case !zoneName.MatchString(name), first == "local", first == "localtime", first == "posixrules", first == "factory", first == "posix", first == "right":
		return nil, fmt.Errorf("%q is not the name of a time zone", name)
	}
	return time.LoadLocation(name)
}
