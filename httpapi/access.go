package httpapi

import (
	"context"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/httpapi/bind"
)

// What is recorded of access (package access) is recorded before the call is
// answered. Where it cannot be, the call is refused: 503.

// From is where the call comes from.
func (c *Call) From() access.From {
	return access.From{Address: c.api.front.Address(c.Request), UserAgent: c.Request.UserAgent()}
}

// Cause is what a record says of the call.
func (c *Call) Cause() commands.Request { return commands.Request{CorrelationID: c.ID} }

// recordReading records what an auditor is about to read.
func recordReading(ctx context.Context, c *Call) error {
	if !bind.Safe(c.Request) {
		return nil
	}
	return commands.RecordReading(ctx, c.api.Access, c.Cause(), c.Actor, c.Request.Method, c.Request.URL, c.From())
}

// recordToken records that an admin's API token is used, once in a while.
func (v *visitor) recordToken(ctx context.Context) error {
	c := v.call
	if c.Token == nil || !c.Token.UseDue || c.Actor.Role != domain.RoleAdmin {
		return nil
	}
	return c.api.Access.TokenUsed(ctx, c.Cause(), c.Actor, c.Token.ID, c.From())
}
