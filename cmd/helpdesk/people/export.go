package people

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"helpdesk/cmd/helpdesk/program"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/projections"
	"helpdesk/projections/view"
	"helpdesk/workspace"
)

const exportReadme = `All that this helpdesk holds of a person.

profile.json    who they are
tickets.ndjson  their tickets, each with its public comments, one a line
emails.ndjson  the emails to them and what became of each
sessions.ndjson when they signed in, of sessions that are still open
tokens.ndjson   their API tokens, without the secrets
views.ndjson    the views of the list of tickets that they saved
events.ndjson   every event they caused, or that holds a text of theirs

An event of somebody else's that holds no text of theirs, such as an agent
taking their ticket, is in no file but shows in the tickets.
`

// exportPerson writes the file, whole or not at all, and answers what is in it.
func exportPerson(ctx context.Context, o *program.Operator, account user.Account, path string) (held string, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(path)
		}
	}()
	x := &personExport{Operator: o, account: account, zip: zip.NewWriter(f), read: projections.NewReader(o.Pool), now: time.Now()}
	if err := x.write(ctx); err != nil {
		return "", err
	}
	if err := errors.Join(x.zip.Close(), f.Sync()); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d tickets, %d emails, %d events", x.tickets, x.emails, x.events), nil
}

// personExport is a file under way.
type personExport struct {
	*program.Operator
	account                 user.Account
	zip                     *zip.Writer
	read                    *projections.Reader
	now                     time.Time
	tickets, emails, events int
}

func (x *personExport) write(ctx context.Context) error {
	for _, file := range []struct {
		name string
		fill func(context.Context, io.Writer) error
	}{
		{"README.txt", func(_ context.Context, w io.Writer) error { _, err := io.WriteString(w, exportReadme); return err }},
		{"profile.json", x.writeProfile},
		{"tickets.ndjson", x.writeTickets},
		{"emails.ndjson", x.writeEmails},
		{"sessions.ndjson", x.writeSessions},
		{"tokens.ndjson", x.writeTokens},
		{"views.ndjson", x.writeViews},
		{"events.ndjson", x.writeEvents},
	} {
		w, err := x.zip.CreateHeader(&zip.FileHeader{Name: file.name, Method: zip.Deflate, Modified: x.now})
		if err == nil {
			err = file.fill(ctx, w)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file.name, err)
		}
	}
	return nil
}

func (x *personExport) writeProfile(ctx context.Context, w io.Writer) error {
	profile, err := x.read.User(ctx, x.account.ID)
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(profile)
}

// self is the person as a viewer who sees what is their own.
func (x *personExport) self() domain.Actor {
	return domain.Actor{Kind: domain.ActorUser, ID: x.account.ID, Role: domain.RoleUser}
}

func (x *personExport) writeTickets(ctx context.Context, w io.Writer) error {
	type conversation struct {
		view.Ticket
		Comments []view.Comment `json:"comments"`
	}
	page := projections.Page{Size: 100}
	for {
		filter := projections.TicketFilter{CreatedBy: &x.account.ID, OrderBy: projections.ByCreated}
		slice, err := x.read.Tickets(ctx, x.self(), filter, page)
		if err != nil {
			return err
		}
		for _, t := range slice.Items {
			comments, err := x.read.AllComments(ctx, x.self(), ticket.ID{UUID: t.ID})
			if err != nil {
				return err
			}
			if err := json.NewEncoder(w).Encode(conversation{t, comments}); err != nil {
				return err
			}
			x.tickets++
		}
		if page.Cursor = slice.Next; page.Cursor == nil {
			return nil
		}
	}
}

func (x *personExport) writeEmails(ctx context.Context, w io.Writer) error {
	return x.read.EmailsTo(ctx, x.account.ID, func(e projections.Email) error {
		x.emails++
		return json.NewEncoder(w).Encode(e)
	})
}

func (x *personExport) writeSessions(ctx context.Context, w io.Writer) error {
	open, err := auth.NewSessions(x.Accounts, auth.SessionConfig{Logger: x.Log}).Open(ctx, x.account.ID)
	if err != nil {
		return err
	}
	for _, s := range open {
		if err := json.NewEncoder(w).Encode(s); err != nil {
			return err
		}
	}
	return nil
}

func (x *personExport) writeTokens(ctx context.Context, w io.Writer) error {
	tokens, err := auth.NewTokens(x.Accounts).List(ctx, x.account.ID)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if err := json.NewEncoder(w).Encode(t); err != nil {
			return err
		}
	}
	return nil
}

func (x *personExport) writeViews(ctx context.Context, w io.Writer) error {
	views, err := workspace.NewViews(x.Pool).List(ctx, x.account.ID)
	if err != nil {
		return err
	}
	for _, v := range views {
		if err := json.NewEncoder(w).Encode(v); err != nil {
			return err
		}
	}
	return nil
}

// exportedEvent is an event as a person is shown it.
type exportedEvent struct {
	Position   int64           `json:"position"`
	Stream     string          `json:"stream_type"`
	StreamID   uuid.UUID       `json:"stream_id"`
	Type       string          `json:"type"`
	OccurredAt time.Time       `json:"occurred_at"`
	Data       json.RawMessage `json:"data"`
}

func (x *personExport) writeEvents(ctx context.Context, w io.Writer) error {
	return x.Store.About(ctx, x.account.ID.UUID, func(e eventstore.Envelope) error {
		x.events++
		data, _, err := x.Store.Codec().Plain(e.Event)
		if err != nil {
			return err
		}
		return json.NewEncoder(w).Encode(exportedEvent{e.Position, string(e.StreamType), e.StreamID, e.Type, e.OccurredAt.UTC(), data})
	})
}
