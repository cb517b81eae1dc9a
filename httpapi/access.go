package httpapi

import (
	"context"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/access"
)

// What is recorded of access (package access) is recorded before the call is
// answered. Where it cannot be, the call is refused: 503.

// from is where the call comes from.
func (c *Call) from() access.From {
	return access.From{Address: c.api.front.Address(c.Request), UserAgent: c.Request.UserAgent()}
}

// cause is what a record says of the call.
func (c *Call) cause() commands.Request { return commands.Request{CorrelationID: c.ID} }

// recordReading records what an auditor is about to read.
func (c *Call) recordReading(ctx context.Context) error {
	if !safe(c.Request) {
		return nil
	}
	return commands.RecordReading(ctx, c.api.Access, c.cause(), c.Actor, c.Request.Method, c.Request.URL, c.from())
}

// recordToken records that an admin's API token is used, once in a while.
func (c *Call) recordToken(ctx context.Context) error {
	if c.Token == nil || !c.Token.UseDue || c.Actor.Role != domain.RoleAdmin {
		return nil
	}
	return c.api.Access.TokenUsed(ctx, c.cause(), c.Actor, c.Token.ID, c.from())
}

// recordSignIn records that the caller proved to be who they say.
func (c *Call) recordSignIn(ctx context.Context) error {
	return c.api.Access.Record(ctx, c.cause(), c.Actor, c.Actor.ID, access.SignIn(c.from()))
}

// recordFailedSignIn records that somebody tried to be whoever has the name, and
// answers refusal.
func (c *Call) recordFailedSignIn(ctx context.Context, name string, refusal error) error {
	if err := commands.RecordFailedSignIn(ctx, c.api.Access, c.api.Accounts, c.cause(), c.Actor, name, c.from()); err != nil {
		return err
	}
	return refusal
}
