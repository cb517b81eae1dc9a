package reports

import (
	"slices"
	"strings"
)

// commonFacts happen to nearly every ticket: of each of them, what happened in a span
// is found by an index of its own. The others share one.
var commonFacts = []string{factOpened, factAssigned, factStarted, factFirstResponse, factResolved, factClosed}

// moveFacts are the facts that may move a ticket to another status or priority.
var moveFacts = []string{factOpened, factStarted, factResolved, factClosed, factReopened, factReturned, factEscalated,
	factDeleted, factRestored, factPrioritised}

// agentFacts are those that the report on agents counts.
var agentFacts = []string{factAssigned, factFirstResponse, factResolved, factReopened, factEscalated}

// factsOf returns the query of columns of these facts where a condition holds. ?fact
// stands for the fact in both: as a value where its index does not have the column.
func factsOf(facts []string, columns, where string) string {
	arm := func(fact, is string) string {
		return strings.ReplaceAll(`SELECT `+columns+` FROM read.ticket_facts AS f WHERE fact `+is+` AND `+where, "?fact", fact)
	}
	var arms, rare []string
	for _, fact := range facts {
		if slices.Contains(commonFacts, fact) {
			arms = append(arms, arm("'"+fact+"'", "= '"+fact+"'"))
		} else {
			rare = append(rare, fact)
		}
	}
	if rare != nil {
		arms = append(arms, arm("fact", "IN ('"+strings.Join(rare, "', '")+"')"))
	}
	return strings.Join(arms, "\n    UNION ALL\n    ")
}
