package people

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"helpdesk/auth"
	"helpdesk/cmd/helpdesk/config"
	"helpdesk/cmd/helpdesk/program"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/edge"
)

func usersCommand(m program.Modules) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "users",
		Short: "List users, invite them, set passwords and roles, deactivate",
		Long: `Lists users and changes what decides whether they can sign in, in the name of the
service. USER is a username, an address or an id.`,
		Args: cobra.NoArgs,
	}
	inactive, active := false, true
	cmd.AddCommand(listUsersCommand(m), setPasswordCommand(m), inviteCommand(m),
		editUserCommand(m, editOf{
			use: "deactivate USER", short: "Keep somebody from signing in, and end their sessions and API tokens",
			done: "is deactivated: their sessions and API tokens are ended",
			edit: func([]string) (user.EditUser, error) { return user.EditUser{Active: &inactive}, nil },
		}),
		editUserCommand(m, editOf{
			use: "reactivate USER", short: "Let somebody sign in again", done: "is active",
			edit: func([]string) (user.EditUser, error) { return user.EditUser{Active: &active}, nil },
		}),
		editUserCommand(m, editOf{
			use: "role USER user|agent|auditor|admin", short: "Give somebody a role, and end their sessions and API tokens",
			done: "has the role now", edit: roleOf,
		}))
	return cmd
}

func listUsersCommand(m program.Modules) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the users, a line each: username, role, active or inactive, address",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return m.Run(cmd.Context(), "users list", func(ctx context.Context, o *program.Operator) error {
				lines := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				err := o.Accounts.Each(ctx, func(a user.Account) error {
					state := "active"
					if !a.Active {
						state = "inactive"
					}
					_, err := fmt.Fprintf(lines, "%s\t%s\t%s\t%s\n", a.Username, a.Role, state, a.Email)
					return err
				})
				if err != nil {
					return err
				}
				return lines.Flush()
			})
		},
	}
}

func setPasswordCommand(m program.Modules) *cobra.Command {
	return &cobra.Command{
		Use:   "set-password USER",
		Short: "Set somebody's password, and end their sessions",
		Long: `Sets somebody's password and ends their sessions. It prompts for the password; without
a terminal, it is the first line of standard input.`,
		Example: "  helpdesk users set-password ann",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return m.Run(cmd.Context(), "users set-password", func(ctx context.Context, o *program.Operator) error {
				account, err := o.Account(ctx, args[0])
				if err != nil {
					return err
				}
				var password string
				if err := program.NewPrompter(os.Stdin, cmd.ErrOrStderr()).Password(&password); err != nil {
					return err
				}
				if err := setPassword(ctx, o, account, password); err != nil {
					return err
				}
				note := ""
				if !account.Active {
					note = " They are not active and still cannot sign in."
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s has a new password: their sessions are ended.%s\n", account.Username, note)
				return err
			})
		},
	}
}

func setPassword(ctx context.Context, o *program.Operator, account user.Account, password string) error {
	if err := auth.CheckStrength(password, account.Username, account.Email); err != nil {
		return err
	}
	hash, err := o.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	change := user.ChangePassword{By: user.By{Actor: domain.System()}, ID: account.ID}
	_, err = commands.NewPeople(o.Store, o.Accounts).ChangePassword(ctx, commands.Request{CorrelationID: "users set-password"}, change, hash, nil)
	return err
}

func inviteCommand(m program.Modules) *cobra.Command {
	return &cobra.Command{
		Use:   "invite USER",
		Short: "Make a link by which somebody sets their password",
		Long: `Prints a link by which somebody sets their password: once, within a day. It is shown
this once, and replaces an earlier one.`,
		Example: "  helpdesk users invite ann",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return m.Run(cmd.Context(), "users invite", func(ctx context.Context, o *program.Operator) error {
				account, err := o.Account(ctx, args[0])
				if err != nil {
					return err
				}
				token, hash := auth.NewLink()
				command := user.MakePasswordLink{By: user.By{Actor: domain.System()}, ID: account.ID, At: time.Now()}
				if _, err := commands.NewPeople(o.Store, o.Accounts).MakePasswordLink(ctx, commands.Request{CorrelationID: "users invite"}, command, hash); err != nil {
					return err
				}
				if o.PublicURL == "" {
					fmt.Fprintln(cmd.ErrOrStderr(), "Put the address of the service before the link, or set HELPDESK_PUBLIC_URL.")
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), edge.PasswordLink(strings.TrimSuffix(o.PublicURL, "/"), token))
				return err
			})
		},
	}
}

// editOf is a command that edits somebody.
type editOf struct {
	use, short string
	done       string // what is printed behind their name
	edit       func(args []string) (user.EditUser, error)
}

func editUserCommand(m program.Modules, e editOf) *cobra.Command {
	return &cobra.Command{
		Use:   e.use,
		Short: e.short,
		Args:  cobra.ExactArgs(strings.Count(e.use, " ")),
		RunE: func(cmd *cobra.Command, args []string) error {
			edit, err := e.edit(args)
			if err != nil {
				return err
			}
			return m.Run(cmd.Context(), "users "+cmd.Name(), func(ctx context.Context, o *program.Operator) error {
				account, err := o.Account(ctx, args[0])
				if err != nil {
					return err
				}
				edit.By, edit.ID = user.By{Actor: domain.System()}, account.ID
				if _, err := commands.NewPeople(o.Store, o.Accounts).Edit(ctx, commands.Request{CorrelationID: "users " + cmd.Name()}, edit); err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s.\n", account.Username, e.done)
				return err
			})
		},
	}
}

// roleOf reads the role from the arguments.
func roleOf(args []string) (user.EditUser, error) {
	role := domain.Role(args[1])
	if !role.Valid() {
		return user.EditUser{}, fmt.Errorf("%q is no role: %w", args[1], config.OneOf(args[1],
			string(domain.RoleUser), string(domain.RoleAgent), string(domain.RoleAuditor), string(domain.RoleAdmin)))
	}
	return user.EditUser{Role: &role}, nil
}
