package web

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/projections/view"
)

// fullName is somebody's name, or a dash.
func fullName(u view.User) string {
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

// grouped writes a number with its thousands apart.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:] // a narrow space that does not break
	}
	return digits
}

// spanWord is a span as people read it: in its largest units.
func spanWord(d time.Duration) string {
	if d <= 0 {
		return "never"
	}
	var parts []string
	for _, unit := range []struct {
		size      time.Duration
		one, many string
	}{{24 * time.Hour, "day", "days"}, {time.Hour, "hour", "hours"}, {time.Minute, "minute", "minutes"}, {time.Second, "second", "seconds"}} {
		if n := int(d / unit.size); n > 0 && len(parts) < 2 {
			parts = append(parts, plural(n, unit.one, unit.many))
		}
		d %= unit.size
	}
	if len(parts) == 0 {
		return "under a second"
	}
	return strings.Join(parts, " ")
}

// emailWord says what an email tells its recipient.
func emailWord(k email.Kind) string {
	switch k {
	case email.Escalated:
		return "the ticket escalated"
	case email.Assigned:
		return "the ticket is assigned to you"
	case email.Commented:
		return "somebody commented"
	case email.Resolved:
		return "the ticket is resolved"
	}
	return string(k)
}

// emailGlyph is the sign beside the word of an email's status.
func emailGlyph(s email.Status) string {
	switch s {
	case email.StatusSent:
		return "resolved"
	case email.StatusFailed, email.StatusUncertain:
		return "escalated"
	case email.StatusSending:
		return "in-progress"
	}
	return "open"
}

// statusWords lists statuses as people read them.
func statusWords(all []ticket.Status) string {
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = statusWord(s)
	}
	return strings.Join(words, ", ")
}
