package queue

import (
	"encoding/json"
	"strings"

	"helpdesk/domain/ticket"
	"helpdesk/web"
)

// outcomeCookie carries what became of a bulk action to the list after it.
const outcomeCookie = "helpdesk_bulk"

// leftOutcome is a [bulkOutcome] as it fits into a cookie: each message once, and titles
// where there is room.
type leftOutcome struct {
	Verb     string         `json:"v"`
	Messages []string       `json:"m"`
	Rows     [][3]int       `json:"r"` // number, message, 1 where it was done
	Titles   map[int]string `json:"t,omitempty"`
	Undo     string         `json:"u,omitempty"` // with spaces between them
}

// leave keeps what became of a bulk action for the list that is shown next. Where it is
// too long, that says how many there were.
func (s *Section) leave(v *web.Visit, o bulkOutcome) {
	left := leftOutcome{Verb: o.Verb, Undo: strings.Join(o.Undo, " "), Titles: map[int]string{}}
	at := map[string]int{}
	for _, r := range o.Results {
		message, known := at[r.Message]
		if !known {
			message = len(left.Messages)
			at[r.Message] = message
			left.Messages = append(left.Messages, r.Message)
		}
		row := [3]int{int(r.Number), message, 0}
		if r.Done {
			row[2] = 1
		}
		left.Rows = append(left.Rows, row)
		left.Titles[row[0]] = r.Title
	}
	for range 2 { // the second time without titles
		text, err := json.Marshal(left)
		if err == nil && web.Leave(v, outcomeCookie, string(text)) {
			return
		}
		left.Titles = nil
	}
	v.Tell(o.tally() + ".")
}

// left returns what became of the bulk action that led to the list, once.
func (s *Section) left(v *web.Visit) (o bulkOutcome) {
	var left leftOutcome
	if json.Unmarshal([]byte(web.Left(v, outcomeCookie)), &left) != nil { // there is none
		return o
	}
	o = bulkOutcome{Verb: left.Verb, Undo: strings.Fields(left.Undo)}
	for _, row := range left.Rows {
		r := bulkResult{Number: int64(row[0]), Title: left.Titles[row[0]], Message: left.Messages[row[1]], Done: row[2] == 1}
		if r.Title != "" {
			o.Results = append(o.Results, r)
			continue
		}
		if t, err := s.Read.Ticket(v.Context(), v.Actor, ticket.Ref{Number: r.Number}); err == nil {
			r.Title = web.TitleOf(t.Title)
		}
		o.Results = append(o.Results, r)
	}
	return o
}
