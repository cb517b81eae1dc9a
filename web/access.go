package web

import (
	"helpdesk/commands"
	"helpdesk/domain/access"
)

// What is recorded of access (package access) is recorded before the page is
// sent, as the API does. Where it cannot be, the page is refused: 503.

// From returns where the visitor comes from.
func (v *Visit) From() access.From {
	return access.From{Address: v.site.Front.Address(v.Request), UserAgent: v.Request.UserAgent()}
}

// Cause returns what a record of the visit says it was caused by.
func (v *Visit) Cause() commands.Request { return commands.Request{CorrelationID: v.ID} }

// RecordReading records what an auditor is about to read.
func (v *Visit) RecordReading() error {
	return commands.RecordReading(v.Context(), v.site.Access, v.Cause(), v.Actor, v.Request.Method, v.Request.URL, v.From())
}
