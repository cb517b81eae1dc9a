package httpapi

import (
	"context"
	"errors"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/user"
)

// What is recorded of access (package access) is recorded before the call is
// answered. Where it cannot be, the call is refused: 503.

// from is where the call comes from.
func (c *Call) from() access.From {
	return access.From{Address: c.api.front.Address(c.Request), UserAgent: c.Request.UserAgent()}
}

// record appends to the records of a person; the zero person is nobody known.
func (c *Call) record(ctx context.Context, of user.ID, e domain.Event) error {
	return c.api.Access.Record(ctx, commands.Request{CorrelationID: c.ID}, c.Actor, of, e)
}

// recordReading records what an auditor is about to read.
func (c *Call) recordReading(ctx context.Context) error {
	if c.Actor.Role != domain.RoleAuditor || !safe(c.Request) {
		return nil
	}
	u := c.Request.URL
	return c.record(ctx, c.Actor.ID, access.Read(c.Request.Method, u.Path, u.RawQuery, c.from()))
}

// recordToken records that an admin's API token is used, once in a while.
func (c *Call) recordToken(ctx context.Context) error {
	if c.Token == nil || !c.Token.UseDue || c.Actor.Role != domain.RoleAdmin {
		return nil
	}
	return c.api.Access.TokenUsed(ctx, commands.Request{CorrelationID: c.ID}, c.Actor, c.Token.ID, c.from())
}

// recordSignIn records that the caller proved to be who they say.
func (c *Call) recordSignIn(ctx context.Context) error {
	return c.record(ctx, c.Actor.ID, access.SignIn(c.from()))
}

// recordFailedSignIn records that somebody tried to be whoever has the name, and
// answers refusal. As much is done where nobody has it: how long the answer takes
// tells nothing.
func (c *Call) recordFailedSignIn(ctx context.Context, name string, refusal error) error {
	account, err := c.api.Accounts.Find(ctx, name)
	if err != nil && !errors.Is(err, domain.ErrNotFound) {
		return err
	}
	if err := c.record(ctx, account.ID, access.FailedSignIn(account.ID, c.from())); err != nil {
		return err
	}
	return refusal
}
