package web

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections/view"
)

// Plural writes a number with its noun.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// TitleOf writes the title of a ticket, or what stands for one of which nothing can
// be seen: such were once accepted.
func TitleOf(title string) string {
	if !domain.Visible(title) {
		return "(no title)"
	}
	return title
}

// NameOr writes a username, or what stands for one that the read side does not
// know yet.
func NameOr(username string) string { return cmp.Or(username, "unknown user") }

// StatusWord is a status as people read it.
func StatusWord(s ticket.Status) string {
	if s == ticket.StatusInProgress {
		return "in progress"
	}
	return string(s)
}

// Verb returns the label of the button that brings a ticket to a status.
func Verb(to ticket.Status) string {
	switch to {
	case ticket.StatusOpen:
		return "Reopen"
	case ticket.StatusInProgress:
		return "Start work"
	case ticket.StatusResolved:
		return "Resolve"
	case ticket.StatusClosed:
		return "Close"
	case ticket.StatusEscalated:
		return "Escalate"
	}
	return string(to)
}

// Grouped writes a number with its thousands apart.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:] // a narrow space that does not break
	}
	return digits
}

// SpanWord is a span as people read it: in its largest units.
func SpanWord(d time.Duration) string {
	if d <= 0 {
		return "never"
	}
	var parts []string
	for _, unit := range []struct {
		size      time.Duration
		one, many string
	}{{24 * time.Hour, "day", "days"}, {time.Hour, "hour", "hours"}, {time.Minute, "minute", "minutes"}, {time.Second, "second", "seconds"}} {
		if n := int(d / unit.size); n > 0 && len(parts) < 2 {
			parts = append(parts, Plural(n, unit.one, unit.many))
		}
		d %= unit.size
	}
	if len(parts) == 0 {
		return "under a second"
	}
	return strings.Join(parts, " ")
}

// Priorities are all of them, the most urgent first.
func Priorities() []ticket.Priority { return []ticket.Priority{ticket.High, ticket.Medium, ticket.Low} }

// DueSoon is how long before its escalation a ticket is marked.
const DueSoon = time.Hour

// CountMost is where counts beside links stop.
const CountMost = 100

// CountOf writes how many there are, "" for none.
func CountOf(n int) string {
	switch {
	case n == 0:
		return ""
	case n >= CountMost:
		return strconv.Itoa(CountMost-1) + "+"
	}
	return strconv.Itoa(n)
}

// Tab is a link among those of which one is shown.
type Tab struct {
	Label   string
	To      string
	Count   string // "" for none
	Current bool
}

// NoEmails returns why somebody is sent no emails; "" where they are.
func NoEmails(u view.User) string {
	switch {
	case u.BouncedAt == nil:
		return ""
	case u.Bounce == "":
		return "No emails are sent to " + u.Username + ": one came back."
	}
	return "No emails are sent to " + u.Username + ": one came back: " + u.Bounce
}
