package wire

import (
	"helpdesk/domain/ticket"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
)

// Redaction is how much of a text is to be redacted, and why.
type Redaction struct {
	Reason string              `json:"reason" required:"true" minLength:"1" maxLength:"1000" trim:"true" description:"Why, for the history."`
	All    bind.Optional[bool] `json:"all" description:"true: the whole text, as when neither from nor to is given."`
	From   bind.Optional[int]  `json:"from" minimum:"0" description:"The first character to redact, counted from 0 in the text as it reads now. What is around them stays."`
	To     bind.Optional[int]  `json:"to" minimum:"1" description:"The character behind the last one."`
}

// Span returns the characters to redact, nil for all.
func (r Redaction) Span() (*ticket.Span, error) {
	switch {
	case r.From.Set != r.To.Set:
		return nil, problem.Member("to", "required", "from and to are needed together")
	case r.From.Set && r.All.Value:
		return nil, problem.Member("all", "not_allowed", "give either all, or from and to")
	case !r.From.Set && r.All.Set && !r.All.Value:
		return nil, problem.Member("from", "required", "give either all, or from and to")
	case !r.From.Set:
		return nil, nil
	}
	return &ticket.Span{From: r.From.Value, To: r.To.Value}, nil
}
