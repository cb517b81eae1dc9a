// Package auth knows who somebody is: passwords, the accounts they belong to,
// the sessions they open and the API tokens they make. What a person may then do is the domain's.
//
// # Promised
//
//   - A password is kept as argon2id only, a session's token and an
//     API token as SHA-256 only.
//     Neither is ever logged or part of an error.
//   - Signing in costs the same time and returns the same text whether the
//     user is unknown, inactive or the password is wrong.
//   - Usernames and addresses are unique without regard to case, and an active
//     admin is always left, however many processes write at once: a unique
//     index and an advisory lock decide, not a look beforehand.
//   - [Accounts.Insert], [Accounts.Update] and [Accounts.SetPassword] work in
//     the transaction that appends the user's events. A role that changed, a
//     deactivation and a new password end sessions in that same transaction,
//     and no session slips past them: opening one locks the account's row. The
//     first two revoke API tokens just so; a new password leaves them.
//   - Sessions outlive a restart of the service. A session lasts
//     [SessionConfig].Lifetime from its last use, give or take RenewAfter.
//
// # Not promised
//
//   - No limit on attempts: the HTTP edge counts those.
//   - A hash of parameters other than the present ones takes another time to
//     verify until its owner has signed in once and it is made anew.
//   - "Without regard to case" is the database's lower(): its LC_CTYPE must
//     know Unicode (C.UTF-8 does, C does not) for more than ASCII.
//
// # Tables
//
// The package owns accounts, sessions and tokens. A sign-in reads accounts and adds a
// session; a lookup is one SELECT, and one UPDATE at most once an hour. When the use
// of a token was last recorded in the log is noted in tokens too.
//
// # Failure
//
// A refusal is a [*domain.Error]. Every other error is the database's or the
// context's, wrapped, and means that nothing was decided. [Sessions.Run] logs
// its errors and goes on: expired rows are refused before they are removed.
package auth

import (
	"helpdesk/domain"
	"helpdesk/domain/user"
)

// Actor returns the account as somebody who gives commands with a session.
// visibility is the desk's HELPDESK_AGENT_VISIBILITY.
func Actor(a user.Account, visibility domain.AgentVisibility) domain.Actor {
	return domain.Actor{Kind: domain.ActorUser, ID: a.ID, Role: a.Role, Visibility: visibility}
}
