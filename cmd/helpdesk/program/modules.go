package program

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"helpdesk/eventstore/follow"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/attachments/blobs"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// Modules are all features of the program, in the order in which they are shown.
type Modules []Module

// Codec returns the codec of all events. keys seal the texts of people; without
// them texts that are sealed stay so.
func (m Modules) Codec(keys eventstore.Keys) *eventstore.Codec {
	var events [][]domain.EventType
	for _, module := range m {
		events = append(events, module.Events)
	}
	return eventstore.NewCodec(keys, events...)
}

// Events returns the types of all events.
func (m Modules) Events() (all []domain.EventType) {
	for _, module := range m {
		all = append(all, module.Events...)
	}
	return all
}

// Projections returns the projections of all modules.
func (m Modules) Projections() []follow.Follower {
	var all []follow.Follower
	for _, module := range m {
		all = append(all, module.Projections...)
	}
	return all
}

// Failing returns all followers that set failed events aside. They do not run:
// what failed is applied under the lock by which running ones take turns.
func (m Modules) Failing(ctx context.Context, pool *pgxpool.Pool, codec *eventstore.Codec, log *slog.Logger) (*follow.Followers, error) {
	all := m.Projections()
	for _, module := range m {
		if module.Manager == nil {
			continue
		}
		follower, err := module.Manager(ctx, pool)
		if err != nil {
			return nil, err
		}
		all = append(all, follower)
	}
	return follow.New(pool, codec, eventstore.NewNotifier(), eventstore.NewNotifier(), follow.Config{Logger: log}, all...), nil
}

// Work returns what every module does in a worker, in one. Its followers are the
// projections and those of the modules' work.
func (m Modules) Work(ctx context.Context, w *Worker) (followers []follow.Follower, all Work, err error) {
	followers = m.Projections()
	for _, module := range m {
		if module.Work == nil {
			continue
		}
		work, err := module.Work(ctx, w)
		if err != nil {
			return nil, all, err
		}
		if work.Follower.Name != "" {
			followers = append(followers, work.Follower)
		}
		all.Handlers = append(all.Handlers, work.Handlers...)
		all.Loops = append(all.Loops, work.Loops...)
	}
	return followers, all, nil
}

// Conns returns how many database connections the followers take: one each, one
// for the convoy and some to look around with.
func (m Modules) Conns() int32 {
	n := len(m.Projections()) + 4
	for _, module := range m {
		if module.Work != nil {
			n++
		}
	}
	return int32(n)
}

// Export returns the files of a person's export.
func (m Modules) Export() []PersonFile {
	var all []PersonFile
	for _, module := range m {
		all = append(all, module.Export...)
	}
	return all
}

// ExportFolders returns the folders of a person's export.
func (m Modules) ExportFolders() []PersonFolder {
	var all []PersonFolder
	for _, module := range m {
		all = append(all, module.ExportFolders...)
	}
	return all
}

// Blobs returns the store of the bytes of files.
func (m Modules) Blobs(pool *pgxpool.Pool) (blobs.Store, error) {
	for _, module := range m {
		if module.Blobs != nil {
			return module.Blobs(pool)
		}
	}
	return nil, errNoFiles
}

var errNoFiles = errors.New("no module has files")

// Receive takes in a message for the mailbox of a name, and returns its id.
func (m Modules) Receive(ctx context.Context, o *Operator, mailbox string, r io.Reader) (uuid.UUID, error) {
	for _, module := range m {
		if module.Receive != nil {
			return module.Receive(ctx, o, mailbox, r)
		}
	}
	return uuid.Nil, errors.New("no module takes messages in")
}

// Beside returns what modules do in the transaction that appends events to a ticket.
func (m Modules) Beside(of ticket.ID, events []domain.Event) eventstore.InTx {
	var all []eventstore.InTx
	for _, module := range m {
		if module.Beside != nil {
			all = append(all, module.Beside(of, events))
		}
	}
	return eventstore.InTurn(all...)
}

// Aliases returns other ids under whose keys texts of a person are sealed.
func (m Modules) Aliases(ctx context.Context, o *Operator, f Forgotten) (all []user.ID, err error) {
	for _, module := range m {
		if module.Aliases == nil {
			continue
		}
		more, err := module.Aliases(ctx, o, f)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// Forget removes what modules store of a person.
func (m Modules) Forget(f Forgotten) eventstore.InTx {
	var all []eventstore.InTx
	for _, module := range m {
		if module.Forget != nil {
			all = append(all, module.Forget(f))
		}
	}
	return eventstore.InTurn(all...)
}
