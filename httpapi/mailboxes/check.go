package mailboxes

import (
	"context"
	"fmt"

	"helpdesk/httpapi"
)

// Checked is what a look at a mailbox on its server found.
type Checked struct {
	OK       bool   `json:"ok" required:"true"`
	Detail   string `json:"detail" required:"true" description:"What is wrong, or how many messages the folder has."`
	Messages int    `json:"messages" required:"true" description:"How many messages the folder has; 0 where that is not known."`
}

// Example is the body, or the answer, as the document shows it.
func (Checked) Example() string {
	return `{"ok": true, "detail": "The folder has 12 messages.", "messages": 12}`
}

func (r Resource) check(ctx context.Context, c *httpapi.Call, in Path) (Checked, error) {
	if err := mayConfigure(c); err != nil {
		return Checked{}, err
	}
	id, err := in.id()
	if err != nil {
		return Checked{}, err
	}
	m, err := r.Read.Mailbox(ctx, id)
	if err != nil {
		return Checked{}, err
	}
	if imapOf(m) == nil {
		return Checked{Detail: "The mailbox has no server (imap) that messages are fetched from."}, nil
	}
	if !m.IsActive {
		return Checked{Detail: "The mailbox is archived."}, nil
	}
	messages, err := r.Check(ctx, id)
	if err != nil {
		return Checked{Detail: err.Error()}, ctx.Err()
	}
	return Checked{OK: true, Detail: fmt.Sprintf("The folder has %d messages.", messages), Messages: int(messages)}, nil
}
