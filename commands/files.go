package commands

import (
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
)

// Bring takes in a file that somebody brought, see [attachments.Files.Take]. That malware was
// found in it is recorded in their history.
func (a *App) Bring(ctx context.Context, r Request, by domain.Actor, name, declared string, file io.Reader) (ticket.Attachment, error) {
	taken, err := a.Files.Take(ctx, uuid.Must(uuid.NewV7()), by.ID, name, declared, file)
	infected, found := errors.AsType[ticket.Infected](err)
	if !found {
		return taken, err
	}
	_, unrecorded := a.People.RefuseFile(ctx, r, user.RefuseFile{By: user.By{Actor: by}, Filename: ticket.Filename(name), Malware: infected.Malware})
	if unrecorded != nil {
		return taken, unrecorded
	}
	return taken, err
}
