package saga

import (
	"context"
	"errors"

	"helpdesk/commands"
	"helpdesk/internal/batch"
)

// Delivery is a command under way, as its handler sees it. Its error is set by the
// middleware before the message is nacked, for Watermill does not tell a subscriber why.
type Delivery struct {
	claimed
	handOver *batch.Queries[outside, bool]
	err      error
}

type deliveryKey struct{}

// errLost means that the command is not this worker's any more, or was handed over.
var errLost = errors.New("another worker is at the command")

// deliveryOf returns the command that a handler was called for.
func deliveryOf(ctx context.Context) (*Delivery, bool) {
	d, ok := ctx.Value(deliveryKey{}).(*Delivery)
	return d, ok
}

// Request returns what comes with the command; its ID is that of the command, and the
// same each time.
func (d *Delivery) Request() commands.Request {
	return commands.Request{ID: d.ID, CausationID: d.CausationID, CorrelationID: d.CorrelationID}
}

// HandedOver returns the last attempt of which somebody outside may have taken what
// there was to take, this time or before; 0: none.
func (d *Delivery) HandedOver() int { return d.claimed.HandedOver }

// HandOver notes, on disk before it returns, that from now on somebody outside may take
// what attempt brings. Of any number of workers one is let do so, once for each attempt;
// the others get an error.
func (d *Delivery) HandOver(ctx context.Context, attempt int) error {
	let, err := d.handOver.Ask(ctx, outside{d.ID, attempt})
	if err == nil && !let {
		err = errLost
	}
	return err
}
