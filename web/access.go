package web

import (
	"helpdesk/commands"
	"helpdesk/domain/access"
)

// What is recorded of access (package access) is recorded before the page is
// answered, as the API does. Where it cannot be, the page is refused: 503.

// from is where the visitor comes from.
func (v *Visit) from() access.From {
	return access.From{Address: v.site.Front.Address(v.Request), UserAgent: v.Request.UserAgent()}
}

// cause is what a record says of the visit.
func (v *Visit) cause() commands.Request { return commands.Request{CorrelationID: v.ID} }

// recordReading records what an auditor is about to read.
func (v *Visit) recordReading() error {
	return commands.RecordReading(v.ctx(), v.site.Access, v.cause(), v.Actor, v.Request.Method, v.Request.URL, v.from())
}

// recordFailedSignIn records that somebody tried to be whoever has the name, and
// answers refusal.
func (v *Visit) recordFailedSignIn(name string, refusal error) error {
	if err := commands.RecordFailedSignIn(v.ctx(), v.site.Access, v.site.Accounts, v.cause(), v.Actor, name, v.from()); err != nil {
		return err
	}
	return refusal
}
