package people

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"helpdesk/auth"
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/user"
	"helpdesk/eventstore/follow"
	"helpdesk/projections/people"
)

// Module returns people: their accounts, sessions and API tokens.
func Module() program.Module {
	s := &settings{}
	return program.Module{
		Name:        "people",
		Settings:    s,
		Check:       s.check,
		Events:      append(user.Events(), access.Events()...),
		Projections: []follow.Follower{people.Follower()},
		Routes:      routes,
		Pages:       pages,
		Commands: func(m program.Modules) []*cobra.Command {
			return []*cobra.Command{command(m), usersCommand(m), superuserCommand(m, s)}
		},
		Export: []program.PersonFile{
			{Name: "profile.json", About: "who they are", Write: writeProfile},
			{Name: "sessions.ndjson", About: "when they signed in, of sessions that are still open", Write: writeSessions},
			{Name: "tokens.ndjson", About: "their API tokens, without the secrets", Write: writeTokens},
		},
	}
}

func writeProfile(ctx context.Context, o *program.Operator, account user.Account, w io.Writer) (int, error) {
	profile, err := people.NewReader(o.Pool).User(ctx, account.ID)
	if errors.Is(err, domain.ErrNotFound) { // they have no account
		return 1, json.NewEncoder(w).Encode(map[string]string{"email": account.Email})
	}
	if err != nil {
		return 0, err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return 1, e.Encode(profile)
}

func writeSessions(ctx context.Context, o *program.Operator, account user.Account, w io.Writer) (int, error) {
	open, err := auth.NewSessions(o.Accounts, auth.SessionConfig{Logger: o.Log}).Open(ctx, account.ID)
	if err != nil {
		return 0, err
	}
	return program.WriteLines(w, open)
}

func writeTokens(ctx context.Context, o *program.Operator, account user.Account, w io.Writer) (int, error) {
	tokens, err := auth.NewTokens(o.Accounts).List(ctx, account.ID)
	if err != nil {
		return 0, err
	}
	return program.WriteLines(w, tokens)
}
