package reports

import "time"

// Query is which span of time a report covers.
type Query struct {
	To      time.Time // end of the window, inclusive; zero: now
	Days    int       // length of the window in days of 24 hours
	KnownAt time.Time // leave out what was recorded later; zero: leave out nothing
	Explain Explain
}

// Report counts tickets with an event inside (From, To].
type Report struct {
	Opened       int64
	Resolved     int64
	Escalated    int64
	From         time.Time
	To           time.Time
	AsOfPosition int64 // position of the log the counts are complete up to

	Behind []Evidence `db:"-"` // the events behind the counts, where they were asked for
	Next   int64      `db:"-"` // position after which there are more of them; 0: there are not
}
