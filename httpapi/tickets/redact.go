package tickets

import (
	"context"

	"helpdesk/domain/ticket"
	"helpdesk/httpapi"
	"helpdesk/httpapi/wire"
)

// TicketRedaction is the body that redacts a text of a ticket.
type TicketRedaction struct {
	TicketPath
	Field ticket.Field `json:"field" required:"true" enum:"title,description"`
	wire.Redaction
}

// Example is the body, or the answer, as the document shows it.
func (TicketRedaction) Example() string {
	return `{"field": "description", "reason": "It names a salary."}`
}

func (r Resource) redact(ctx context.Context, c *httpapi.Call, in TicketRedaction) (wire.TicketWithFiles, error) {
	span, err := in.Span()
	if err != nil {
		return wire.TicketWithFiles{}, err
	}
	return r.change(ctx, c, in.TicketPath, ticket.RedactText{
		By: ticket.By{Actor: c.Actor}, Subject: ticket.Subject{Field: in.Field}, Span: span, Reason: in.Reason,
	})
}
