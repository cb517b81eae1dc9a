package domain

import "github.com/google/uuid"

// UserID identifies a person. It is declared here, and not with the user
// aggregate, because other aggregates name people without knowing that one.
type UserID struct{ uuid.UUID }

// IsZero reports whether the id names nobody.
func (id UserID) IsZero() bool { return id.UUID == uuid.Nil }

// Role is what a person is to the desk.
type Role string

// The roles, as API.md names them.
const (
	RoleUser    Role = "user"    // opens tickets and follows their own
	RoleAgent   Role = "agent"   // works on tickets
	RoleAdmin   Role = "admin"   // may do everything but audit quietly
	RoleAuditor Role = "auditor" // sees everything, changes nothing
)

// Roles lists every role.
func Roles() []Role { return []Role{RoleUser, RoleAgent, RoleAdmin, RoleAuditor} }

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool {
	switch r {
	case RoleUser, RoleAgent, RoleAdmin, RoleAuditor:
		return true
	}
	return false
}

// Staff reports whether tickets can be assigned to the role.
func (r Role) Staff() bool { return r == RoleAgent || r == RoleAdmin }

// ActorKind is what sort of actor caused an event.
type ActorKind string

// The kinds of actor, as the history shows them.
const (
	ActorUser   ActorKind = "user"   // a person with a session
	ActorToken  ActorKind = "token"  // a person's API token
	ActorSystem ActorKind = "system" // the service, or an operator at its command line
	ActorTimer  ActorKind = "timer"  // a timer that came due
	ActorImport ActorKind = "import" // history taken over from elsewhere
)

// AgentVisibility is which tickets an agent sees beside those assigned to or
// created by them.
type AgentVisibility string

// The visibilities, HELPDESK_AGENT_VISIBILITY in API.md.
const (
	VisibleAssigned AgentVisibility = "assigned" // no others
	VisibleQueue    AgentVisibility = "queue"    // the unassigned
	VisibleAll      AgentVisibility = "all"      // all
)

// Actor is who gives a command, with all that the rules need to know of them.
type Actor struct {
	Kind       ActorKind
	ID         UserID // zero for the system
	Role       Role   // empty for the system
	Visibility AgentVisibility
}

// System is the actor of what the service does by itself.
func System() Actor { return Actor{Kind: ActorSystem} }

// Trusted reports whether the actor is the service itself, which no
// permission binds.
func (a Actor) Trusted() bool {
	return a.Kind == ActorSystem || a.Kind == ActorTimer || a.Kind == ActorImport
}

// Admin reports whether the actor may do what admins may.
func (a Actor) Admin() bool { return a.Trusted() || a.Role == RoleAdmin }

// Oversees reports whether the actor sees everybody's account, the log and how
// the service does: admins, who also act on what they see, and auditors.
func (a Actor) Oversees() bool { return a.Role == RoleAdmin || a.Role == RoleAuditor }

// SeesAll reports whether every ticket is visible to the actor.
func (a Actor) SeesAll() bool {
	return a.Admin() || a.Role == RoleAuditor || (a.Role == RoleAgent && a.Visibility == VisibleAll)
}
