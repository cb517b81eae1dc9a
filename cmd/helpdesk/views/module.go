// Package views has what people save for themselves: views of the list of
// tickets.
package views

import (
	"context"
	"io"

	"helpdesk/cmd/helpdesk/program"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/workspace"
)

// Module returns saved views.
func Module() program.Module {
	return program.Module{
		Name: "views",
		Export: []program.PersonFile{
			{Name: "views.ndjson", About: "the views of the list of tickets that they saved", Write: export},
		},
		Forget: func(f program.Forgotten) eventstore.InTx { return workspace.Forget(f.ID.UUID) },
	}
}

func export(ctx context.Context, o *program.Operator, account user.Account, w io.Writer) (int, error) {
	views, err := workspace.NewViews(o.Pool).List(ctx, account.ID)
	if err != nil {
		return 0, err
	}
	return program.WriteLines(w, views)
}
