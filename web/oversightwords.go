package web

import (
	"cmp"
	"strings"

	"helpdesk/domain"
	"helpdesk/projections"
)

// fullName is somebody's name, or a dash.
func fullName(u projections.User) string {
	return cmp.Or(strings.TrimSpace(u.FirstName+" "+u.LastName), "–")
}

// roleWord says what a role is for.
func roleWord(r domain.Role) string {
	switch r {
	case domain.RoleUser:
		return "opens tickets and follows their own"
	case domain.RoleAgent:
		return "works on tickets"
	case domain.RoleAdmin:
		return "does everything, for everybody"
	case domain.RoleAuditor:
		return "reads everything and changes nothing"
	}
	return ""
}
