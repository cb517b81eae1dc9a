package program

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"

	"helpdesk/eventstore/follow"
	"helpdesk/httpapi"
	"helpdesk/web"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"helpdesk/attachments/blobs"
	"helpdesk/auth"
	"helpdesk/cmd/helpdesk/config"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/inbound"
	"helpdesk/mail"
	"helpdesk/saga"
)

// Module is a feature as the program is put together from it: a line of the
// list in cmd/helpdesk/modules.go. Every member but the name may be left out.
type Module struct {
	// Name is unique among modules.
	Name string
	// Settings points to a struct of the module's settings, whose fields have tags
	// as those of [config.Config]. They are read before anything of the module runs.
	Settings any
	// Check returns an error that is one line and names the variable where the
	// module cannot work with a value.
	Check func(config.Config) error
	// Events are the types of the module's events, of all its aggregates.
	Events []domain.EventType
	// Projections keep tables that can be read and rebuilt.
	Projections []follow.Follower
	// Manager returns the follower of the module's process manager as it is to
	// replay failed events: it wakes nobody.
	Manager func(context.Context, *pgxpool.Pool) (follow.Follower, error)
	// Mailer returns what sends emails, without a mail server to a writer. One
	// module has it.
	Mailer func(config.Config, io.Writer, *slog.Logger) (*mail.Mailer, error)
	// Work returns what the module does in a worker.
	Work func(context.Context, *Worker) (Work, error)
	// Routes returns the module's calls of the API, and Pages its pages of the site.
	Routes func(*Clients) []httpapi.Route
	Pages  func(*Clients) []web.Page
	// Commands returns the module's subcommands of the command line.
	Commands func(Modules) []*cobra.Command
	// Export are the module's files in what a person is handed of their data, and
	// ExportFolders its folders.
	Export        []PersonFile
	ExportFolders []PersonFolder
	// Files returns what finds the uploads that commands attach. One module has it.
	Files func(*pgxpool.Pool, *eventstore.Store) (Files, error)
	// Blobs returns the store of the bytes of files. One module has it.
	Blobs func(*pgxpool.Pool) (blobs.Store, error)
	// Receive takes in a message for the mailbox of a name, and returns its id. One module
	// has it.
	Receive func(ctx context.Context, o *Operator, mailbox string, r io.Reader) (uuid.UUID, error)
	// Beside returns what the module does in the transaction that appends events to a
	// ticket; nil: nothing.
	Beside func(ticket.ID, []domain.Event) eventstore.InTx
	// Stranger returns the id of who wrote from an address that belongs to no account, by
	// which they would have one: [domain.ErrNotFound] where nobody did. One module has it.
	Stranger func(ctx context.Context, o *Operator, address string) (user.ID, error)
	// Aliases returns other ids under whose keys texts of a person are sealed.
	Aliases func(context.Context, *Operator, Forgotten) ([]user.ID, error)
	// Forget removes what is stored of a person outside the log and the
	// projections, in the transaction that destroys their key. It is also run
	// for somebody who is erased already.
	Forget func(Forgotten) eventstore.InTx
}

// Files takes uploads in and finds them, see [commands.App] and [inbound.Files], and has
// their bytes for emails.
type Files interface {
	saga.Files
	mail.Files
	inbound.Files
	Uploaded(ctx context.Context, by domain.UserID, ids []uuid.UUID) ([]ticket.Attachment, error)
}

// Worker is what the work of all modules shares.
type Worker struct {
	Modules   Modules
	Config    config.Config
	Log       *slog.Logger
	Following *pgxpool.Pool // for followers
	Issuing   *pgxpool.Pool // for timers and commands
	Store     *eventstore.Store
	Freshness *follow.Freshness
	Accounts  *auth.Accounts
	Metrics   prometheus.Registerer
	Mailer    *mail.Mailer
	Files     Files
	Notifier  *eventstore.Notifier // wakes when the log has grown
	TimersSet *eventstore.Notifier // wakes whoever fires timers
	Issued    *eventstore.Notifier // wakes whoever carries out commands
}

// Work is what a module does in a worker.
type Work struct {
	// Follower follows the log beside the projections; without a name there is
	// none.
	Follower follow.Follower
	// Handlers carry out the commands of the module's process manager.
	Handlers []saga.Handler
	// Loops run until their context ends.
	Loops []func(context.Context) error
}

// PersonFile is a file of a person's export.
type PersonFile struct {
	// Name is the name of the file, and what it holds in a line.
	Name, About string
	// Of names what is counted in it, such as "tickets"; empty: nothing.
	Of string
	// Write writes the file and returns how many there are in it.
	Write func(context.Context, *Operator, user.Account, io.Writer) (int, error)
}

// PersonFolder is a folder of a person's export.
type PersonFolder struct {
	// Name is the name of the folder, and what it holds in a line.
	Name, About string
	// Write writes its files, one after the other.
	Write func(ctx context.Context, o *Operator, account user.Account, create func(name string) (io.Writer, error)) error
}

// Forgotten is a person who is being erased, or a ticket of which a text is redacted.
type Forgotten struct {
	ID      user.ID     // zero: a ticket's
	Streams []uuid.UUID // all that hold a text of theirs; the ticket
	Words   []string    // by which they may be named
}

// WriteLines writes each of all as a line of JSON and returns how many there are.
func WriteLines[T any](w io.Writer, all []T) (int, error) {
	e := json.NewEncoder(w)
	for i, v := range all {
		if err := e.Encode(v); err != nil {
			return i, err
		}
	}
	return len(all), nil
}
