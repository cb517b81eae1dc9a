package people

import (
	"context"
	"errors"
	"fmt"
	"os"

	"helpdesk/cmd/helpdesk/program"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
)

func superuserCommand(m program.Modules, s *settings) *cobra.Command {
	var username, email string
	cmd := &cobra.Command{
		Use:   "createsuperuser",
		Short: "Create an admin",
		Long: `Creates an admin. It prompts for the password; without a terminal, the password is
HELPDESK_SUPERUSER_PASSWORD or the first line of standard input.

It works whether or not the service is running.`,
		Example: "  helpdesk createsuperuser --username alice --email alice@example.com",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return m.Run(cmd.Context(), cmd.Name(), func(ctx context.Context, o *program.Operator) error {
				ask := program.NewPrompter(os.Stdin, cmd.ErrOrStderr())
				register := user.Register{By: user.By{Actor: domain.System()}, Username: username, Email: email, Role: domain.RoleAdmin}
				if err := ask.Line("Username: ", &register.Username); err != nil {
					return err
				}
				if err := ask.Line("Email address: ", &register.Email); err != nil {
					return err
				}
				if _, err := user.Decide(user.State{}, register); err != nil {
					return err // before anybody types a password
				}
				password := s.SuperuserPassword
				if err := ask.Password(&password); errors.Is(err, program.ErrNoPassword) {
					return fmt.Errorf("%w or in HELPDESK_SUPERUSER_PASSWORD", err)
				} else if err != nil {
					return err
				}
				if err := createSuperuser(ctx, o, register, password); err != nil {
					return err
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s is an admin now.\n", register.Username)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&username, "username", "", "username to sign in with")
	cmd.Flags().StringVar(&email, "email", "", "email address")
	return cmd
}

// createSuperuser registers an admin in the name of the service.
func createSuperuser(ctx context.Context, o *program.Operator, register user.Register, password string) error {
	if err := auth.CheckStrength(password, register.Username, register.Email); err != nil {
		return err
	}
	hash, err := o.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id: %w", err)
	}
	r := commands.Request{CorrelationID: "createsuperuser"}
	_, err = commands.NewPeople(o.Store, o.Accounts).Register(ctx, r, user.ID{UUID: id}, register, hash)
	return err
}
