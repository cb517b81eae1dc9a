package history

import (
	"fmt"

	"helpdesk/domain/email"
	"helpdesk/eventstore"
)

func (t *describer) emailSummary(s email.State, e eventstore.Envelope) string {
	what := fmt.Sprintf("The email to %s (%s)", t.person(s.Recipient), s.Kind)
	switch d := e.Event.(type) {
	case email.Queued:
		return what + " was queued."
	case email.HandedOver:
		return what + " was handed to the mail server."
	case email.Postponed:
		return fmt.Sprintf("%s was not taken and is tried again: %s.", what, d.Error)
	case email.Sent:
		return what + " was sent."
	case email.Failed:
		return fmt.Sprintf("%s was refused: %s.", what, d.Error)
	case email.Doubted:
		return fmt.Sprintf("%s may have been sent or not: %s.", what, d.Error)
	case email.Cancelled:
		return fmt.Sprintf("%s was not sent: %s.", what, d.Reason)
	case email.Digested:
		return what + " is told of in a digest."
	case email.Delayed:
		return fmt.Sprintf("%s is delayed: %s.", what, email.Reported(d.Status, d.Diagnostic))
	case email.Bounced:
		return fmt.Sprintf("%s bounced: %s.", what, email.Reported(d.Status, d.Diagnostic))
	}
	return what + " is to be sent again."
}

// status returns the status of an email, nil when it was never queued.
func status(s email.State) *email.Status {
	if !s.Exists {
		return nil
	}
	return &s.Status
}
