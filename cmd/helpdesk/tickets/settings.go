package tickets

import "helpdesk/domain/ticket"

// settings are what comments do.
type settings struct {
	ReopenOnReply bool `split_words:"true" default:"true" desc:"Whether a public comment of the requester reopens a resolved ticket."`
}

// reopens returns the statuses in which a comment of the requester reopens a ticket.
func (s *settings) reopens() []ticket.Status {
	if !s.ReopenOnReply {
		return nil
	}
	return []ticket.Status{ticket.StatusResolved}
}
