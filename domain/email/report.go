package email

import "helpdesk/domain"

// Delivery is what a report says has become of an email behind the server that took it.
type Delivery string

// The deliveries.
const (
	DeliveryDelayed Delivery = "delayed"
	DeliveryFailed  Delivery = "failed"
	DeliveryDone    Delivery = "delivered" // or passed on to where no report comes from
)

// Report records what a server behind the one that took an email reported of it.
type Report struct {
	By
	Delivery   Delivery
	Status     string // the enhanced status code (RFC 3463); "": none was given
	Diagnostic string // what the server said
}

// report decides on a report. It says nothing of an email that was not sent since it
// was last queued, and after a bounce nothing new.
func report(s State, r Report) ([]domain.Event, error) {
	if !s.Exists {
		return nil, domain.ErrNotFound
	}
	switch s.Status {
	case StatusSent, StatusUncertain, StatusSending, StatusDelayed:
	default:
		return nil, nil
	}
	switch {
	case r.Delivery == DeliveryFailed:
		return []domain.Event{Bounced{Status: r.Status, Diagnostic: r.Diagnostic}}, nil
	case r.Delivery == DeliveryDelayed && s.Status != StatusDelayed:
		return []domain.Event{Delayed{Status: r.Status, Diagnostic: r.Diagnostic}}, nil
	}
	return nil, nil
}

// Reported returns what was reported in words: the code and what the server said.
func Reported(status, diagnostic string) string {
	switch {
	case status == "":
		return diagnostic
	case diagnostic == "":
		return "status " + status
	}
	return status + ": " + diagnostic
}
