// Package config reads the settings of the program from its environment.
package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/auth"
	"helpdesk/domain/ticket"
	"helpdesk/edge"
	"helpdesk/keyring"
)

// Config is what can be set of the program itself: what it needs before its
// modules, which have settings of their own. Each member is the environment
// variable of its name with the Prefix HELPDESK_. docs/config.md is made from the
// tags, among which "within" has the bounds of a number.
type Config struct {
	Addr              string     `default:"127.0.0.1:8000" desc:"Address to serve HTTP on, host:port. Port 0 takes a free one."`
	DatabaseURL       string     `split_words:"true" desc:"Postgres to use, as a URL (postgres://user:password@host/database). Empty: an embedded server of its own."`
	DatabaseOwnerURL  string     `split_words:"true" desc:"The same database as its owner, for migrations and rebuilds of projections, so that the service's own login can neither alter nor remove events. Empty: HELPDESK_DATABASE_URL."`
	DatabaseConns     int32      `split_words:"true" within:"4..10000" default:"20" desc:"Most database connections for requests; the followers of the log have some of their own."`
	DataDir           string     `split_words:"true" default:"./var" desc:"Where the embedded Postgres keeps its data, the audit log its key and its checkpoints, and the service its master key."`
	PGBin             string     `split_words:"true" desc:"Folder of the Postgres programs for the embedded server. Empty: looked for, else fetched."`
	MasterKey         string     `split_words:"true" desc:"Key that wraps the keys of people, 32 bytes in base64 (openssl rand -base64 32). Empty: keys/master.key in HELPDESK_DATA_DIR, made at the first start. Without it nobody can read the personal texts of the log again."`
	PublicURL         string     `split_words:"true" desc:"How clients reach the service, for links (https://desk.example.com). Empty: links are without scheme and host; emails link to HELPDESK_ADDR."`
	AgentVisibility   visibility `split_words:"true" default:"queue" desc:"Tickets agents see beside those assigned to or created by them: assigned (none), queue (the unassigned) or all."`
	RateLimit         uint32     `split_words:"true" within:"0|1..1000000" default:"1200" desc:"Calls a minute that one person, or one address without a session, may make. 0 switches every limit off, those of sign-ins and registrations too."`
	RequestTime       Span       `split_words:"true" within:"0|100ms..1m" default:"4.5s" desc:"How long a request may take, after which it gets 503, whatever it waits for; what is sent piece by piece, exports and streams of events, may take longer. 0: as long as it takes."`
	TicketComments    uint32     `split_words:"true" within:"0|1..1000000" default:"2000" desc:"How many comments a ticket takes, removed ones included; one more gets ticket_full. 0: as many as they like."`
	TicketBytes       uint32     `split_words:"true" within:"0|100000..1000000000" default:"4000000" desc:"How long the history of a ticket becomes: the bytes of all texts that it was ever given, and 200 for each event; beyond it is ticket_full. 0: as long as they like."`
	TicketsPerHour    uint32     `split_words:"true" within:"0|1..1000" default:"60" desc:"How many tickets a requester opens within an hour, over all processes; one more gets 429 too_many_tickets. 0: as many as they like, as without a HELPDESK_RATE_LIMIT."`
	CommentsPerHour   uint32     `split_words:"true" within:"0|1..1000" default:"120" desc:"How many comments a requester adds within an hour, over all processes; one more gets 429 too_many_comments. 0: as with HELPDESK_TICKETS_PER_HOUR."`
	TrustedProxies    networks   `split_words:"true" desc:"Addresses and networks of proxies whose X-Forwarded-For is believed, with commas between them (10.0.0.0/8,::1). Empty: none, a request comes from its peer."`
	Argon2Memory      uint32     `split_words:"true" within:"8..4194304" default:"19456" desc:"Memory of one password hash (argon2id), in KiB. A changed cost holds for new passwords at once, for others from their next sign-in."`
	Argon2Iterations  uint32     `split_words:"true" within:"1..100" default:"2" desc:"Passes over that memory."`
	Argon2Parallelism uint8      `split_words:"true" within:"1..255" default:"1" desc:"Lanes of one password hash, each a thread."`
	MetricsAddr       string     `split_words:"true" desc:"Address to serve /metrics on instead of HELPDESK_ADDR."`
	LogLevel          logLevel   `split_words:"true" default:"info" desc:"Least level that is logged: debug, info, warn or error."`
	LogFormat         logFormat  `split_words:"true" default:"text" desc:"Form of the log on standard error: text or json."`
}

// Check returns an error that is one line and names the variable where the
// program cannot run with a value.
func (c Config) Check() error {
	if err := checkAddr(c.Addr); err != nil {
		return NotAllowed("HELPDESK_ADDR", c.Addr, err)
	}
	if err := c.checkMetricsAddr(); err != nil {
		return NotAllowed("HELPDESK_METRICS_ADDR", c.MetricsAddr, err)
	}
	for name, raw := range map[string]string{"HELPDESK_DATABASE_URL": c.DatabaseURL, "HELPDESK_DATABASE_OWNER_URL": c.DatabaseOwnerURL} {
		if raw == "" {
			continue
		}
		if u, err := url.Parse(raw); err != nil || !slices.Contains([]string{"postgres", "postgresql"}, u.Scheme) {
			return fmt.Errorf("%s: not a URL such as postgres://user:password@host/database", name)
		}
		if _, err := pgxpool.ParseConfig(raw); err != nil {
			return fmt.Errorf("%s: %w", name, err) // it masks the password
		}
	}
	if c.DatabaseOwnerURL != "" && c.DatabaseURL == "" {
		return errors.New("HELPDESK_DATABASE_OWNER_URL: needs HELPDESK_DATABASE_URL beside it")
	}
	if err := checkFolder(c.DataDir); err != nil {
		return NotAllowed("HELPDESK_DATA_DIR", c.DataDir, err)
	}
	if err := checkPrograms(c.PGBin); err != nil && c.DatabaseURL == "" {
		return NotAllowed("HELPDESK_PG_BIN", c.PGBin, err)
	}
	if _, err := keyring.ParseMaster(c.MasterKey); c.MasterKey != "" && err != nil {
		return fmt.Errorf("HELPDESK_MASTER_KEY: %w", err) // without the value: it may be a secret cut short
	}
	if err := checkPublicURL(c.PublicURL); err != nil {
		return NotAllowed("HELPDESK_PUBLIC_URL", c.PublicURL, err)
	}
	// RFC 9106 §3.1 asks for 8 KiB a lane.
	if least := 8 * uint32(c.Argon2Parallelism); c.Argon2Memory < least {
		return NotAllowed("HELPDESK_ARGON2_MEMORY", fmt.Sprint(c.Argon2Memory),
			fmt.Errorf("use %d or more for %d lanes (HELPDESK_ARGON2_PARALLELISM)", least, c.Argon2Parallelism))
	}
	return nil
}

// Front makes what the API and the site share. explain is [edge.Config.Explain].
func (c Config) Front(explain func(error) error) (*edge.Front, error) {
	front, err := edge.NewFront(edge.Config{
		PublicURL: c.PublicURL, TrustedProxies: c.TrustedProxies, RateLimit: int(c.RateLimit), RequestTime: time.Duration(c.RequestTime), Explain: explain,
	})
	if err != nil {
		return nil, fmt.Errorf("HELPDESK_PUBLIC_URL: %w", err)
	}
	return front, nil
}

// TicketLimits returns how long tickets may become.
func (c Config) TicketLimits() ticket.Limits {
	return ticket.Limits{Comments: int(c.TicketComments), Bytes: int(c.TicketBytes)}
}

// Hasher makes the hasher of passwords the configuration asks for.
func (c Config) Hasher() (*auth.Hasher, error) {
	return auth.NewHasher(auth.HashConfig{
		MemoryKiB: c.Argon2Memory, Iterations: c.Argon2Iterations, Parallelism: c.Argon2Parallelism,
	})
}

// Logger makes the log the configuration asks for.
func (c Config) Logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.Level(c.LogLevel)}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
