package eml

import (
	"strings"

	"github.com/emersion/go-msgauth/authres"
)

// Proven reports whether the receiver that calls itself authserv says in its topmost
// Authentication-Results that the one author is who they say (RFC 8601, RFC 7489): DMARC
// passed, for the domain of their address. A message of several authors is nobody's.
func (h Header) Proven(authserv string) bool {
	all, authors := h.raw("Authentication-Results"), h.addresses("From")
	if authserv == "" || len(all) == 0 || len(h.raw("From")) != 1 || len(authors) != 1 {
		return false
	}
	field, ok := uncommented(all[0])
	if !ok {
		return false
	}
	by, results, err := authres.Parse(field)
	if err != nil || !strings.EqualFold(by, authserv) {
		return false
	}
	var dmarc []*authres.DMARCResult
	for _, r := range results {
		if d, ok := r.(*authres.DMARCResult); ok {
			dmarc = append(dmarc, d)
		}
	}
	_, domain, _ := strings.Cut(authors[0].Address, "@")
	return len(dmarc) == 1 && dmarc[0].Value == authres.ResultPass && domain != "" && strings.EqualFold(dmarc[0].From, domain)
}

// uncommented returns a structured field without its comments, and without what could be
// taken for its structure within quoted strings (RFC 5322 §3.2): senders choose what stands
// in both. It is not ok where one of them does not end.
func uncommented(field string) (plain string, ok bool) {
	var b strings.Builder
	depth, quoted, escaped := 0, false, false
	for _, r := range field {
		switch {
		case escaped:
			escaped = false
		case r == '\\' && (quoted || depth > 0):
			escaped = true
		case quoted:
			quoted = r != '"'
		case r == '(':
			depth++
		case depth > 0 && r == ')':
			depth--
			b.WriteByte(' ')
		case depth > 0:
		case r == '"':
			quoted = true
			b.WriteByte('_') // it stands for all that is quoted
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), depth == 0 && !quoted
}
