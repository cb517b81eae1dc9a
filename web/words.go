package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
)

// plural writes a number with its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// nameOr writes a username, or what stands for one that the read side does not
// know yet.
func nameOr(username string) string { return cmp.Or(username, "somebody") }

// tally sums up what became of a bulk action.
func tally(results []bulkResult) string {
	done := 0
	for _, r := range results {
		if r.Done {
			done++
		}
	}
	switch {
	case done == len(results):
		return "Done to " + plural(done, "ticket", "tickets")
	case done == 0:
		return "Nothing was done"
	}
	return strconv.Itoa(done) + " of " + plural(len(results), "ticket", "tickets") + " done"
}

// listed writes names as a sentence does.
func listed(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// shownVersion is where the slider of a ticket's page stands.
func shownVersion(t ticketView) int {
	if t.Past != nil {
		return t.Past.Version
	}
	return t.Version
}

// shortChange reports whether a change is worth a line of the history: texts are
// read in the conversation, and with the opening everything is new.
func shortChange(c projections.Change) bool {
	return c.Before != nil && c.Field != "comment" && c.Field != "description" && c.Field != "deleted" ||
		c.Before == nil && c.Field == "assigned_to"
}

// fieldWord is a member of a ticket as people read it.
func fieldWord(field string) string {
	if field == "assigned_to" {
		return "assigned to"
	}
	return field
}

func hasEmails(entries []projections.Entry) bool { return slices.ContainsFunc(entries, isEmail) }

// statusWord is a status as people read it.
func statusWord(s ticket.Status) string {
	if s == ticket.StatusInProgress {
		return "in progress"
	}
	return string(s)
}

// verb is what a button says that brings a ticket to a status.
func verb(to ticket.Status) string {
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
