package program

import (
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/auth"
	"helpdesk/cmd/helpdesk/config"
	"helpdesk/commands"
	"helpdesk/edge"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/httpapi"
	"helpdesk/httpapi/events"
	"helpdesk/rebuild"
	"helpdesk/web"
)

// Clients is what the routes and pages of all modules share.
type Clients struct {
	Modules   Modules
	Config    config.Config
	Log       *slog.Logger
	Pool      *pgxpool.Pool
	Store     *eventstore.Store
	Notifier  *eventstore.Notifier // wakes when the log has grown
	Freshness *follow.Freshness
	Rebuilds  *rebuild.Projections
	App       *commands.App
	Accounts  *auth.Accounts
	Sessions  *auth.Sessions
	Tokens    *auth.Tokens
	Passwords *auth.Hasher
	Access    *commands.Access
	Front     *edge.Front
	Streams   *events.Streams // event streams that are open
}

// Files returns what finds the uploads that commands attach.
func (m Modules) Files(pool *pgxpool.Pool, log *eventstore.Store) (Files, error) {
	for _, module := range m {
		if module.Files != nil {
			return module.Files(pool, log)
		}
	}
	return nil, errNoFiles
}

// Routes returns the calls of the API, of all modules.
func (m Modules) Routes(c *Clients) []httpapi.Route {
	var all []httpapi.Route
	for _, module := range m {
		if module.Routes != nil {
			all = append(all, module.Routes(c)...)
		}
	}
	return all
}

// Pages returns the pages of the site, of all modules.
func (m Modules) Pages(c *Clients) []web.Page {
	var all []web.Page
	for _, module := range m {
		if module.Pages != nil {
			all = append(all, module.Pages(c)...)
		}
	}
	return all
}
