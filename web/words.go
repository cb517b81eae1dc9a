package web

import (
	"cmp"
	"strconv"

	"helpdesk/domain/ticket"
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
